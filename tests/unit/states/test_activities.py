"""Activities (concepts-activities.html) and their workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.cloud import Cloud
from local_aws.wire import AwsError
from tests.unit.states.live import ask, details, ended, reached, started, types, virtual_cloud

ARN = "arn:aws:states:us-east-1:123456789012:activity:work"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with virtual_cloud() as running:
        yield running


@pytest.fixture(autouse=True)
def _there(cloud: Cloud) -> Iterator[None]:
    cloud.run(ask(cloud, "CreateActivity", name="work"))
    yield
    cloud.run(ask(cloud, "DeleteActivity", activityArn=ARN))


def test_a_worker_gets_the_tasks_input_and_ends_it(cloud: Cloud) -> None:
    async def story() -> Any:
        execution = await started(cloud, "activity", {"question": 6})
        task = await ask(cloud, "GetActivityTask", activityArn=ARN, workerName="Ann")
        asked = json.loads(task["input"])
        await ask(cloud, "SendTaskSuccess", taskToken=task["taskToken"], output="42")
        return asked, await ended(execution)

    asked, execution = cloud.run(story())
    assert asked == {"asked": 6}
    assert execution.output == "42"
    assert types(execution)[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    assert details(execution, "ActivityScheduled")["resource"] == ARN
    assert details(execution, "ActivityStarted") == {"workerName": "Ann"}


def test_a_worker_may_fail_a_task(cloud: Cloud) -> None:
    async def story() -> Any:
        execution = await started(cloud, "activity", {"question": 6})
        task = await ask(cloud, "GetActivityTask", activityArn=ARN)
        await ask(cloud, "SendTaskFailure", taskToken=task["taskToken"], error="Ill", cause="a cold")
        return await ended(execution)

    execution = cloud.run(story())
    assert details(execution, "ActivityStarted") == {}
    assert details(execution, "ActivityFailed") == {"error": "Ill", "cause": "a cold"}
    assert details(execution, "ExecutionFailed") == {"error": "Ill", "cause": "a cold"}


def test_the_time_limit_counts_from_when_a_worker_takes_the_task(cloud: Cloud) -> None:
    async def story() -> Any:
        execution = await started(cloud, "activity", {"question": 6})
        await cloud.clock.sleep(1_000)
        assert execution.status == "RUNNING"
        await ask(cloud, "GetActivityTask", activityArn=ARN)
        return await ended(execution)

    execution = cloud.run(story())
    assert details(execution, "ActivityTimedOut") == {"error": "States.Timeout"}
    assert (execution.stopped - execution.started).total_seconds() == pytest.approx(1_300, abs=1)


def test_a_worker_that_finds_nothing_is_told_so_after_a_minute(cloud: Cloud) -> None:
    async def story() -> Any:
        began = cloud.clock.time()
        return await ask(cloud, "GetActivityTask", activityArn=ARN), cloud.clock.time() - began

    answer, seconds = cloud.run(story())
    assert answer == {}
    assert seconds == pytest.approx(60, abs=1)


def test_a_worker_that_waits_gets_the_next_task_at_once(cloud: Cloud) -> None:
    async def story() -> Any:
        waiting = asyncio.ensure_future(ask(cloud, "GetActivityTask", activityArn=ARN))
        await cloud.clock.sleep(30)
        execution = await started(cloud, "activity", {"question": 7})
        task = await waiting
        await ask(cloud, "SendTaskSuccess", taskToken=task["taskToken"], output="1")
        return await ended(execution)

    execution = cloud.run(story())
    assert execution.stopped == execution.started


def test_the_task_of_a_stopped_execution_is_handed_to_nobody(cloud: Cloud) -> None:
    async def story() -> Any:
        stopped = await started(cloud, "activity", {"question": "old"})
        await reached(stopped, "ActivityScheduled")
        await ask(cloud, "StopExecution", executionArn=stopped.arn)
        other = await started(cloud, "activity", {"question": "new"})
        task = await ask(cloud, "GetActivityTask", activityArn=ARN)
        await ask(cloud, "StopExecution", executionArn=other.arn)
        return json.loads(task["input"])

    assert cloud.run(story()) == {"asked": "new"}


def test_a_task_of_an_activity_that_is_gone_is_states_runtime_and_was_never_scheduled(cloud: Cloud) -> None:
    async def story() -> Any:
        await ask(cloud, "DeleteActivity", activityArn=ARN)
        return await ended(await started(cloud, "activity", {"question": 1}))

    execution = cloud.run(story())
    assert types(execution) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    assert details(execution, "ExecutionFailed") == {
        "error": "States.Runtime",
        "cause": "An error occurred while executing the state 'Work' (entered at the event id #2). "
        f"The activity {ARN} does not exist.",
    }


def test_creating_an_activity_twice_is_one_activity_which_is_described_and_listed(cloud: Cloud) -> None:
    first = cloud.run(ask(cloud, "CreateActivity", name="twice"))
    assert cloud.run(ask(cloud, "CreateActivity", name="twice")) == first
    described = cloud.run(ask(cloud, "DescribeActivity", activityArn=first["activityArn"]))
    assert (described["name"], described["creationDate"]) == ("twice", first["creationDate"])
    listed = cloud.run(ask(cloud, "ListActivities"))["activities"]
    assert [one["name"] for one in listed] == ["twice", "work"]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("CreateActivity", {"name": "a b"}, "InvalidName: Invalid Name: 'a b'"),
        (
            "DescribeActivity",
            {"activityArn": "nothing"},
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: nothing'",
        ),
        (
            "GetActivityTask",
            {"activityArn": ARN + "2"},
            f"ActivityDoesNotExist: Activity Does Not Exist: '{ARN}2'",
        ),
    ],
)
def test_bad_names_and_arns_are_refused_in_awss_words(
    cloud: Cloud, operation: str, request_: Any, code: str
) -> None:
    with pytest.raises(AwsError) as error:
        cloud.run(ask(cloud, operation, **request_))
    assert str(error.value) == code
