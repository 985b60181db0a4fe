"""`events:putEvents`: put events on a bus, and fail when an entry was refused.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.integrations.optimized import request, without_exchange
from local_aws.states.jsontext import Json, dumps

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Put the events, each with the machine and the execution among its resources.

    Raises StateError: EventBridge.FailedEntry, with the answer as Cause, when an entry was refused.
    """
    parameters = dict(task.parameters)
    if isinstance(parameters.get("Entries"), list):
        parameters["Entries"] = [_with_source(entry, task) for entry in parameters["Entries"]]
    answer = await request(cloud, region, "events", "PutEvents", parameters)
    if answer["FailedEntryCount"]:
        raise StateError("EventBridge.FailedEntry", dumps(without_exchange(answer)))
    return answer


def _with_source(entry: Json, task: TaskCall) -> Json:
    if not isinstance(entry, dict):
        return entry
    return {**entry, "Resources": [*(entry.get("Resources") or []), task.machine, task.execution]}
