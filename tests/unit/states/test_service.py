"""The Step Functions API, through boto3 and a running cloud (apireference/)."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloud import Cloud
from tests.unit.states.running import REGION, ROLE, cloud_at, text_of

MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_at() as running:
        yield running


@pytest.fixture
def states(cloud: Cloud) -> Any:
    return cloud.client("stepfunctions", REGION)


def create(states: Any, machine: str, name: str | None = None) -> str:
    answer = states.create_state_machine(name=name or machine, definition=text_of(machine), roleArn=ROLE)
    arn: str = answer["stateMachineArn"]
    return arn


def start(states: Any, machine: str, given: Any, **more: str) -> str:
    answer = states.start_execution(stateMachineArn=create(states, machine), input=json.dumps(given), **more)
    arn: str = answer["executionArn"]
    return arn


def ended(cloud: Cloud, arn: str) -> dict[str, Any]:
    """Wait for the end on the loop, without polling."""

    async def wait() -> None:
        await asyncio.wait_for(cloud.states(REGION)._execution(arn).ended(), 20)

    cloud.run(wait())
    description: dict[str, Any] = cloud.client("stepfunctions", REGION).describe_execution(executionArn=arn)
    return description


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def event_types(states: Any, arn: str) -> list[str]:
    return [event["type"] for event in states.get_execution_history(executionArn=arn)["events"]]


def test_creating_the_same_machine_twice_is_one_machine_and_another_definition_is_refused(
    states: Any,
) -> None:
    arn = create(states, "endless")
    assert create(states, "endless") == arn
    with pytest.raises(ClientError) as error:
        create(states, "no_choice", name="endless")
    assert code_of(error) == "StateMachineAlreadyExists"


def test_the_definition_is_kept_byte_for_byte(states: Any) -> None:
    assert states.describe_state_machine(stateMachineArn=create(states, "map"))["definition"] == text_of(
        "map"
    )


def test_a_faulty_definition_is_refused_with_the_path_to_every_fault(states: Any) -> None:
    with pytest.raises(ClientError) as error:
        create(states, "faulty")
    assert code_of(error) == "InvalidDefinition"
    for place in (
        "/States/A/Parameters",
        "/States/A/Next",
        "/States/Lost",
        "/States/T/Resource",
        "/States/T/Retry[0]/ErrorEquals",
    ):
        assert f" at {place}" in str(error.value)
    verdict = states.validate_state_machine_definition(definition=text_of("faulty"))
    assert verdict["result"] == "FAIL"
    assert "/States/A/Parameters" in {one["location"] for one in verdict["diagnostics"]}


def test_a_definition_beyond_one_mebibyte_is_refused(states: Any) -> None:
    text = text_of("no_choice") + " " * 1_048_576
    with pytest.raises(ClientError, match="Value at 'definition' failed to satisfy constraint") as error:
        states.validate_state_machine_definition(definition=text)
    assert code_of(error) == "ValidationException"


def test_an_integration_that_is_not_modelled_is_refused_by_name_at_creation(states: Any) -> None:
    with pytest.raises(ClientError, match=r"glue:startJobRun\.sync at /States/Run/Resource"):
        create(states, "glue_job")


def test_express_machines_are_refused_by_name(states: Any) -> None:
    with pytest.raises(ClientError, match="EXPRESS"):
        states.create_state_machine(name="e", definition=text_of("map"), roleArn=ROLE, type="EXPRESS")


def test_a_start_is_idempotent_by_name_and_input_only_while_it_runs(cloud: Cloud, states: Any) -> None:
    first = start(states, "wait_then_pass", {"seconds": 90}, name="once")
    assert start(states, "wait_then_pass", {"seconds": 90}, name="once") == first
    with pytest.raises(ClientError) as error:
        start(states, "wait_then_pass", {"seconds": 1}, name="once")
    assert code_of(error) == "ExecutionAlreadyExists"
    assert ended(cloud, first)["output"] == '"done"'
    with pytest.raises(ClientError) as error:
        start(states, "wait_then_pass", {"seconds": 90}, name="once")
    assert code_of(error) == "ExecutionAlreadyExists"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "a b"}, "InvalidName"),
        ({"name": "x" * 81}, "InvalidName"),
        ({"input": "{'a': 1}"}, "InvalidExecutionInput"),
        ({"input": "NaN"}, "InvalidExecutionInput"),
        ({"input": json.dumps("x" * 262_143)}, "ValidationException"),
    ],
)
def test_a_start_with_a_bad_name_or_input_is_refused(
    states: Any, arguments: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        states.start_execution(stateMachineArn=create(states, "wait_then_pass"), **arguments)
    assert code_of(error) == code


def test_the_top_level_time_limit_ends_an_execution_as_timed_out(cloud: Cloud, states: Any) -> None:
    arn = start(states, "wait_then_pass", {"seconds": 100_000})
    assert ended(cloud, arn)["status"] == "TIMED_OUT"
    last = states.get_execution_history(executionArn=arn)["events"][-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionTimedOut", 0)


def test_a_stopped_execution_is_aborted_with_all_that_it_was_doing(cloud: Cloud, states: Any) -> None:
    arn = start(states, "slow_branches", {})
    states.stop_execution(executionArn=arn, error="Enough", cause="asked to")
    description = ended(cloud, arn)
    assert (description["status"], description["error"]) == ("ABORTED", "Enough")
    types = event_types(states, arn)
    assert types[-1] == "ExecutionAborted"
    assert "WaitStateExited" not in types


def test_a_deleted_machine_lets_its_executions_end(cloud: Cloud, states: Any) -> None:
    machine = create(states, "wait_then_pass", name="short_lived")
    arn = states.start_execution(stateMachineArn=machine, input='{"seconds": 5}')["executionArn"]
    states.delete_state_machine(stateMachineArn=machine)
    with pytest.raises(ClientError) as error:
        states.describe_state_machine(stateMachineArn=machine)
    assert code_of(error) == "StateMachineDoesNotExist"
    assert ended(cloud, arn)["status"] == "SUCCEEDED"


def test_an_update_changes_the_machine_but_not_an_execution_under_way(cloud: Cloud, states: Any) -> None:
    machine = create(states, "wait_then_pass", name="changing")
    arn = states.start_execution(stateMachineArn=machine, input='{"seconds": 5}')["executionArn"]
    states.update_state_machine(stateMachineArn=machine, definition=text_of("no_choice"))
    assert states.describe_state_machine(stateMachineArn=machine)["definition"] == text_of("no_choice")
    version = states.describe_state_machine_for_execution(executionArn=arn)
    assert version["definition"] == text_of("wait_then_pass")
    assert ended(cloud, arn)["output"] == '"done"'


def test_a_new_revision_begins_when_definition_or_role_is_another(states: Any) -> None:
    machine = create(states, "wait_then_pass", name="revised")
    assert "revisionId" not in states.describe_state_machine(stateMachineArn=machine)
    first = states.update_state_machine(stateMachineArn=machine, roleArn=ROLE + "2")["revisionId"]
    assert states.update_state_machine(stateMachineArn=machine, roleArn=ROLE + "2")["revisionId"] == first
    second = states.update_state_machine(stateMachineArn=machine, definition=text_of("map"))["revisionId"]
    assert second != first
    assert states.describe_state_machine(stateMachineArn=machine)["revisionId"] == second


def test_an_update_that_changes_nothing_is_refused(states: Any) -> None:
    with pytest.raises(ClientError) as error:
        states.update_state_machine(stateMachineArn=create(states, "map"))
    assert code_of(error) == "MissingRequiredParameter"


def test_an_execution_is_described_with_what_a_redrive_would_say(cloud: Cloud, states: Any) -> None:
    done = ended(cloud, start(states, "wait_then_pass", {"seconds": 1}))
    assert (done["redriveStatus"], done["redriveStatusReason"]) == (
        "NOT_REDRIVABLE",
        "Execution is SUCCEEDED and cannot be redriven",
    )
    late = ended(cloud, start(states, "wait_then_pass", {"seconds": 100_000}))
    assert (late["status"], late["redriveStatus"]) == ("TIMED_OUT", "REDRIVABLE")
    assert not {"error", "cause", "redriveStatusReason"} & late.keys()


def test_an_execution_may_be_described_without_its_data(cloud: Cloud, states: Any) -> None:
    arn = start(states, "wait_then_pass", {"seconds": 1}, traceHeader="Root=1")
    assert ended(cloud, arn)["traceHeader"] == "Root=1"
    bare = states.describe_execution(executionArn=arn, includedData="METADATA_ONLY")
    assert not {"input", "output"} & bare.keys()
    assert bare["inputDetails"] == bare["outputDetails"] == {"included": False}


def test_executions_are_listed_by_status_the_latest_first(cloud: Cloud, states: Any) -> None:
    machine = create(states, "wait_then_pass", name="listed")
    for name in ("a", "b"):
        begun = states.start_execution(stateMachineArn=machine, name=name, input='{"seconds": 1}')
        ended(cloud, begun["executionArn"])
    states.start_execution(stateMachineArn=machine, name="c", input='{"seconds": 9000}')
    listed = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
    assert [(one["name"], one["redriveCount"]) for one in listed] == [("b", 0), ("a", 0)]
    first = states.list_executions(stateMachineArn=machine, maxResults=2)
    rest = states.list_executions(stateMachineArn=machine, maxResults=2, nextToken=first["nextToken"])
    assert [one["name"] for one in first["executions"] + rest["executions"]] == ["c", "b", "a"]
    assert "nextToken" not in rest


@pytest.mark.parametrize(
    ("operation", "request_", "words"),
    [
        ("describe_state_machine", {"stateMachineArn": "x"}, "Invalid Arn: 'Invalid ARN prefix: x'"),
        (
            "list_executions",
            {"stateMachineArn": MACHINE + "gone"},
            f"State Machine Does Not Exist: '{MACHINE}gone'",
        ),
        (
            "describe_execution",
            {"executionArn": MACHINE + "m:e"},
            "'Resource type not valid in this context: stateMachine'",
        ),
        (
            "list_state_machines",
            {"maxResults": 1001},
            "Value '1001' at 'maxResults' failed to satisfy constraint",
        ),
        ("list_state_machines", {"nextToken": "made up"}, "Invalid Token: "),
        ("describe_state_machine", {"stateMachineArn": MACHINE + "m:1"}, "versions and aliases"),
        ("publish_state_machine_version", {"stateMachineArn": MACHINE + "m"}, "versions and aliases"),
        (
            "redrive_execution",
            {"executionArn": MACHINE},
            "redrive; start a new execution with the same input",
        ),
    ],
)
def test_what_is_wrong_or_lacking_is_refused_in_awss_words_or_by_name(
    states: Any, operation: str, request_: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=re.escape(words)):
        getattr(states, operation)(**request_)


def test_a_standard_machine_cannot_be_run_as_an_express_one(states: Any) -> None:
    # boto3 puts a prefix before the host name for this operation.
    with pytest.raises(ClientError, match="not supported by this type of state machine"):
        states.start_sync_execution(stateMachineArn=create(states, "map"))


def test_an_express_definition_is_judged_by_its_own_rules(states: Any) -> None:
    definition = text_of("ask_by_sdk")
    assert states.validate_state_machine_definition(definition=definition)["result"] == "OK"
    verdict = states.validate_state_machine_definition(definition=definition, type="EXPRESS")
    assert (verdict["result"], verdict["truncated"]) == ("FAIL", False)
    assert verdict["diagnostics"][0]["location"] == "/States/Ask/Resource"


def test_more_faults_than_asked_for_are_cut_off(states: Any) -> None:
    verdict = states.validate_state_machine_definition(definition=text_of("faulty"), maxResults=1)
    assert (len(verdict["diagnostics"]), verdict["truncated"]) == (1, True)


def test_a_history_comes_in_pages_and_in_either_order(cloud: Cloud, states: Any) -> None:
    arn = start(states, "wait_then_pass", {"seconds": 1})
    ended(cloud, arn)
    paginator = states.get_paginator("get_execution_history")
    pages = [
        page["events"] for page in paginator.paginate(executionArn=arn, PaginationConfig={"PageSize": 4})
    ]
    assert [len(page) for page in pages] == [4, 2]
    newest = states.get_execution_history(executionArn=arn, reverseOrder=True)["events"][0]
    assert newest == pages[1][1]


def test_a_change_of_status_goes_to_eventbridge(cloud: Cloud, states: Any) -> None:
    heard: list[str] = []
    done = threading.Event()

    async def listen() -> None:
        def is_ours(event: dict[str, Any]) -> bool:
            return bool(event["source"] == "aws.states" and event["detail"]["name"] == "heard")

        with cloud.events(REGION).listen(is_ours) as events:
            done.set()
            while not heard or heard[-1] == "RUNNING":
                heard.append((await events.get())["detail"]["status"])

    listening = asyncio.run_coroutine_threadsafe(listen(), cloud.loop)
    assert done.wait(10)
    start(states, "wait_then_pass", {"seconds": 1}, name="heard")
    listening.result(20)
    assert heard == ["RUNNING", "SUCCEEDED"]
