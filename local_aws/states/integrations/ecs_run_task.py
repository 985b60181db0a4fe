"""`ecs:runTask.sync`: run a task, wait until it has stopped, and fail when it did.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.model import Shape, StructureShape

from local_aws.states.effects import TaskCall
from local_aws.states.errors import TASK_FAILED, StateError, runtime_error
from local_aws.states.integrations.casing import from_response, pascal
from local_aws.states.integrations.optimized import SERVICES, request
from local_aws.states.jsontext import Json, dumps
from local_aws.wire import service_model

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

logger = logging.getLogger(__name__)
_STARTED_BY = "AWS Step Functions"
_background: set[asyncio.Task[None]] = set()  # asyncio itself keeps only weak references


async def call_and_wait(cloud: Cloud, region: str, call: TaskCall) -> Json:
    """Run one task to its end and return it, PascalCase; raises StateError.

    `AmazonECS.Unknown` when ECS could not place it, `ECS.*` for the API's errors, `States.TaskFailed` with
    the task as Cause when an essential container did not exit with 0 or the task failed to start. Cancelled,
    it has the task stopped, best effort and without delay.
    """
    starting = asyncio.ensure_future(_start(cloud, region, call))
    with cloud.events(region).listen(_is_stopped) as events:
        try:
            answer, shown = await asyncio.shield(starting)
            call.submitted(shown)
            task = await _stopped(cloud, region, answer["tasks"][0], events)
        except asyncio.CancelledError:
            _in_background(_stop(cloud, region, starting))
            raise
    if _has_failed(task, await _essential(cloud, region, task)):
        raise StateError(TASK_FAILED, dumps(_as_epoch(task)))
    return _task_of(task)


async def _start(cloud: Cloud, region: str, call: TaskCall) -> tuple[dict[str, Any], Json]:
    if call.parameters.get("Count", 1) != 1:
        raise runtime_error(f"the local AWS does not model {call.resource.text} with a Count other than 1")
    operation = service_model("ecs").operation_model("RunTask")
    parameters = {"StartedBy": _STARTED_BY, **call.parameters}
    answer = await request(cloud, region, SERVICES["ecs"], operation, parameters)
    shown = from_response(answer, operation.output_shape)
    if answer.get("failures") or not answer.get("tasks"):
        raise StateError("AmazonECS.Unknown", dumps(shown))
    return answer, shown


def _is_stopped(event: dict[str, Any]) -> bool:
    return event.get("source") == "aws.ecs" and event.get("detail", {}).get("lastStatus") == "STOPPED"


async def _stopped(cloud: Cloud, region: str, task: dict[str, Any], events: Any) -> dict[str, Any]:
    """Return the task, as ECS describes it, once an event says that it has stopped."""
    while (await events.get())["detail"]["taskArn"] != task["taskArn"]:
        pass
    operation = service_model("ecs").operation_model("DescribeTasks")
    parameters = {"Cluster": task["clusterArn"], "Tasks": [task["taskArn"]]}
    described = await request(cloud, region, SERVICES["ecs"], operation, parameters)
    last: dict[str, Any] = described["tasks"][0]
    return last


async def _essential(cloud: Cloud, region: str, task: dict[str, Any]) -> set[str]:
    """Return the names of the task's essential containers; all of them when its definition is gone by now."""
    names = {container["name"] for container in task.get("containers", [])}
    # Loaded here, for it brings moto with it: definitions are judged and replayed without.
    from local_aws.iam.roles import OWNER, acting_as  # noqa: PLC0415

    try:
        with acting_as(OWNER):  # Step Functions knows it without the role's ecs:DescribeTaskDefinition
            answer = await cloud.call(
                "ecs", region, "describe_task_definition", taskDefinition=task["taskDefinitionArn"]
            )
    except ClientError:
        return names
    definitions = answer["taskDefinition"]["containerDefinitions"]
    return names - {one["name"] for one in definitions if one.get("essential") is False}


def _has_failed(task: dict[str, Any], essential: set[str]) -> bool:
    if task.get("stopCode") == "TaskFailedToStart":
        return True
    return any(one.get("exitCode") != 0 for one in task.get("containers", []) if one["name"] in essential)


async def _stop(cloud: Cloud, region: str, starting: asyncio.Future[tuple[dict[str, Any], Json]]) -> None:
    """Stop the task, which may only be starting now."""
    try:
        answer, _ = await starting
        task = answer["tasks"][0]
        reason = "Task stopped because the Step Functions execution no longer waits for it"
        await cloud.call(
            "ecs", region, "stop_task", cluster=task["clusterArn"], task=task["taskArn"], reason=reason
        )
    except (StateError, ClientError) as error:
        logger.warning("a task could not be stopped: %s", error)


def _in_background(work: Any) -> None:
    task = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)


def _task_of(task: dict[str, Any]) -> Json:
    return from_response(task, _task_shape())


def _task_shape() -> StructureShape:
    shape = service_model("ecs").shape_for("Task")
    assert isinstance(shape, StructureShape)  # noqa: S101 - it is
    return shape


def _as_epoch(value: Any, shape: Shape | None = None) -> Json:
    """Return the task as a Cause shows it: PascalCase, times as milliseconds since the epoch."""
    shape = shape or _task_shape()
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(shape, StructureShape):
        return {pascal(key): _as_epoch(member, shape.members[key]) for key, member in value.items()}
    if shape.type_name == "list":
        return [_as_epoch(item, shape.member) for item in value]  # type: ignore[attr-defined]  # a ListShape
    return value
