"""`aws-sdk:SERVICE:ACTION`: any API of AWS, with the names and errors of the AWS SDK for Java 2.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import OperationModel, ServiceModel

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError, runtime_error
from local_aws.states.integrations.casing import UnknownFieldError, from_response, to_request
from local_aws.states.integrations.names import error_prefix, sdk_services
from local_aws.states.jsontext import Json, dumps
from local_aws.states.resources import Resource
from local_aws.wire import service_model

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# S3 answers HEAD requests without a body, so without an error code.
_BY_STATUS = {("s3", "404"): "NoSuchKey", ("s3", "HeadBucket404"): "NoSuchBucket"}


def operation_of(resource: Resource) -> OperationModel:
    """Return botocore's model of what a resource calls; raises ValueError when there is no such API."""
    asked = resource.service.removeprefix("aws-sdk:")
    if asked not in sdk_services():
        raise ValueError(asked)
    model = service_model(sdk_services()[asked])
    operations = {name[:1].lower() + name[1:]: name for name in model.operation_names}
    if resource.action not in operations or resource.pattern not in ("", "waitForTaskToken"):
        raise ValueError(resource.text)
    return model.operation_model(operations[resource.action])


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Call the API; raises StateError with the name and the text that the Java SDK gives an error."""
    operation = operation_of(task.resource)
    try:
        answer = await call_api(cloud, region, operation, task.parameters)
    except ClientError as error:
        raise _state_error(error, operation) from error
    return from_response(answer, operation.output_shape) or {}


async def call_api(cloud: Cloud, region: str, operation: OperationModel, parameters: Json) -> Json:
    """Call an API with PascalCase parameters; raises ClientError, or States.Runtime when they do not fit."""
    service = operation.service_model.service_name
    request = check_parameters(operation, parameters)
    try:
        return await cloud.call(service, region, xform_name(operation.name), **request)
    except (ParamValidationError, TypeError) as error:
        raise _unusable(parameters, error) from error


def check_parameters(operation: OperationModel, parameters: Json) -> dict[str, Any]:
    """Return parameters as boto3 takes them; raises States.Runtime when the API does not have one."""
    try:
        return to_request(parameters, operation.input_shape) if operation.input_shape else {}
    except UnknownFieldError as error:
        raise _unusable(parameters, error) from error


def _unusable(parameters: Json, why: Exception) -> StateError:
    return runtime_error(f"The Parameters '{dumps(parameters)}' could not be used to start the Task: [{why}]")


def _state_error(error: ClientError, operation: OperationModel) -> StateError:
    model, details = operation.service_model, error.response["Error"]
    service = model.service_name
    code = str(details.get("Code", ""))
    code = _BY_STATUS.get((service, operation.name + code), _BY_STATUS.get((service, code), code))
    prefix = error_prefix(model)
    return StateError(
        f"{prefix}.{exception_name(code, model) or prefix + 'Exception'}", _cause(error, prefix)
    )


def exception_name(code: str, model: ServiceModel) -> str | None:
    """Return the Java SDK's class for an error code that is in the API's model; None for any other."""
    for shape in model.error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            name = str(shape.name).removesuffix("Fault")
            return name if name.endswith("Exception") else name + "Exception"
    return None


def _cause(error: ClientError, prefix: str) -> str:
    metadata = error.response.get("ResponseMetadata", {})
    parts = [f"Service: {prefix}", f"Status Code: {metadata.get('HTTPStatusCode', 400)}"]
    parts.append(f"Request ID: {metadata.get('RequestId', '')}")
    if prefix == "S3":
        parts.append(f"Extended Request ID: {metadata.get('HostId', '')}")
    details = error.response["Error"]
    # The answer to a HEAD request has no body, so no message: the SDK for Java prints its null.
    message = "null" if str(details.get("Code")).isdecimal() else details.get("Message") or "null"
    return f"{message} ({', '.join(parts)}) (SDK Attempt Count: 1)"
