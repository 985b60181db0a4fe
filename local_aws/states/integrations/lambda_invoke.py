"""Functions as tasks: `lambda:invoke`, `aws-sdk:lambda:invoke`, and a function's own ARN as the resource.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html (Lambda)

Functions are run on the event loop, not through a client: that one would hold a thread for as long as the
function runs, and the function's own calls need threads, too. A state that gives up waiting leaves its
function running, as on AWS.
"""

from __future__ import annotations

import asyncio
import base64
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError, runtime_error
from local_aws.states.integrations.aws_sdk import exception_name
from local_aws.states.integrations.casing import UnknownFieldError, to_request
from local_aws.states.jsontext import Json, dumps, loads, utf8
from local_aws.wire import AwsError, service_model

if TYPE_CHECKING:
    from local_aws.cloud import Cloud
    from local_aws.functions.service import Answer

_running: Final[set[asyncio.Future[Answer]]] = set()  # asyncio itself keeps only weak references


async def call(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Carry `lambda:invoke` out: the answer with its payload parsed, and the HTTP exchange.

    Raises StateError: what the function has raised, by its type, or `Lambda.*` for what Lambda refuses.
    """
    asked = _request(task)
    try:
        answer = await _invoke(cloud, region, asked)
    except AwsError as error:
        raise _refusal_1(error, cloud.new_id()) from error
    payload = _parsed(answer.payload)
    if answer.failed:
        raise _failure(payload, dumps(payload))
    shown = {"Payload": payload, "StatusCode": answer.status, **_log(asked, answer)}
    return dict(sorted({**shown, **_version(answer), **_exchange(cloud, asked, answer)}.items()))


async def call_sdk(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Carry `aws-sdk:lambda:invoke` out: the API's answer, whose payload is text; a function's error is none.

    Raises StateError with the names and texts of the SDK for Java 2.
    """
    asked = _request(task)
    try:
        answer = await _invoke(cloud, region, asked)
    except AwsError as error:
        details = f"Service: Lambda, Status Code: {error.status}, Request ID: {cloud.new_id()}"
        cause = f"{error.message} ({details}) (SDK Attempt Count: 1)"
        raise StateError(f"Lambda.{_exception(error) or 'LambdaException'}", cause) from error
    failed = {"FunctionError": "Unhandled"} if answer.failed else {}
    text = answer.payload.decode(errors="replace")
    return {**_version(answer), **failed, **_log(asked, answer), "Payload": text, "StatusCode": answer.status}


async def call_function(cloud: Cloud, region: str, task: TaskCall) -> Json:
    """Invoke the function that a Task names as its resource; return what it returns.

    Raises StateError as `call` does; the cause of a function's error is its text, byte for byte.
    """
    body = utf8(dumps(task.parameters))
    try:
        answer = await _invoke(cloud, region, {"FunctionName": task.resource.text, "Payload": body})
    except AwsError as error:
        raise _refusal_1(error, cloud.new_id()) from error
    payload = _parsed(answer.payload)
    if answer.failed:
        raise _failure(payload, answer.payload.decode(errors="replace"))
    return payload


def _request(task: TaskCall) -> dict[str, Any]:
    """Return the parameters as the API's members; raises States.Runtime when they do not fit."""
    shape = service_model("lambda").operation_model("Invoke").input_shape
    why = 'The field "FunctionName" is required but was missing'
    try:
        asked: dict[str, Any] = to_request(task.parameters, shape) if shape else {}
        if "FunctionName" in asked:
            return asked
    except UnknownFieldError as error:
        why = str(error)
    raise runtime_error(
        f"The Parameters '{dumps(task.parameters)}' could not be used to start the Task: [{why}]"
    )


async def _invoke(cloud: Cloud, region: str, asked: dict[str, Any]) -> Answer:
    """Invoke a function as whoever acts; raises AwsError."""
    functions, named = cloud.functions(region), str(asked["FunctionName"])
    functions.permit(named)
    qualifier = f":{asked['Qualifier']}" if asked.get("Qualifier") else ""
    context = asked.get("ClientContext")
    invoking = asyncio.ensure_future(
        functions.invoke(
            named + qualifier,
            asked.get("Payload", b""),
            asked.get("InvocationType", "RequestResponse"),
            base64.b64decode(context).decode() if context else None,
        )
    )
    _running.add(invoking)
    invoking.add_done_callback(_forget)
    return await asyncio.shield(invoking)


def _forget(invoking: asyncio.Future[Answer]) -> None:
    _running.discard(invoking)
    if not invoking.cancelled():
        invoking.exception()  # what becomes of it may matter to nobody by now


def _refusal_1(error: AwsError, request_id: str) -> StateError:
    """Return what Lambda refuses as the SDK for Java 1 tells it."""
    details = f"Service: AWSLambda; Status Code: {error.status}; Error Code: {error.code}"
    cause = f"{error.message} ({details}; Request ID: {request_id}; Proxy: null)"
    return StateError(f"Lambda.{_exception(error) or 'AWSLambdaException'}", cause)


def _exception(error: AwsError) -> str | None:
    return exception_name(error.code, service_model("lambda"))


def _failure(payload: Json, cause: str) -> StateError:
    """Return a function's error, by its type; Lambda.Unknown when it tells none."""
    kind = payload.get("errorType") if isinstance(payload, dict) else None
    return StateError(str(kind or "Lambda.Unknown"), cause)


def _parsed(payload: bytes) -> Json:
    """Return a payload as JSON; text that is none stays text."""
    text = payload.decode(errors="replace")
    try:
        return loads(text)
    except ValueError:
        return text


def _version(answer: Answer) -> Json:
    return {"ExecutedVersion": "$LATEST"} if answer.status == 200 else {}


def _log(asked: dict[str, Any], answer: Answer) -> Json:
    return {"LogResult": answer.log} if asked.get("LogType") == "Tail" and answer.log else {}


def _exchange(cloud: Cloud, asked: dict[str, Any], answer: Answer) -> Json:
    """Return the HTTP exchange in the names that were recorded on AWS, but for X-Ray's trace."""
    headers = {
        "Connection": "keep-alive",
        "Content-Length": str(len(answer.payload)),
        "Content-Type": "application/json",
        "Date": format_datetime(cloud.clock.now(), usegmt=True),
        "x-amzn-Remapped-Content-Length": "0",
        "x-amzn-RequestId": answer.request_id,
    }
    if answer.status == 200:
        headers["X-Amz-Executed-Version"] = "$LATEST"
    if log := _log(asked, answer):
        headers["X-Amz-Log-Result"] = log["LogResult"]
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": answer.status,
        },
        "SdkResponseMetadata": {"RequestId": answer.request_id},
    }
