"""Task tokens (connect-to-resource.html#connect-wait-token), with SQS to carry them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.cloud import Cloud
from local_aws.wire import AwsError
from tests.unit.states.live import ask, details, ended, reached, started, token_of, types, virtual_cloud
from tests.unit.states.running import REGION


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with virtual_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def given(cloud: Cloud) -> dict[str, str]:
    return {"queue": cloud.client("sqs", REGION).create_queue(QueueName="questions")["QueueUrl"]}


async def refusal(cloud: Cloud, operation: str, **request: Any) -> str:
    with pytest.raises(AwsError) as error:
        await ask(cloud, operation, **request)
    return str(error.value)


def test_who_has_the_token_ends_the_task_with_a_result(cloud: Cloud, given: Any) -> None:
    async def story() -> Any:
        execution = await started(cloud, "ask_and_wait", given)
        await ask(cloud, "SendTaskSuccess", taskToken=await token_of(execution), output='{"yes": 1}')
        return await ended(execution)

    execution = cloud.run(story())
    assert json.loads(execution.output)["answer"] == {"yes": 1}
    assert types(execution)[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
    assert details(execution, "TaskSubmitted")["resource"] == "sendMessage.waitForTaskToken"
    assert "MessageId" in json.loads(details(execution, "TaskSubmitted")["output"])


def test_the_token_is_in_the_message(cloud: Cloud, given: Any) -> None:
    async def story() -> str:
        return await token_of(await started(cloud, "ask_by_sdk", given))

    token = cloud.run(story())
    messages = cloud.client("sqs", REGION).receive_message(QueueUrl=given["queue"], MaxNumberOfMessages=10)
    assert token in [json.loads(message["Body"])["token"] for message in messages["Messages"]]


@pytest.mark.parametrize(
    ("failure", "caught"),
    [
        ({"error": "No", "cause": "why"}, {"Error": "No", "Cause": "why"}),
        ({}, {"Error": None, "Cause": None}),
    ],
)
def test_who_has_the_token_fails_the_task_with_or_without_a_name(
    cloud: Cloud, given: Any, failure: dict[str, str], caught: Any
) -> None:
    async def story() -> Any:
        execution = await started(cloud, "ask_and_wait", given)
        await ask(cloud, "SendTaskFailure", taskToken=await token_of(execution), **failure)
        return await ended(execution)

    execution = cloud.run(story())
    assert json.loads(execution.output)["error"] == caught
    assert details(execution, "TaskFailed") == {
        "resourceType": "sqs",
        "resource": "sendMessage.waitForTaskToken",
        **failure,
    }


def test_a_task_that_is_silent_for_too_long_times_out_and_is_caught_as_such(cloud: Cloud, given: Any) -> None:
    async def story() -> Any:
        return await ended(await started(cloud, "ask_and_wait", given))

    execution = cloud.run(story())
    output = json.loads(execution.output)
    assert output["silent"] is True
    assert details(execution, "TaskTimedOut")["error"] == "States.Timeout"
    assert (execution.stopped - execution.started).total_seconds() == pytest.approx(60, abs=1)


def test_a_heartbeat_keeps_a_task_alive_until_its_time_limit(cloud: Cloud, given: Any) -> None:
    async def story() -> Any:
        execution = await started(cloud, "ask_and_wait", given)
        token = await token_of(execution)
        for _ in range(20):  # every 40 s, until the task's time is up
            await cloud.clock.sleep(40)
            if execution.status != "RUNNING":
                break
            await ask(cloud, "SendTaskHeartbeat", taskToken=token)
        return await ended(execution), await refusal(cloud, "SendTaskHeartbeat", taskToken=token)

    execution, late = cloud.run(story())
    assert json.loads(execution.output)["failed"] is True
    assert (execution.stopped - execution.started).total_seconds() == pytest.approx(600, abs=1)
    assert late == "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'"


def test_output_that_is_no_json_is_refused_and_the_task_waits_on(cloud: Cloud, given: Any) -> None:
    async def story() -> Any:
        execution = await started(cloud, "ask_and_wait", given)
        token = await token_of(execution)
        refused = await refusal(cloud, "SendTaskSuccess", taskToken=token, output="{'a': 1}")
        await ask(cloud, "SendTaskSuccess", taskToken=token, output="1")
        return refused, await ended(execution)

    refused, execution = cloud.run(story())
    assert refused.startswith("InvalidOutput: ")
    assert json.loads(execution.output)["answer"] == 1


def test_a_token_that_was_never_given_is_invalid_whatever_comes_with_it(cloud: Cloud) -> None:
    for operation, more in (("SendTaskSuccess", {"output": "{"}), ("SendTaskFailure", {})):
        refused = cloud.run(refusal(cloud, operation, taskToken="made up", **more))
        assert refused == "InvalidToken: Invalid Token: 'Invalid token'"


def test_a_token_is_good_for_one_answer_and_none_after_the_execution_was_stopped(
    cloud: Cloud, given: Any
) -> None:
    async def story() -> list[str]:
        answered = await started(cloud, "ask_and_wait", given)
        token = await token_of(answered)
        await ask(cloud, "SendTaskSuccess", taskToken=token, output="1")
        stopped = await started(cloud, "ask_and_wait", given)
        other = await token_of(stopped)
        assert other != token
        await ask(cloud, "StopExecution", executionArn=stopped.arn)
        return [await refusal(cloud, "SendTaskSuccess", taskToken=one, output="2") for one in (token, other)]

    assert [refused.partition(":")[0] for refused in cloud.run(story())] == ["TaskTimedOut"] * 2


def test_a_jobs_token_ends_the_task_early_and_leaves_the_job_to_itself(cloud: Cloud) -> None:
    async def story() -> Any:
        child = await started(cloud, "wait_then_pass", {"seconds": 1})
        machine = child.state_machine.arn
        execution = await started(cloud, "start_child_with_token", {"machine": machine})
        job = json.loads((await reached(execution, "TaskSubmitted"))["output"])["ExecutionArn"]
        parameters = json.loads(details(execution, "TaskScheduled")["parameters"])
        await ask(cloud, "SendTaskSuccess", taskToken=parameters["Input"]["token"], output='"early"')
        return await ended(execution), await ended(cloud.states(REGION)._execution(job))

    execution, job = cloud.run(story())
    assert execution.output == '"early"'
    assert job.status == "SUCCEEDED"
