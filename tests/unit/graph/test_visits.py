"""An execution drawn over its machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from local_aws import __main__ as command_line
from local_aws.graph.chart import chart_of
from local_aws.graph.mermaid import mermaid_of
from local_aws.graph.svg import svg_of
from local_aws.graph.visits import Execution, Outcome, Visit, execution_of
from local_aws.graph.words import about_visit, duration
from local_aws.replay.execution import run

HOUSE = Path(__file__).parents[3]
VISITED = Path(__file__).with_name("visited.json")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    slow = {"state": "TryHard", "throws": {"error": "Slow"}}
    definition = json.loads(VISITED.read_text())
    outcome = run({"definition": definition, "input": {"items": [1, 2, 3]}, "task_results": [slow] * 3})
    assert (outcome.status, outcome.error) == ("FAILED", "Broken")
    return outcome.events


@pytest.fixture(scope="module")
def execution(events: list[dict[str, Any]]) -> Execution:
    return execution_of(events)


def test_an_execution_has_its_status_its_error_and_how_long_it_took(execution: Execution) -> None:
    assert (execution.status, execution.error, execution.seconds) == ("FAILED", "Broken", 28)


def test_a_state_says_how_often_it_was_entered_and_tried_again_how_it_ended_and_for_how_long(
    execution: Execution,
) -> None:
    assert execution.visits == {
        "TryHard": Visit(Outcome.CAUGHT, 1, 2, 20),
        "Spread": Visit(Outcome.SUCCEEDED, 1, 0, 3),
        "Rest": Visit(Outcome.SUCCEEDED, 3, 0, 6),
        "Both": Visit(Outcome.FAILED, 1, 0, 5),
        "Linger": Visit(Outcome.ABORTED, 1, 0, 5),
        "Hurry": Visit(Outcome.SUCCEEDED, 1, 0, 5),
        "Break": Visit(Outcome.FAILED, 1, 0, 0),
    }


def test_a_way_that_was_taken_is_told_from_others_between_the_same_states(execution: Execution) -> None:
    assert execution.steps == {
        ("TryHard", "Spread", True),
        ("Spread", "Both", False),
        ("Hurry", "Break", False),
    }


def test_an_execution_under_way_is_in_the_states_that_it_has_entered(events: list[dict[str, Any]]) -> None:
    waiting = next(at for at, event in enumerate(events) if event["type"] == "WaitStateEntered")
    execution = execution_of(events[: waiting + 1])
    assert execution.status == "RUNNING"
    assert {name: visit.outcome for name, visit in execution.visits.items()} == {
        "TryHard": Outcome.CAUGHT,
        "Spread": Outcome.RUNNING,
        "Rest": Outcome.RUNNING,
    }


def test_the_picture_tells_visited_failed_retried_and_durations(execution: Execution) -> None:
    root = ElementTree.fromstring(  # noqa: S314 - our own text
        svg_of(chart_of(json.loads(VISITED.read_text())), "Visited", execution)
    )
    groups = {(group.findtext(f"{SVG}title") or "").split("\n")[0]: group for group in root.iter(f"{SVG}g")}
    classes = {title: group.get("class") for title, group in groups.items()}
    assert classes["TryHard (Task sqs:sendMessage)"] == "state caught"
    assert classes["Both (Parallel)"] == classes["Break (Fail)"] == "state failed"
    assert classes["Linger (Wait)"] == "state aborted"
    assert classes["NeverReached (Pass)"] == "state unvisited"
    assert classes["TryHard to Spread on any error"] == "way catch main"
    assert classes["TryHard to NeverReached"] == "way"
    texts = [text.text for text in groups["TryHard (Task sqs:sendMessage)"].iter(f"{SVG}text")]
    assert "caught, 2 retries, 20 s" in texts
    assert (root.findtext(f"{SVG}desc") or "").endswith("FAILED with Broken after 28 s, in 7 of them.")


def test_mermaid_tells_the_same(execution: Execution) -> None:
    text = mermaid_of(chart_of(json.loads(VISITED.read_text())), "Visited", execution)
    ids = {name: number for number, name in re.findall(r'(s\d+)\["(\w+)', text)}
    assert '["TryHard<br/>caught, 2 retries, 20 s"]' in text
    assert f"class {ids['TryHard']} caught\n" in text
    assert f"class {ids['NeverReached']} unvisited\n" in text
    assert f'{ids["TryHard"]} ==>|"any error"| {ids["Spread"]}' in text
    assert f"{ids['TryHard']} --> {ids['NeverReached']}" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0 s"), (0.44, "0.4 s"), (75.4, "75 s"), (720, "12 min"), (12_600, "3.5 h")],
)
def test_a_duration_is_as_exact_as_one_wants_to_know(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_success_goes_without_saying() -> None:
    assert about_visit(Visit(Outcome.SUCCEEDED, 2, 1, 3.0)) == "2 times, 1 retry, 3 s"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def draw(definition: Path, execution: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(
            "sys.argv",
            ["local_aws", "graph", str(definition), "--execution", str(execution), "--format", "mermaid"],
        )
        code = command_line.main()
        return (code, *capsys.readouterr())

    return draw


@pytest.mark.parametrize("told", [datetime.isoformat, datetime.timestamp])  # by version 2, by version 1
def test_a_history_saved_by_the_aws_cli_is_drawn(
    told: Callable[[datetime], object],
    tmp_path: Path,
    events: list[dict[str, Any]],
    execution: Execution,
    drawn: Any,
) -> None:
    saved = tmp_path / "history.json"
    saved.write_text(json.dumps({"events": events}, default=told))
    text = mermaid_of(chart_of(json.loads(VISITED.read_text())), "State machine visited", execution)
    assert drawn(VISITED, saved) == (0, text, "")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "No such file"),
        ("{", "is not JSON"),
        ("{}", "holds no history"),
        ('{"events": [{"id": 1, "type": "ExecutionStarted"}]}', "an id, a type and a timestamp"),
        (
            '{"events": [{"id": 1, "type": "PassStateEntered", "timestamp": "2024-01-01T00:00:00Z", '
            '"stateEnteredEventDetails": {"name": "Elsewhere"}}]}',
            "the state Elsewhere, which the machine has not",
        ),
    ],
)
def test_what_is_no_execution_of_the_machine_is_refused(
    content: str | None, found: str, tmp_path: Path, drawn: Any
) -> None:
    file = tmp_path / "history.json"
    if content is not None:
        file.write_text(content)
    code, out, error = drawn(VISITED, file)
    assert (code, out) == (2, "")
    assert found in error
    assert "\n  do:    name " in error


def test_the_picture_of_an_execution_of_the_machine_is_of_the_definition_as_it_is() -> None:
    main, given = HOUSE / "step_functions" / "MainStepFn.json", HOUSE / "imgs" / "executed"
    case = {"definition": main} | {name: given / f"{name}.json" for name in ("input", "task_results")}
    outcome = run({name: json.loads(file.read_text()) for name, file in case.items()})
    execution = execution_of(outcome.events)
    assert execution.error == "ValidationError"
    assert execution.visits["ValidateFile"].retries == 1
    assert execution.visits["ProcessTasksInParallel"].outcome is Outcome.CAUGHT
    drawn = (HOUSE / "imgs" / "executed.svg").read_text(encoding="utf-8")
    assert drawn == svg_of(chart_of(json.loads(main.read_text())), "State machine MainStepFn", execution), (
        "imgs/executed.svg is of another definition: imgs/README.md has the commands"
    )
