"""`states:startExecution.sync` and `.sync:2`: start an execution, and wait until it has ended.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.states.effects import TaskCall
from local_aws.states.errors import TASK_FAILED, StateError
from local_aws.states.integrations.jobs import to_its_end
from local_aws.states.integrations.optimized import request, without_exchange
from local_aws.states.jsontext import Json, dumps, loads

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


async def call_and_wait(cloud: Cloud, region: str, call: TaskCall) -> Json:
    """Return the ended execution as DescribeExecution shows it; `.sync:2` has its Input and Output parsed.

    Raises StateError: States.TaskFailed, with the execution as Cause, when it has not succeeded. Cancelled,
    it has the execution stopped.
    """

    async def start() -> dict[str, Json]:
        return await request(cloud, region, "states", "StartExecution", call.parameters)

    async def stop(started: dict[str, Json]) -> None:
        await request(cloud, region, "states", "StopExecution", {"ExecutionArn": started["ExecutionArn"]})

    with cloud.events(region).listen(_is_end) as events:

        async def finish(started: dict[str, Json]) -> Json:
            call.submitted(started)
            while (await events.get())["detail"]["executionArn"] != started["ExecutionArn"]:
                pass
            ended = await request(
                cloud, region, "states", "DescribeExecution", {"ExecutionArn": started["ExecutionArn"]}
            )
            return _result(ended, parsed=call.resource.pattern == "sync:2")

        return await to_its_end(start(), finish, stop)


def _is_end(event: dict[str, Any]) -> bool:
    return event.get("source") == "aws.states" and event["detail"].get("status") != "RUNNING"


def _result(ended: dict[str, Json], *, parsed: bool) -> Json:
    shown = without_exchange(ended)
    if parsed:
        shown |= {key: loads(shown[key]) for key in ("Input", "Output") if key in shown}
    if shown["Status"] != "SUCCEEDED":
        raise StateError(TASK_FAILED, dumps(shown))
    return shown
