"""The scenarios for Step Functions Local, checked on our own engine; and the script, without Docker."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from local_aws.replay.execution import Outcome
from local_aws.replay.execution import run as run_case
from mayfly.checking.validate import lacking, linted, uncommented
from mayfly.console import CommandError
from mayfly.local import step_functions_local, step_functions_mocks
from mayfly.local.step_functions_local import difference, main
from mayfly.local.step_functions_mocks import (
    ASL,
    FOLDER,
    MACHINE,
    SCENARIOS,
    generate,
    read,
    scenario,
    substituted,
)
from mayfly.template import ORDERS, ROOT, load

GENERATED = generate()


def results(mocks: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a scenario's mocked answers one by one, as our engine takes them."""
    found = []
    for state, response in mocks["StateMachines"][MACHINE]["TestCases"][name].items():
        for number, (indexes, answer) in enumerate(mocks["MockedResponses"][response].items()):
            first, _, last = indexes.partition("-")
            assert int(first) == 0 or number, "the first invocation has the index 0"
            result = (
                {"returns": answer["Return"]}
                if "Return" in answer
                else {"throws": {"error": answer["Throw"]["Error"], "cause": answer["Throw"]["Cause"]}}
            )
            found += [{"state": state, **result}] * (int(last or first) - int(first) + 1)
    return found


def on_our_engine(definition: dict[str, Any], answers: list[dict[str, Any]]) -> Outcome:
    """Run a scenario on our own engine; an invocation without an answer of its own raises LookupError."""
    case = {"definition": definition, "input": read(FOLDER / "input.json"), "task_results": answers}
    return run_case(case)


class OurEngine:
    """Step Functions Local as far as the script asks it, with our own engine in it."""

    def __init__(self, mocks: dict[str, Any]) -> None:
        self.mocks = mocks
        self.outcomes: dict[str, Outcome] = {}
        self.definition: dict[str, Any] = {}

    def create_state_machine(self, **request: str) -> dict[str, str]:
        self.definition = json.loads(request["definition"])
        return {"stateMachineArn": f"machine:{request['name']}"}

    def start_execution(self, **request: str) -> dict[str, str]:
        machine, _, case = request["stateMachineArn"].partition("#")
        assert machine == f"machine:{MACHINE}"
        assert json.loads(request["input"]) == read(FOLDER / "input.json")
        self.outcomes[f"execution:{case}"] = on_our_engine(self.definition, results(self.mocks, case))
        return {"executionArn": f"execution:{case}"}

    def describe_execution(self, **request: str) -> dict[str, str]:
        return {"status": self.outcomes[request["executionArn"]].status}

    def get_paginator(self, operation: str) -> OurEngine:
        assert operation == "get_execution_history"
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        events = self.outcomes[request["executionArn"]].events
        return [{"events": events[:7]}, {"events": events[7:]}]


class Refusing(OurEngine):
    """A Step Functions Local that does not know something in the definition."""

    def create_state_machine(self, **_: str) -> dict[str, str]:
        error = {"Error": {"Code": "InvalidDefinition", "Message": "SCHEMA_VALIDATION_FAILED"}}
        raise ClientError(error, "CreateStateMachine")  # type: ignore[arg-type]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a docker on the PATH that does everything at once; return the file that its calls are noted in."""
    noted = tmp_path / "calls"
    put_docker(tmp_path, monkeypatch, f'echo "$*" >>"{noted}"')
    monkeypatch.setattr(step_functions_local, "GENERATED", tmp_path / "generated")
    return noted


def put_docker(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Make `body` the docker command, and the only one there is."""
    docker = folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\n{body}\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the scenarios' folder that the script reads instead."""
    folder = tmp_path / "step_functions_local"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(step_functions_mocks, "ROOT", tmp_path)
    monkeypatch.setattr(step_functions_mocks, "FOLDER", folder)
    monkeypatch.setattr(step_functions_mocks, "REPLACEMENTS", folder / "replacements.json")
    return folder


def change(path: Path, key: str, value: Any) -> None:
    """Set, or with None remove, a key of a JSON file."""
    content = read(path)
    content.pop(key, None)
    path.write_text(json.dumps(content | ({} if value is None else {key: value})))


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_scenario_expects_is_what_our_engine_does(name: str) -> None:
    outcome = on_our_engine(GENERATED.definition, results(GENERATED.mocks, name))
    expects = scenario(name)["expects"]
    assert difference(GENERATED.definition, expects, outcome.status, outcome.events) is None


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_machine_as_it_is_does_the_same_as_the_one_without_jsonata(name: str) -> None:
    answers = results(GENERATED.mocks, name)
    theirs, ours = on_our_engine(GENERATED.definition, answers), on_our_engine(substituted(ASL), answers)
    assert (theirs.status, theirs.error, theirs.cause) == (ours.status, ours.error, ours.cause)
    assert theirs.output == ours.output
    assert [event["type"] for event in theirs.events] == [event["type"] for event in ours.events]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_answer_that_a_scenario_gives_is_asked_for(name: str) -> None:
    answers = results(GENERATED.mocks, name)
    for state in scenario(name)["answers"]:
        last = max(number for number, answer in enumerate(answers) if answer["state"] == state)
        with pytest.raises(LookupError, match=state):
            on_our_engine(GENERATED.definition, answers[:last] + answers[last + 1 :])


def test_a_difference_is_named() -> None:
    outcome = on_our_engine(GENERATED.definition, results(GENERATED.mocks, "FileRejected"))
    expects = scenario("FileRejected")["expects"]

    def found(**changed: Any) -> str | None:
        return difference(GENERATED.definition, expects | changed, outcome.status, outcome.events)

    assert found(status="SUCCEEDED") == "status: expected SUCCEEDED, found FAILED"
    assert found(error="ConfigurationError") == "error: expected ConfigurationError, found ValidationError"
    without = [state for state in expects["states"] if state != "ClassifyValidatorFailure"]
    assert found(states=without) == (
        "states: expected RunValidator -> ValidatorRejectedFile, "
        "found RunValidator -> ClassifyValidatorFailure -> ValidatorRejectedFile"
    )
    never = [state for state in expects["states"] if state != "StopTask"]
    assert found(states=never) == "states: expected none, found StopTask"


def test_branches_may_run_in_any_order_but_not_the_states_of_one() -> None:
    expects = scenario("FileProcessed")["expects"]
    outcome = on_our_engine(GENERATED.definition, results(GENERATED.mocks, "FileProcessed"))

    def found(first: str, second: str) -> str | None:
        swapped = {first: second, second: first}
        states = [swapped.get(state, state) for state in expects["states"]]
        return difference(GENERATED.definition, expects | {"states": states}, outcome.status, outcome.events)

    assert found("RunValidator", "RunTransformer") is None
    assert found("ArchiveFile", "DeleteSourceFile") is not None


def test_what_another_branch_s_failure_stops_may_be_seen_or_not() -> None:
    expects = scenario("FileRejected")["expects"]
    outcome = on_our_engine(GENERATED.definition, results(GENERATED.mocks, "FileRejected"))

    def without(state: str) -> str | None:
        events = [
            event
            for event in outcome.events
            if event.get("stateEnteredEventDetails", {}).get("name") != state
        ]
        assert len(events) == len(outcome.events) - 1
        return difference(GENERATED.definition, expects, outcome.status, events)

    assert without("RunTransformer") is None
    assert without("RegisterValidatorTask") is not None


def test_the_generated_definition_is_valid_and_knows_jsonpath_only(tmp_path: Path) -> None:
    GENERATED.write(tmp_path)
    text = (tmp_path / f"{MACHINE}.json").read_text(encoding="utf-8")
    assert GENERATED.replaced == ["DescribeKey"]
    assert not [sign for sign in ('"QueryLanguage"', "{%", "${") if sign in text]
    assert [*linted(text), *lacking(text)] == []
    assert list(uncommented(json.loads(text))) == []


def test_only_the_jsonata_differs_from_the_machine_that_is_deployed() -> None:
    theirs, ours = GENERATED.definition["States"], substituted(ASL)["States"]
    assert [name for name in ours if ours[name] != theirs[name]] == GENERATED.replaced
    assert list(theirs) == list(ours)


def test_the_machine_has_the_name_that_the_template_gives_it() -> None:
    name = load(ORDERS)["Resources"]["StateMachine"]["Properties"]["StateMachineName"]
    assert name == {"Fn::Sub": f"{MACHINE}${{Suffix}}"}


def test_the_same_scenarios_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("once", "again"):
        assert main(["--generate-only", str(tmp_path / folder)]) == 0
    for name in (f"{MACHINE}.json", "MockConfigFile.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert read(tmp_path / "once" / "MockConfigFile.json") == GENERATED.mocks


def test_only_the_scenarios_asked_for_are_generated(tmp_path: Path) -> None:
    main(["--generate-only", str(tmp_path), "--scenario", "DuplicateEvent", "FileProcessed"])
    mocks = read(tmp_path / "MockConfigFile.json")
    assert set(mocks["StateMachines"][MACHINE]["TestCases"]) == {"DuplicateEvent", "FileProcessed"}
    assert not [name for name in mocks["MockedResponses"] if name.endswith("InFileRejected")]


def test_a_task_without_an_answer_is_refused_for_it_would_call_aws(own_folder: Path) -> None:
    change(own_folder / "answers.json", "ArchiveFile", None)
    with pytest.raises(CommandError) as refused:
        generate()
    assert refused.value.parts[:2] == ("answers.json leaves out Tasks of the machine", "ArchiveFile")


@pytest.mark.parametrize("state", ["CheckKey", "NoSuchState"])
def test_an_answer_for_what_is_no_task_is_refused(own_folder: Path, state: str) -> None:
    change(own_folder / "scenarios" / "FileProcessed.json", "answers", {state: {"0": {"Return": {}}}})
    with pytest.raises(CommandError) as refused:
        generate()
    assert refused.value.parts[:2] == ("FileProcessed.json answers for what is no Task", state)


def test_a_state_in_jsonata_without_a_replacement_is_refused(own_folder: Path) -> None:
    change(own_folder / "replacements.json", "DescribeKey", None)
    with pytest.raises(CommandError, match="cannot be shown") as refused:
        generate()
    assert "DescribeKey is in JSONata" in refused.value.parts[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "there is no docker on the PATH"),
        ("exit 1", "no Docker engine answers"),
        ('test "$1" = version', "docker has no compose plugin"),
    ],
)
def test_without_docker_it_is_skipped(
    body: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(step_functions_local, "GENERATED", tmp_path / "generated")
    monkeypatch.setenv("PATH", str(tmp_path))
    if body:
        put_docker(tmp_path, monkeypatch, body)
    assert main([]) == 0
    assert capsys.readouterr().out.startswith(f"skipped: {said}. ")


def run_with(engine: type[OurEngine], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the script with an engine for the container, which reads the mocks that the script has written."""

    def connect() -> OurEngine:
        return engine(read(step_functions_local.GENERATED / "MockConfigFile.json"))

    monkeypatch.setattr(step_functions_local, "connect", connect)
    return main([*arguments])


def test_every_scenario_is_run_and_the_container_removed(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(OurEngine, monkeypatch) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"ok     {name}" for name in SCENARIOS]
    assert "DescribeKey is replaced by fixed values: Step Functions Local knows no JSONata" in said.err
    compose = f"compose --file {ROOT}/compose.yaml --profile step-functions-local"
    assert calls.read_text().splitlines()[2:] == [
        f"{compose} up --detach --force-recreate",
        f"{compose} down",
    ]


def test_keep_leaves_the_container(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_with(OurEngine, monkeypatch, "--keep", "--scenario", "DuplicateEvent") == 0
    assert "down" not in calls.read_text()


def test_a_scenario_that_goes_another_way_fails_the_script(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_folder: Path
) -> None:
    monkeypatch.setattr(step_functions_local, "FOLDER", own_folder)
    wrong = {"status": "FAILED", "error": "States.TaskFailed", "states": []}
    change(own_folder / "scenarios" / "DuplicateEvent.json", "expects", wrong)
    assert run_with(OurEngine, monkeypatch, "--scenario", "DuplicateEvent", "FileRejected") == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAILED DuplicateEvent: status: expected FAILED, found SUCCEEDED",
        "ok     FileRejected",
    ]
    assert calls.read_text().rstrip().endswith(" down")


def test_a_definition_that_is_refused_is_an_error_and_the_container_removed(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_with(Refusing, monkeypatch)
    assert ended.value.code == 1
    assert "error: Step Functions Local refused the definition" in capsys.readouterr().err
    assert calls.read_text().rstrip().endswith(" down")


def test_compose_that_fails_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(step_functions_local, "GENERATED", tmp_path / "generated")
    put_docker(tmp_path, monkeypatch, 'case "$*" in *" up "*) echo "port is taken" >&2; exit 1 ;; esac')
    with pytest.raises(SystemExit):
        main([])
    said = capsys.readouterr().err
    assert "error: docker compose up failed\n  found: port is taken" in said


def test_a_container_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_functions_local, "ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(step_functions_local, "START_SECONDS", -1)
    with pytest.raises(CommandError, match="did not start"):
        step_functions_local.connect()


def test_the_container_is_pinned_reached_by_loopback_only_and_given_the_mocks_read_only() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["step-functions-local"]
    assert service["profiles"] == [step_functions_local.PROFILE]
    assert re.fullmatch(r"amazon/aws-stepfunctions-local:\d+\.\d+\.\d+", service["image"])
    assert service["ports"] == [step_functions_local.ENDPOINT.removeprefix("http://") + ":8083"]
    (mount,) = service["volumes"]
    assert (ROOT / mount["source"]).resolve() == step_functions_local.GENERATED / "MockConfigFile.json"
    assert mount["read_only"] is True
    assert service["environment"]["SFN_MOCK_CONFIG"] == mount["target"]
