"""`ecs:runTask` (connect-ecs.html), against an ECS that does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.integrations import integration
from local_aws.states.integrations.ecs_run_task import call_and_wait
from local_aws.states.resources import parse_resource

ARN = "arn:aws:ecs:us-east-1:123456789012:task/c/1"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/c"


class Ecs:
    """A cloud whose ECS answers from a script."""

    def __init__(self, containers: list[dict[str, Any]], **task: Any) -> None:
        self.task = {
            "taskArn": ARN,
            "clusterArn": CLUSTER,
            "taskDefinitionArn": "d:1",
            "lastStatus": "STOPPED",
            "stopCode": "EssentialContainerExited",
            "stoppedAt": datetime(2024, 1, 1, tzinfo=UTC),
            "containers": containers,
            **task,
        }
        self.failures: list[dict[str, str]] = []
        self.error: str | None = None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def events(self, _region: str) -> Ecs:
        return self

    @contextmanager
    def listen(self, predicate: Any) -> Iterator[asyncio.Queue[Any]]:
        assert predicate({"source": "aws.ecs", "detail": {"lastStatus": "STOPPED"}})
        yield self.queue

    def stop(self) -> None:
        self.queue.put_nowait({"source": "aws.ecs", "detail": self.task})

    async def call(self, _service: str, _region: str, method: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append((method, parameters))
        await asyncio.sleep(0)
        if method == "run_task" and self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "RunTask")
        if method == "describe_task_definition":
            side = {"name": "side", "essential": False}
            return {"taskDefinition": {"containerDefinitions": [{"name": "main", "essential": True}, side]}}
        return {"tasks": [] if self.failures else [self.task], "failures": self.failures}


def attempt(ecs: Ecs) -> Any:
    resource = parse_resource("arn:aws:states:::ecs:runTask.sync")
    assert resource is not None
    parameters = {
        "Cluster": "c",
        "TaskDefinition": "d",
        "Overrides": {"ContainerOverrides": [{"Name": "main"}]},
    }
    call = TaskCall(resource, resource.completed(parameters), "Run", (), None, lambda _: None)
    return call_and_wait(ecs, "us-east-1", call)  # type: ignore[arg-type]  # it is used as a cloud


def succeed(ecs: Ecs) -> Any:
    async def run() -> Any:
        ecs.stop()
        return await attempt(ecs)

    return asyncio.run(run())


def codes_of(task: Any) -> dict[str, int]:
    return {container["Name"]: container["ExitCode"] for container in task["Containers"]}


def failure_of(ecs: Ecs) -> StateError:
    with pytest.raises(StateError) as caught:
        succeed(ecs)
    return caught.value


def test_a_task_that_exits_with_0_gives_the_bare_task() -> None:
    ecs = Ecs([{"name": "main", "exitCode": 0}])
    task = succeed(ecs)
    assert (task["TaskArn"], codes_of(task)) == (ARN, {"main": 0})
    assert task["StoppedAt"] == 1_704_067_200_000  # as the SDK for Java 1 writes times
    assert task["Containers"][0]["NetworkInterfaces"] == []  # and lists that are not there
    method, parameters = ecs.calls[0]
    assert method == "run_task"
    assert parameters["overrides"] == {"containerOverrides": [{"name": "main"}]}
    assert parameters["startedBy"] == "AWS Step Functions"


def test_an_essential_container_that_fails_is_task_failed_with_the_task_as_cause() -> None:
    failure = failure_of(Ecs([{"name": "main", "exitCode": 65}]))
    assert failure.error == "States.TaskFailed"
    cause = json.loads(failure.cause or "")
    assert codes_of(cause) == {"main": 65}
    assert cause["StoppedAt"] == 1_704_067_200_000
    assert '"ExitCode":65,' in (failure.cause or "")


def test_a_container_that_is_not_essential_may_fail() -> None:
    ecs = Ecs([{"name": "main", "exitCode": 0}, {"name": "side", "exitCode": 1}])
    assert succeed(ecs)["LastStatus"] == "STOPPED"


def test_an_image_that_cannot_be_pulled_is_task_failed_without_an_exit_code() -> None:
    failure = failure_of(Ecs([{"name": "main", "reason": "CannotPull"}], stopCode="TaskFailedToStart"))
    assert failure.error == "States.TaskFailed"
    container = json.loads(failure.cause or "")["Containers"][0]
    assert container["Reason"] == "CannotPull"
    assert "ExitCode" not in container


def test_a_task_that_ecs_cannot_place_is_amazon_ecs_unknown() -> None:
    ecs = Ecs([])
    ecs.failures = [{"reason": "RESOURCE:MEMORY"}]
    assert failure_of(ecs).error == "AmazonECS.Unknown"


@pytest.mark.parametrize(("pattern", "fails"), [("", False), (".waitForTaskToken", True)])
def test_a_task_that_was_not_placed_fails_who_waits_and_is_only_told_to_who_does_not(
    pattern: str, fails: bool
) -> None:
    ecs = Ecs([])
    ecs.failures = [{"reason": "RESOURCE:MEMORY"}]
    resource = parse_resource(f"arn:aws:states:::ecs:runTask{pattern}")
    assert resource is not None
    call = TaskCall(resource, resource.completed({"TaskDefinition": "d", "Count": 3}), "Run", (), None, print)
    work = integration(resource)(ecs, "us-east-1", call)  # type: ignore[arg-type]  # it is used as a cloud
    if fails:
        with pytest.raises(StateError, match="RESOURCE:MEMORY") as failed:
            asyncio.run(work)
        assert failed.value.error == "AmazonECS.Unknown"
    else:
        answer = asyncio.run(work)
        assert (answer["Failures"][0]["Reason"], answer["Tasks"]) == ("RESOURCE:MEMORY", [])
    assert ecs.calls[0][1] == {"taskDefinition": "d", "count": 3}  # `startedBy` is of .sync only


def test_a_job_of_several_tasks_is_refused_by_name() -> None:
    resource = parse_resource("arn:aws:states:::ecs:runTask.sync")
    assert resource is not None
    call = TaskCall(resource, {"TaskDefinition": "d", "Count": 2}, "Run", (), None, print)
    with pytest.raises(StateError, match=r"does not model .* with a Count other than 1"):
        asyncio.run(call_and_wait(Ecs([]), "us-east-1", call))  # type: ignore[arg-type]  # see above


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ClusterNotFoundException", "ECS.ClusterNotFoundException"),
        ("InvalidParameterException", "ECS.InvalidParameterException"),
        ("ThrottlingException", "ECS.AmazonECSException"),
    ],
)
def test_errors_of_the_api_have_the_prefix_of_the_optimized_integration(code: str, error: str) -> None:
    ecs = Ecs([])
    ecs.error = code
    assert failure_of(ecs).error == error


def test_a_call_nobody_waits_for_any_more_has_its_task_stopped_without_delay() -> None:
    ecs = Ecs([{"name": "main", "exitCode": 0}])

    async def run() -> None:
        waiting = asyncio.ensure_future(attempt(ecs))
        await asyncio.sleep(0)
        waiting.cancel()  # before RunTask has answered
        with pytest.raises(asyncio.CancelledError):
            await waiting
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert ecs.calls[-1][0] == "stop_task"
    assert ecs.calls[-1][1]["task"] == ARN
