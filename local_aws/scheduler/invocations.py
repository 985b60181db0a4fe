"""What EventBridge Scheduler's targets are: API calls, of which some have a form of their own.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ParamValidationError
from botocore.model import OperationModel

from local_aws.over_moto.resources.base import lowered
from local_aws.states.integrations.aws_sdk import operation_of
from local_aws.states.integrations.casing import UnknownFieldError, to_request
from local_aws.states.resources import parse_resource
from local_aws.wire import AwsError, Json, not_modelled

_UNIVERSAL: Final = "arn:aws:scheduler:::aws-sdk:"
_ALWAYS: Final = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}
_READING: Final = re.compile(r"(batchGet|describe|get|list|poll|query|receive|scan|search|select)([A-Z].*)?")


@dataclass(frozen=True)
class Invocation:
    """One call, as boto3 makes it."""

    service: str
    method: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A templated target: the ARNs it has, the member that only it takes, and the call it stands for."""

    arn: re.Pattern[str]
    member: str | None
    takes_json: bool
    call: Callable[[dict[str, Json], str, str], Invocation]  # by the target, its input and the execution id


def check_target(target: dict[str, Json]) -> None:
    """Raise AwsError unless we can invoke a target, as CreateSchedule takes it."""
    arn = str(target["Arn"])
    if arn.startswith(_UNIVERSAL):
        _operation(arn)
        own, takes_json = None, True
    else:
        form = _form(arn)
        own, takes_json = form.member, form.takes_json
    asked = {name for name, value in target.items() if value not in (None, [], {}, "")}
    for lacking in sorted(asked - _ALWAYS - {own}):
        raise not_modelled(f"{lacking} of a schedule's target {arn}")
    if takes_json and target.get("Input"):
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise AwsError("ValidationException", f"Input of {arn} must be JSON: {error}") from error
    if own in ("EcsParameters", "EventBridgeParameters") and not target.get(own):
        raise AwsError("ValidationException", f"{own} must be given for target {arn}")


def invocation_of(target: dict[str, Json], text: str, execution_id: str) -> Invocation:
    """Return the call that a checked target stands for, with `text` as its input."""
    arn = str(target["Arn"])
    if not arn.startswith(_UNIVERSAL):
        return _form(arn).call(target, text, execution_id)
    operation = _operation(arn)
    shape = operation.input_shape
    try:
        request = to_request(json.loads(text), shape) if shape and target.get("Input") else {}
    except (UnknownFieldError, ParamValidationError, TypeError, ValueError) as error:
        raise AwsError("ValidationException", f"the input of {arn} does not fit: {error}") from error
    return Invocation(operation.service_model.service_name, xform_name(operation.name), request)


def _form(arn: str) -> Form:
    for form in _FORMS:
        if form.arn.fullmatch(arn):
            return form
    raise not_modelled(f"a schedule's target of this kind: {arn}")


def _operation(arn: str) -> OperationModel:
    """Return the API that a universal target names; Scheduler takes none that only reads."""
    resource = parse_resource("arn:aws:states:::aws-sdk:" + arn.removeprefix(_UNIVERSAL))
    refusal = AwsError("ValidationException", f"{arn} is not a supported target API")
    if resource is None or resource.pattern or _READING.fullmatch(resource.action):
        raise refusal
    try:
        return operation_of(resource)
    except ValueError as error:
        raise refusal from error


def _run_task(target: dict[str, Json], text: str, _: str) -> Invocation:
    given = dict(target["EcsParameters"])
    definition, count = given.pop("TaskDefinitionArn"), given.pop("TaskCount", 1)
    parameters = {"cluster": target["Arn"], "taskDefinition": definition, "count": count, **lowered(given)}
    if target.get("Input"):
        parameters["overrides"] = json.loads(text)
    return Invocation("ecs", "run_task", parameters)


def _put_events(target: dict[str, Json], text: str, _: str) -> Invocation:
    given = target["EventBridgeParameters"]
    entry = {"EventBusName": target["Arn"], "Detail": text}
    return Invocation("events", "put_events", {"Entries": [{**given, **entry}]})


def _send_message(target: dict[str, Json], text: str, _: str) -> Invocation:
    region, account, name = str(target["Arn"]).split(":")[3:]
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
    more = {"MessageGroupId": group} if group else {}
    return Invocation("sqs", "send_message", {"QueueUrl": url, "MessageBody": text, **more})


def _publish(target: dict[str, Json], text: str, _: str) -> Invocation:
    return Invocation("sns", "publish", {"TopicArn": target["Arn"], "Message": text})


def _invoke(target: dict[str, Json], text: str, _: str) -> Invocation:
    parameters = {"FunctionName": target["Arn"], "InvocationType": "Event", "Payload": text.encode()}
    return Invocation("lambda", "invoke", parameters)


def _start_execution(target: dict[str, Json], text: str, execution_id: str) -> Invocation:
    # By its name, an execution that was started by an attempt whose answer was lost is not started again.
    parameters = {"stateMachineArn": target["Arn"], "input": text, "name": execution_id}
    return Invocation("stepfunctions", "start_execution", parameters)


def _arn(service: str, resource: str) -> re.Pattern[str]:
    return re.compile(rf"arn:aws:{service}:[a-z0-9-]+:\d{{12}}:{resource}")


_FORMS: Final = (
    Form(_arn("ecs", r"cluster/[\w-]+"), "EcsParameters", True, _run_task),
    Form(_arn("events", r"event-bus/default"), "EventBridgeParameters", True, _put_events),
    Form(_arn("lambda", r"function:[\w-]+(:.+)?"), None, True, _invoke),
    Form(_arn("sns", r"[\w-]{1,256}"), None, False, _publish),
    Form(_arn("sqs", r"[\w-]{1,80}(\.fifo)?"), "SqsParameters", False, _send_message),
    Form(_arn("states", r"stateMachine:[^:]+"), None, True, _start_execution),
)
