"""The optimized integrations that call one API and return its answer, with the names of the SDK for Java 1.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.integrations.aws_sdk import call_api, exception_name
from local_aws.states.integrations.casing import from_java_1
from local_aws.states.integrations.names import pascal
from local_aws.states.jsontext import Json
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
    empty_lists: bool = False  # whether its objects have a list where the service sent none


SERVICES = {
    "ecs": _Service("ecs", "ECS", "AmazonECS", "AmazonECSException", empty_lists=True),
    "events": _Service("events", "EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "sns": _Service("sns", "SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": _Service("sqs", "SQS", "AmazonSQS", "AmazonSQSException"),
    "states": _Service("stepfunctions", "StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
    "dynamodb": _Service("dynamodb", "DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
}


def operation_of(service: str, name: str) -> OperationModel:
    """Return botocore's model of operation `name` of a service."""
    return service_model(SERVICES[service].botocore).operation_model(name)


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Call the API; the answer also shows the HTTP exchange, as that of every optimized integration."""
    operation = pascal(task.resource.action)
    return await request(cloud, region, task.resource.service, operation, task.parameters)


async def request(cloud: Cloud, region: str, service: str, name: str, parameters: Json) -> dict[str, Json]:
    """Call operation `name` of a service as `call` does; raises StateError in the SDK for Java 1's words."""
    named, operation = SERVICES[service], operation_of(service, name)
    try:
        answer = await call_api(cloud, region, operation, parameters)
    except ClientError as error:
        raise _state_error(error, named, operation) from error
    metadata = answer.pop("ResponseMetadata", {})
    shown = from_java_1(answer, operation.output_shape, lists=named.empty_lists)
    return dict(sorted({**shown, **_exchange(metadata)}.items()))


def without_exchange(answer: dict[str, Json]) -> dict[str, Json]:
    """Return an answer without the HTTP exchange, as errors and the ends of jobs show it."""
    return {key: value for key, value in answer.items() if not key.startswith("Sdk")}


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
