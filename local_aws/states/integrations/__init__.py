"""Which service integrations there are, which of them we model, and who carries them out.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from local_aws.states.effects import TaskCall
from local_aws.states.fields import NotModelledError
from local_aws.states.integrations import (
    aws_sdk,
    ecs_run_task,
    lambda_invoke,
    optimized,
    put_events,
    start_execution,
)
from local_aws.states.integrations.names import pascal
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

Integration = Callable[["Cloud", str, TaskCall], Coroutine[Any, Any, Json]]

# The optimized integrations that we have. Of `.waitForTaskToken` each does the beginning.
_OPTIMIZED: Final[dict[str, Integration]] = {
    "dynamodb:deleteItem": optimized.call,
    "dynamodb:getItem": optimized.call,
    "dynamodb:putItem": optimized.call,
    "dynamodb:updateItem": optimized.call,
    "ecs:runTask": optimized.call,
    "ecs:runTask.sync": ecs_run_task.call_and_wait,
    "ecs:runTask.waitForTaskToken": ecs_run_task.call,
    "events:putEvents": put_events.call,
    "events:putEvents.waitForTaskToken": put_events.call,
    "lambda:invoke": lambda_invoke.call,
    "lambda:invoke.waitForTaskToken": lambda_invoke.call,
    "sns:publish": optimized.call,
    "sns:publish.waitForTaskToken": optimized.call,
    "sqs:sendMessage": optimized.call,
    "sqs:sendMessage.waitForTaskToken": optimized.call,
    "states:startExecution": optimized.call,
    "states:startExecution.sync": start_execution.call_and_wait,
    "states:startExecution.sync:2": start_execution.call_and_wait,
    "states:startExecution.waitForTaskToken": optimized.call,
}
# The services whose optimized integrations we lack; any action of theirs is refused as ours to build.
_LACKING: Final = frozenset(
    {"apigateway", "athena", "batch", "bedrock", "codebuild", "databrew", "eks", "elasticmapreduce"}
    | {"emr-containers", "emr-serverless", "glue", "http", "mediaconvert", "sagemaker"}
)


def integration(resource: Resource) -> Integration:
    """Return what carries a resource out.

    Raises NotModelledError for what AWS has and we lack, ValueError for what AWS has not either.
    """
    if resource.kind == "Activity":
        return _activity
    if resource.kind == "LambdaFunction":
        return lambda_invoke.call_function
    if resource.service.startswith("aws-sdk:"):
        operation = aws_sdk.operation_of(resource)
        named = (operation.service_model.service_name, operation.name)
        return lambda_invoke.call_sdk if named == ("lambda", "Invoke") else aws_sdk.call
    if resource.service in _LACKING:
        raise NotModelledError(f"the integration {resource.text}")
    known = _OPTIMIZED.get(f"{resource.service}:{resource.action_and_pattern}")
    if known is None:
        raise ValueError(resource.text)
    return known


def check(resource: Resource) -> None:
    """Raise what `integration` raises."""
    integration(resource)


def check_parameters(resource: Resource, parameters: Json) -> None:
    """Raise States.Runtime for a parameter that the API behind a resource does not have."""
    if resource.service.startswith("aws-sdk:"):
        aws_sdk.check_parameters(aws_sdk.operation_of(resource), parameters)
    elif resource.service in optimized.SERVICES:
        aws_sdk.check_parameters(
            optimized.operation_of(resource.service, pascal(resource.action)), parameters
        )


async def _activity(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Offer the task to the activity's workers."""
    return await cloud.states(region).activity(task.resource.text).done(task)
