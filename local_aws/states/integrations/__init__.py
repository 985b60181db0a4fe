"""Which service integrations there are, which of them we model, and who carries them out.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from local_aws.states.effects import TaskCall
from local_aws.states.fields import NotModelledError
from local_aws.states.integrations import aws_sdk, ecs_run_task, optimized
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

Integration = Callable[["Cloud", str, TaskCall], Awaitable[Json]]

# The optimized integrations of AWS that we lack; any action of theirs is refused as ours to build.
_LACKING = frozenset(
    {
        "apigateway",
        "athena",
        "batch",
        "bedrock",
        "codebuild",
        "databrew",
        "elasticmapreduce",
        "emr-containers",
    }
    | {"emr-serverless", "events", "eks", "glue", "http", "lambda", "mediaconvert", "sagemaker", "aws-sdk"}
)


def integration(resource: Resource) -> Integration:
    """Return what carries a resource out.

    Raises NotModelledError for what AWS has and we lack, ValueError for what AWS has not either.
    """
    if resource.kind != "Task":
        raise NotModelledError(f"the resource {resource.text}")
    if resource.pattern == "waitForTaskToken":
        raise NotModelledError(f"task tokens ({resource.text})")
    if resource.service.startswith("aws-sdk:"):
        aws_sdk.operation_of(resource)
        return aws_sdk.call
    if (resource.service, resource.action) == ("ecs", "runTask"):
        if resource.pattern == "sync":
            return ecs_run_task.call_and_wait
        return optimized.call
    if resource.service in optimized.SERVICES:
        return optimized.check(resource)
    if resource.service in _LACKING:
        raise NotModelledError(f"the integration {resource.text}")
    raise ValueError(resource.text)


def check(resource: Resource) -> None:
    """Raise what `integration` raises."""
    integration(resource)
