"""Events of tasks on the event bus.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from local_aws.ecs.records import Task
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


def publish(cloud: Cloud, task: Task) -> None:
    """Put a task as it is on the bus of its region."""
    bus = cloud.events(task.arn.split(":")[3])
    interface = task.attachment | {"type": "eni"}  # the API has another name for it
    described = task.describe([]) | {"attachments": [interface], "updatedAt": cloud.clock.now()}
    detail = _iso_times(described)
    bus.publish(bus.event("aws.ecs", "ECS Task State Change", detail, [task.arn]))


def _iso_times(value: Json) -> Json:
    """Return a description with its times as events carry them (ISO 8601, milliseconds, UTC)."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _iso_times(member) for name, member in value.items()}
    return [_iso_times(member) for member in value] if isinstance(value, list) else value
