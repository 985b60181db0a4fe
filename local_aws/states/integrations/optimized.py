"""The optimized integrations that call one API and return its answer, with the names of the SDK for Java 1.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.fields import NotModelledError
from local_aws.states.integrations.aws_sdk import call_api, exception_name
from local_aws.states.integrations.casing import from_response
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource
from local_aws.wire import service_model

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


@dataclass(frozen=True, slots=True)
class _Service:
    """How the SDK for Java 1 names a service: in error names, in their text, and where it has no class."""

    botocore: str
    prefix: str
    title: str
    unmodelled: str
    actions: dict[str, str]  # ASL's name and the API's


SERVICES = {
    "ecs": _Service("ecs", "ECS", "AmazonECS", "AmazonECSException", {"runTask": "RunTask"}),
    "sns": _Service("sns", "SNS", "AmazonSNS", "AmazonSNSException", {"publish": "Publish"}),
    "sqs": _Service("sqs", "SQS", "AmazonSQS", "AmazonSQSException", {"sendMessage": "SendMessage"}),
    "states": _Service(
        "stepfunctions",
        "StepFunctions",
        "AWSStepFunctions",
        "AWSStepFunctionsException",
        {"startExecution": "StartExecution"},
    ),
    "dynamodb": _Service(
        "dynamodb",
        "DynamoDB",
        "AmazonDynamoDBv2",
        "AmazonDynamoDBException",
        {action + "Item": action.capitalize() + "Item" for action in ("get", "put", "update", "delete")},
    ),
}


def check(resource: Resource) -> Callable[[Cloud, str, TaskCall], Awaitable[Json]]:
    """Return what carries a resource out; raises ValueError or NotModelledError."""
    if resource.action not in SERVICES[resource.service].actions:
        raise ValueError(resource.text)
    if resource.pattern:
        raise NotModelledError(f"the integration {resource.text}")
    return call


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Call the API; the answer also shows the HTTP exchange, as that of every optimized integration."""
    service = SERVICES[task.resource.service]
    operation = service_model(service.botocore).operation_model(service.actions[task.resource.action])
    answer = await request(cloud, region, service, operation, task.parameters)
    metadata = answer.pop("ResponseMetadata", {})
    return {**from_response(answer, operation.output_shape), **_exchange(metadata)}


async def request(
    cloud: Cloud, region: str, service: _Service, operation: OperationModel, parameters: Json
) -> dict[str, Any]:
    """Call an API and return boto3's answer; raises StateError with the names of the SDK for Java 1."""
    try:
        answer: dict[str, Any] = await call_api(cloud, region, operation, parameters)
    except ClientError as error:
        raise _state_error(error, service, operation) from error
    return answer


def _state_error(error: ClientError, service: _Service, operation: OperationModel) -> StateError:
    details, metadata = error.response["Error"], error.response.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    name = exception_name(code, operation.service_model) or service.unmodelled
    return StateError(
        f"{service.prefix}.{name}",
        f"{details.get('Message')} (Service: {service.title}; "
        f"Status Code: {metadata.get('HTTPStatusCode', 400)}; "
        f"Error Code: {code}; Request ID: {metadata.get('RequestId', '')}; Proxy: null)",
    )


def _exchange(metadata: dict[str, Any]) -> Json:
    headers = {str(key): str(value) for key, value in metadata.get("HTTPHeaders", {}).items()}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {key: [value] for key, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId", "")},
    }
