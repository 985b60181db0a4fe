"""Lambda over moto: moto keeps functions and policies; what may be asked of them, and invoking, is ours.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from werkzeug.wrappers import Request, Response

from local_aws.functions.asynchronous import check_destinations
from local_aws.functions.code import check_archive
from local_aws.functions.settings import check_settings
from local_aws.iam.roles import NotTrustedError
from local_aws.over_moto.requests import with_body
from local_aws.over_moto.rest import operation_of
from local_aws.wire import AwsError, Json, json_error, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# What moto answers as AWS does. Whatever else Lambda has (versions, aliases, layers, event source mappings,
# function URLs, provisioned concurrency) moto would accept and no process would know of, so it is refused.
_MOTOS: Final = {
    *("CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionConfiguration", "ListFunctions"),
    *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
    *("AddPermission", "GetPolicy", "RemovePermission"),
    *("PutFunctionConcurrency", "GetFunctionConcurrency", "DeleteFunctionConcurrency"),
    *("PutFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"),
    *("ListTags", "TagResource", "UntagResource"),
}
_OF_CODE: Final = {"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion"}
_OF_PERMISSIONS: Final = {"StatementId", "Action", "Principal", "SourceArn", "SourceAccount", "RevisionId"}
Forward = Callable[[Request], Response]


class Functions:
    """Answers the requests signed for `lambda` that are no invocations."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request, region: str, forward: Forward) -> Response:
        """Answer one request, or let moto (called with its lock held)."""
        name, path = operation_of("lambda", request)
        try:
            if name not in _MOTOS:
                raise not_modelled(f"lambda:{name or request.path}")
            if path.get("Qualifier") not in (None, "$LATEST"):
                raise not_modelled(f"versions and aliases of functions ({path['Qualifier']})")
            body = self._checked(name, path, json.loads(request.get_data() or b"{}"), region)
        except AwsError as error:
            return json_error(error)
        response = forward(with_body(request, json.dumps(body).encode()) if body else request)
        if name == "DeleteFunction" and response.status_code < 300:
            self.cloud.run(self.cloud.functions(region).forget(path["FunctionName"].rpartition(":")[2]))
        return response

    def _checked(self, name: str, path: dict[str, Json], body: dict[str, Json], region: str) -> Json:
        """Return the body as moto shall see it; raise AwsError for what is refused."""
        match name:
            case "CreateFunction":
                check_settings(body)
                self._check_role(body["FunctionName"], body["Role"], region)
                return {**body, "Code": self._code(body["Code"], region)}
            case "UpdateFunctionConfiguration":
                check_settings(body, update=True)
                if role := body.get("Role"):
                    self._check_role(path["FunctionName"], role, region)
            case "UpdateFunctionCode":
                return self._code(body, region)
            case "AddPermission":
                self._check_permission(path["FunctionName"], body, region)
            case "PutFunctionEventInvokeConfig":
                check_destinations(body)
                # moto would add it to those that there are, and answer with the oldest.
                self.cloud.functions(region).find(path["FunctionName"]).event_invoke_config.clear()
        return body

    def _check_role(self, named: str, role: str, region: str) -> None:
        name = named.rpartition(":")[2]
        arn = f"arn:aws:lambda:{region}:{self.cloud.account}:function:{name}"
        try:
            self.cloud.enforcer.roles.begin(role, "lambda.amazonaws.com", arn, name)
        except NotTrustedError as error:
            raise AwsError(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            ) from error

    def _code(self, code: dict[str, Json], region: str) -> dict[str, Json]:
        """Return code as moto takes it in: the archive itself, for of an object it would take any version."""
        for lacking in sorted(name for name, value in code.items() if value and name not in _OF_CODE):
            raise not_modelled(f"{lacking} of a function's code")
        inline = code.get("ZipFile")
        archive = base64.b64decode(inline) if inline else self._object(code, region)
        check_archive(archive)
        return {"ZipFile": base64.b64encode(archive).decode()}

    def _object(self, code: dict[str, Json], region: str) -> bytes:
        version = {"VersionId": code["S3ObjectVersion"]} if code.get("S3ObjectVersion") else {}
        try:
            place = {"Bucket": code.get("S3Bucket", ""), "Key": code.get("S3Key", "")}
            found = self.cloud.client("s3", region).get_object(**place, **version)
        except ClientError as error:
            told = error.response["Error"]
            raise AwsError(
                "InvalidParameterValueException",
                f"Error occurred while GetObject. S3 Error Code: {told['Code']}. "
                f"S3 Error Message: {told['Message']}",
            ) from error
        content: bytes = found["Body"].read()
        return content

    def _check_permission(self, named: str, body: dict[str, Json], region: str) -> None:
        for lacking in sorted(set(body) - _OF_PERMISSIONS):
            raise not_modelled(f"{lacking} of a function's permission")
        statements = self.cloud.functions(region).find(named).policy.statements
        if body["StatementId"] in [statement["Sid"] for statement in statements]:
            raise AwsError(
                "ResourceConflictException",
                f"The statement id ({body['StatementId']}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement.",
                status=409,
            )


def is_invocation(request: Request) -> bool:
    """Tell whether a request signed for Lambda invokes a function."""
    return operation_of("lambda", request)[0] == "Invoke"


def invoke(cloud: Cloud, request: Request, region: str) -> Response:
    """Answer an Invoke; it may take minutes, in which the function may call whatever it likes.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    _, path = operation_of("lambda", request)
    named = path["FunctionName"] + (f":{path['Qualifier']}" if "Qualifier" in path else "")
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    context = request.headers.get("X-Amz-Client-Context")
    try:
        answer = cloud.run(
            cloud.functions(region).invoke(
                named, request.get_data(), kind, base64.b64decode(context).decode() if context else None
            )
        )
    except AwsError as error:
        return json_error(error)
    headers = {"x-amzn-RequestId": answer.request_id}
    if answer.status == 200:
        headers["X-Amz-Executed-Version"] = "$LATEST"
        if answer.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if request.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = answer.log
    return Response(answer.payload, answer.status, headers, mimetype="application/json")
