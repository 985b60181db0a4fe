"""The calls to S3 that a distributed Map itself makes, as its machine's role; no history shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local_aws.states.effects import TaskCall
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

PREFIX: Final = "arn:aws:states:::s3:"


async def call_s3(visit: Visit, action: str, arguments: Json) -> Json:
    """Call an API of S3 for a Map; raises StateError, named as by `aws-sdk:s3`."""
    resource = Resource(PREFIX + action, "Task", "aws-sdk:s3", action)
    token = visit.effects.begin(resource, visit.state.name, visit.iteration)
    call = TaskCall(
        resource, arguments, visit.state.name, visit.iteration, None, lambda _answer: None, token=token
    )
    return await visit.effects.call(call)
