"""`states:startExecution` (connect-stepfunctions.html) and `events:putEvents` (connect-eventbridge.html)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.cloud import Cloud
from tests.unit.states.live import ask, details, ended, reached, started, types, virtual_cloud
from tests.unit.states.running import REGION


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with virtual_cloud() as running:
        yield running


async def parent_of(cloud: Cloud, child: str, parent: str, seconds: int = 1) -> Any:
    """Return a new execution of `parent` that starts one of `child`."""
    machine = (await started(cloud, child, {"seconds": 1})).state_machine.arn
    return await started(cloud, parent, {"machine": machine, "seconds": seconds})


def test_a_start_that_does_not_wait_answers_with_the_new_execution(cloud: Cloud) -> None:
    async def story() -> Any:
        parent = await ended(await parent_of(cloud, "wait_then_pass", "start_child_only", seconds=50))
        child = cloud.states(REGION)._execution(json.loads(parent.output or "")["ExecutionArn"])
        return parent, child, child.status

    parent, child, status = cloud.run(story())
    assert status == "RUNNING"
    assert json.loads(child.input)["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == parent.arn
    assert json.loads(parent.output)["StartDate"] == round(child.started.timestamp() * 1000)


def test_sync_waits_for_the_end_and_gives_the_execution_as_described(cloud: Cloud) -> None:
    async def story() -> Any:
        return await ended(await parent_of(cloud, "wait_then_pass", "start_child", seconds=50))

    parent = cloud.run(story())
    output = json.loads(parent.output)
    assert list(output) == sorted(output)
    assert (output["Status"], output["Output"]) == ("SUCCEEDED", '"done"')
    assert json.loads(output["Input"])["seconds"] == 50
    assert output["RedriveStatus"] == "NOT_REDRIVABLE"
    assert output["StopDate"] - output["StartDate"] == pytest.approx(50_000, abs=2)
    assert "ExecutionArn" in json.loads(details(parent, "TaskSubmitted")["output"])


def test_sync_2_gives_input_and_output_as_json(cloud: Cloud) -> None:
    async def story() -> Any:
        return await ended(await parent_of(cloud, "wait_then_pass", "start_child_2"))

    output = json.loads(cloud.run(story()).output)
    assert (output["Output"], output["Input"]["seconds"]) == ("done", 1)


@pytest.mark.parametrize("parent", ["start_child", "start_child_2"])
def test_a_child_that_fails_is_task_failed_with_the_child_as_cause(cloud: Cloud, parent: str) -> None:
    async def story() -> Any:
        return await ended(await parent_of(cloud, "failing", parent))

    failed = details(cloud.run(story()), "TaskFailed")
    cause = json.loads(failed["cause"])
    assert failed["error"] == "States.TaskFailed"
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Tired", "after all")


def test_a_child_that_is_stopped_is_task_failed_too(cloud: Cloud) -> None:
    async def story() -> Any:
        parent = await parent_of(cloud, "wait_then_pass", "start_child", seconds=1_000)
        child = json.loads((await reached(parent, "TaskSubmitted"))["output"])["ExecutionArn"]
        await ask(cloud, "StopExecution", executionArn=child, error="Enough")
        return await ended(parent)

    cause = json.loads(details(cloud.run(story()), "TaskFailed")["cause"])
    assert (cause["Status"], cause["Error"]) == ("ABORTED", "Enough")


def test_stopping_the_parent_stops_the_child_it_waits_for(cloud: Cloud) -> None:
    async def story() -> Any:
        parent = await parent_of(cloud, "wait_then_pass", "start_child", seconds=1_000)
        child = json.loads((await reached(parent, "TaskSubmitted"))["output"])["ExecutionArn"]
        await ask(cloud, "StopExecution", executionArn=parent.arn)
        return parent, await ended(cloud.states(REGION)._execution(child))

    parent, child = cloud.run(story())
    assert (parent.status, child.status) == ("ABORTED", "ABORTED")
    last = parent.history.events[-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionAborted", 0)
    assert "TaskStateAborted" not in types(parent)


def test_a_machine_that_is_not_there_fails_the_task_by_its_java_name(cloud: Cloud) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:gone"

    async def story() -> Any:
        return await ended(await started(cloud, "start_child", {"machine": arn, "seconds": 1}))

    failed = details(cloud.run(story()), "TaskFailed")
    assert failed["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert failed["cause"].startswith(f"State Machine Does Not Exist: '{arn}' (Service: AWSStepFunctions; ")


def test_events_name_the_machine_and_the_execution_they_come_from(cloud: Cloud) -> None:
    async def story() -> Any:
        with cloud.events(REGION).listen(lambda event: event["source"] == "shop") as events:
            execution = await ended(await started(cloud, "put_events", {"source": "shop"}))
            return execution, [await events.get() for _ in range(2)]

    execution, events = cloud.run(story())
    ours = [execution.state_machine.arn, execution.arn]
    assert [event["resources"] for event in events] == [["mine", *ours], ours]
    assert [event["detail"] for event in events] == [{"id": 1}, {"id": 2}]
    output = json.loads(execution.output)
    assert output["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in output["Entries"]] == [event["id"] for event in events]
    assert "mine" in json.loads(details(execution, "TaskScheduled")["parameters"])["Entries"][0]["Resources"]


def test_one_refused_event_fails_the_task_with_the_whole_answer_as_cause(cloud: Cloud) -> None:
    async def story() -> Any:
        return await ended(await started(cloud, "put_events", {"source": "aws.shop"}))

    failed = details(cloud.run(story()), "TaskFailed")
    cause = json.loads(failed["cause"])
    assert failed["error"] == "EventBridge.FailedEntry"
    assert set(cause) == {"Entries", "FailedEntryCount"}
    assert [list(entry) for entry in cause["Entries"]] == [["EventId"], ["ErrorCode", "ErrorMessage"]]
