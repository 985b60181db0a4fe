"""Asynchronous invocations: tried again when they fail, and told to a destination in the end.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaFunction

from local_aws.iam.roles import NotTrustedError, acting_as
from local_aws.wire import AwsError, Json, not_modelled

if TYPE_CHECKING:
    from local_aws.functions.service import Answer, Functions

_AFTER_ERRORS: Final = (60.0, 120.0)  # seconds before the second and the third attempt
_LONGEST_WAIT: Final = 300.0  # for concurrency, beginning with a second
_OLDEST: Final = 6 * 3600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What waits in a function's queue, and since when (seconds since the epoch)."""

    request_id: str
    function: str
    payload: bytes
    since: float


async def deliver(functions: Functions, event: Event) -> None:
    """Invoke the function until it succeeds or nothing more is to be tried, and tell its destination."""
    attempts, throttles = 0, 0
    answer: Answer | None = None
    while True:
        try:
            function = functions.find(event.function)
            if function.reserved_concurrency == 0:
                return await _tell(functions, function, event, "ZeroReservedConcurrency", attempts, answer)
            config = _config(function)
            answer = await functions.run(function, event.request_id, event.payload)
            attempts += 1
            if not answer.failed:
                return await _tell(functions, function, event, "Success", attempts, answer)
            if attempts > int(config.get("MaximumRetryAttempts", len(_AFTER_ERRORS))):
                return await _tell(functions, function, event, "RetriesExhausted", attempts, answer)
            wait = _AFTER_ERRORS[attempts - 1]
        except AwsError as refusal:
            if refusal.code != "TooManyRequestsException":
                log.warning("an event for the function %s is lost: %s", event.function, refusal)
                return None
            wait = min(2.0**throttles, _LONGEST_WAIT)
            throttles += 1
        oldest = float(config.get("MaximumEventAgeInSeconds", _OLDEST))
        if functions.cloud.clock.time() + wait - event.since > oldest:
            return await _tell(functions, function, event, "EventAgeExceeded", attempts, answer)
        await functions.cloud.clock.sleep(wait)


def check_destinations(config: dict[str, Json]) -> None:
    """Raise AwsError for a destination that we lack."""
    for outcome, settings in (config.get("DestinationConfig") or {}).items():
        arn = (settings or {}).get("Destination")
        if arn and arn.split(":")[2:3] not in (["sqs"], ["sns"]):
            raise not_modelled(f"{outcome} of a function to {arn}; it has queues and topics")


def _config(function: LambdaFunction) -> dict[str, Json]:
    return function.event_invoke_config[-1].config if function.event_invoke_config else {}


async def _tell(
    functions: Functions,
    function: LambdaFunction,
    event: Event,
    condition: str,
    attempts: int,
    answer: Answer | None,
) -> None:
    """Send the record of the invocation to the function's destination, with the function's role."""
    outcome = "OnSuccess" if condition == "Success" else "OnFailure"
    destination = ((_config(function).get("DestinationConfig") or {}).get(outcome) or {}).get("Destination")
    if not destination:
        return
    record = _record(functions, function, event, condition, attempts, answer)
    roles = functions.cloud.enforcer.roles
    try:
        session = roles.begin(
            function.role, "lambda.amazonaws.com", function.function_arn, function.function_name
        )
        with acting_as(session.access_key):
            await _send(functions, destination, json.dumps(record))
    except (ClientError, NotTrustedError) as error:
        log.warning("%s did not take the record of %s: %s", destination, event.function, error)


def _record(
    functions: Functions,
    function: LambdaFunction,
    event: Event,
    condition: str,
    attempts: int,
    answer: Answer | None,
) -> dict[str, Json]:
    record: dict[str, Json] = {
        "version": "1.0",
        "timestamp": f"{functions.cloud.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(event.payload or b"{}"),
    }
    if answer is not None:
        failed = {"functionError": "Unhandled"} if answer.failed else {}
        record["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST", **failed}
        record["responsePayload"] = json.loads(answer.payload)
    return record


async def _send(functions: Functions, destination: str, text: str) -> None:
    service, region, account, name = destination.split(":")[2:6]
    call = functions.cloud.call
    if service == "sns":
        await call("sns", region, "publish", TopicArn=destination, Message=text)
        return
    queue = await call("sqs", region, "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)
    await call("sqs", region, "send_message", QueueUrl=queue["QueueUrl"], MessageBody=text)
