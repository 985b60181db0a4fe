"""What calls of Lambda need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from local_aws.iam.calls import Call
from local_aws.iam.policies import Need
from local_aws.wire import Json

LAMBDA: Final = "lambda.amazonaws.com"
_WITHOUT_RESOURCE: Final = {"ListFunctions"}


def needs(account: str, call: Call) -> Iterator[Need]:
    """Yield what a call needs; code and roles are the caller's to give.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    parameters = call.parameters
    action = "InvokeFunction" if call.operation == "Invoke" else call.operation
    if call.operation in _WITHOUT_RESOURCE:
        yield Need(f"lambda:{action}")
        return
    named = str(parameters.get("Resource") or parameters.get("FunctionName") or "")
    name = named.rpartition("function:")[2].partition(":")[0]
    arn = f"arn:aws:lambda:{call.region}:{account}:function:{name}"
    yield Need(f"lambda:{action}", arn if name else None)
    if role := parameters.get("Role"):
        yield Need("iam:PassRole", str(role), {"iam:passedtoservice": (LAMBDA,)})
    code = parameters.get("Code") or parameters
    if isinstance(code, dict) and code.get("S3Bucket"):
        yield _of_code(code)


def _of_code(code: dict[str, Json]) -> Need:
    version = "Version" if code.get("S3ObjectVersion") else ""
    return Need(f"s3:GetObject{version}", f"arn:aws:s3:::{code['S3Bucket']}/{code.get('S3Key', '')}")
