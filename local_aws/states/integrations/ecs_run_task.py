"""`ecs:runTask.sync` and `.waitForTaskToken`: run a task; `.sync` waits until it has stopped.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local_aws.states.effects import TaskCall
from local_aws.states.errors import TASK_FAILED, StateError, runtime_error
from local_aws.states.integrations.jobs import to_its_end
from local_aws.states.integrations.optimized import request, without_exchange
from local_aws.states.jsontext import Json, dumps

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Run tasks and return ECS's answer; raises StateError `AmazonECS.Unknown` when one was not placed."""
    answer = await request(cloud, region, "ecs", "RunTask", task.parameters)
    if answer["Failures"] or not answer["Tasks"]:
        raise StateError("AmazonECS.Unknown", dumps(without_exchange(answer)))
    return answer


async def call_and_wait(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Run one task to its end and return it; raises StateError.

    As `call` does, and `States.TaskFailed` with the task as Cause when an essential container did not exit
    with 0 or the task failed to start. Cancelled, it has the task stopped.
    """
    if task.parameters.get("Count", 1) != 1:
        raise runtime_error(f"the local AWS does not model {task.resource.text} with a Count other than 1")

    async def stop(answer: Json) -> None:
        one = answer["Tasks"][0]
        reason = "Task stopped because the Step Functions execution no longer waits for it"
        parameters = {"Cluster": one["ClusterArn"], "Task": one["TaskArn"], "Reason": reason}
        await request(cloud, region, "ecs", "StopTask", parameters)

    with cloud.events(region).listen(_is_stopped) as events:

        async def finish(answer: Json) -> Json:
            task.submitted(answer)
            return await _ended(cloud, region, answer["Tasks"][0], events)

        return await to_its_end(call(cloud, region, task), finish, stop)


def _is_stopped(event: dict[str, Any]) -> bool:
    return event.get("source") == "aws.ecs" and event.get("detail", {}).get("lastStatus") == "STOPPED"


async def _ended(cloud: Cloud, region: str, task: Json, events: Any) -> Json:
    """Return the task, as ECS describes it, once an event says that it has stopped."""
    while (await events.get())["detail"]["taskArn"] != task["TaskArn"]:
        pass
    parameters = {"Cluster": task["ClusterArn"], "Tasks": [task["TaskArn"]]}
    last = (await request(cloud, region, "ecs", "DescribeTasks", parameters))["Tasks"][0]
    if _has_failed(last, await _essential(cloud, region, last)):
        raise StateError(TASK_FAILED, dumps(last))
    return last


async def _essential(cloud: Cloud, region: str, task: Json) -> set[str]:
    """Return the names of the task's essential containers; all of them when its definition is gone by now."""
    # Loaded here, for it brings moto with it: definitions are judged and replayed without.
    from local_aws.iam.roles import OWNER, acting_as  # noqa: PLC0415

    names = {container["Name"] for container in task["Containers"]}
    try:
        with acting_as(OWNER):  # Step Functions knows it without the role's ecs:DescribeTaskDefinition
            answer = await cloud.call(
                "ecs", region, "describe_task_definition", taskDefinition=task["TaskDefinitionArn"]
            )
    except ClientError:
        return names
    definitions = answer["taskDefinition"]["containerDefinitions"]
    return names - {one["name"] for one in definitions if one.get("essential") is False}


def _has_failed(task: Json, essential: set[str]) -> bool:
    if task.get("StopCode") == "TaskFailedToStart":
        return True
    return any(one.get("ExitCode") != 0 for one in task["Containers"] if one["Name"] in essential)
