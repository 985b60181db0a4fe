"""`python -m local_aws run`."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.replay.commands import MACHINES, started

ORDER, RESULTS = MACHINES / "order.json", MACHINES / "order_results.json"


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return written(tmp_path / "input.json", {"order": "A1"})


def written(file: Path, content: Any) -> Path:
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def run(given: Path, *more: str | Path, definition: Path = ORDER) -> int:
    return started("run", "--definition", definition, "--input", given, *more)


def test_an_execution_is_one_json_object(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(given, "--task-results", RESULTS, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"status", "output", "error", "cause", "events"}
    assert (told["status"], told["error"], told["cause"]) == ("SUCCEEDED", None, None)
    assert told["output"] == [{"order": "A1"}, {"MessageId": "1"}]
    first = {"id": 1, "previous": 0, "type": "ExecutionStarted", "input": {"order": "A1"}}
    assert told["events"][0] == {**first, "timestamp": "2024-01-01T00:00:00Z"}
    assert [event["error"] for event in told["events"] if event["type"] == "TaskFailed"] == ["SQS.Busy"]


def test_what_runs_side_by_side_takes_as_long_as_the_longest(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(given, "--task-results", RESULTS, "--json")
    events = json.loads(capsys.readouterr().out)["events"]
    moments = {event["type"]: datetime.fromisoformat(event["timestamp"]) for event in events}
    passed = moments["ExecutionSucceeded"] - moments["ExecutionStarted"]
    took = moments["TaskSucceeded"] - moments["TaskStarted"]
    assert (passed.total_seconds(), took.total_seconds()) == (10, 3)


def test_the_same_seed_gives_the_same_bytes(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for seed in ("1", "1", "2"):
        run(given, "--task-results", RESULTS, "--json", "--seed", seed)
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert told[0] != told[2]


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        ({"throws": {"error": "Lost", "cause": "in the post"}}, "FAILED", "Lost"),
        ({"seconds": 21, "returns": {}}, "FAILED", "States.Timeout"),
        ({"timed_out": True}, "FAILED", "States.Timeout"),
    ],
)
def test_an_execution_that_fails_exits_with_1(
    given: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    result: dict[str, Any],
    status: str,
    error: str,
) -> None:
    results = written(tmp_path / "results.json", [{"state": "Send", **result}])
    assert run(given, "--task-results", results, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["error"], told["output"]) == (status, error, None)


def test_the_time_limit_of_the_execution_ends_it(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = json.loads(ORDER.read_text(encoding="utf-8")) | {"TimeoutSeconds": 5}
    assert run(given, "--task-results", RESULTS, "--json", definition=written(tmp_path / "m", machine)) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["error"]) == ("TIMED_OUT", None)
    assert told["events"][-1]["type"] == "ExecutionTimedOut"
    assert told["events"][-1]["timestamp"] == "2024-01-01T00:00:05Z"


def test_a_task_without_a_result_says_what_to_add(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = written(tmp_path / "results.json", json.loads(RESULTS.read_text(encoding="utf-8"))[:1])
    assert run(given, "--task-results", results) == 2
    told = capsys.readouterr()
    assert "attempt 2 of the task Send" in told.err
    assert '{"state":"Send","returns":{}}' in told.err
    assert str(results) in told.err
    assert told.out == ""


def test_every_fault_of_a_definition_is_told_with_its_path(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, definition=MACHINES / "faulty.json") == 2
    told = capsys.readouterr().err
    for path in ("/States/First/Next", "/States/Second", "/States/Second/Resource"):
        assert f" at {path}\n" in told


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ({"task_results": 1}, "no list"),
        ([{"returns": 1}], "entry 1 has no state"),
        ([{"state": "Send"}], "entry 1 (Send) neither returns nor throws"),
        ([{"state": "Send", "throws": "Lost"}], "throws of entry 1 (Send) is not an object"),
        ([{"state": "Send", "throws": {"error": 5}}], "throws of entry 1 (Send) is not an object"),
        ([{"state": "Send", "returns": 1, "seconds": "1"}], "seconds of entry 1 (Send) is not a number"),
        ([{"state": "Send", "returns": 1, "iteration": [[0]]}], "iteration of entry 1 (Send) is not"),
        ({"task_results": [], "s3_objects": [{"bucket": "b"}]}, "no list of bucket, key and body"),
    ],
)
def test_task_results_that_are_none_are_refused(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], results: Any, found: str
) -> None:
    assert run(given, "--task-results", written(tmp_path / "results.json", results)) == 2
    assert found in capsys.readouterr().err


def test_what_cannot_be_read_is_named(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    assert run(given, definition=broken) == 2
    assert "broken.json cannot be read\n  found: not JSON" in capsys.readouterr().err
    assert run(tmp_path / "missing.json") == 2
    assert "missing.json cannot be read" in capsys.readouterr().err


def test_the_input_may_come_from_another_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"order": "B2"}'))
    assert started("run", "--definition", ORDER, "--input", "-", "--task-results", RESULTS, "--json") == 0
    assert json.loads(capsys.readouterr().out)["output"][0] == {"order": "B2"}


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_text_that_no_terminal_has_a_character_for_is_shown_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    given = written(tmp_path / "input.json", {"order": "\ud800"})
    assert run(given, "--task-results", RESULTS, *option) == 0
    assert r"\ud800" in capsys.readouterr().out


def test_a_person_sees_the_events_and_the_end(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(given, "--task-results", RESULTS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[1:4] == ["10.000", "WaitStateExited", "Hold"] for line in lines)
    assert "SUCCEEDED" in lines
