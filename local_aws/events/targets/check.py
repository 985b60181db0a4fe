"""What a rule's target may be and ask for."""

from __future__ import annotations

import json
import re

from local_aws.events.targets import kind_of
from local_aws.events.transformer import check_path
from local_aws.wire import AwsError, Json, not_modelled

_HONOURED = {
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "RetryPolicy",
    "DeadLetterConfig",
}
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
_RETRY_LIMITS = {"MaximumRetryAttempts": (0, 185), "MaximumEventAgeInSeconds": (60, 86_400)}
_QUEUE = re.compile(r"arn:aws:sqs:(?P<region>[a-z0-9-]+):\d{12}:[\w-]{1,80}(?P<fifo>\.fifo)?")


def check_target(target: dict[str, Json], region: str) -> None:
    """Raise AwsError unless events can be delivered to `target` (as PutTargets takes it) the way it asks.

    `region` is the rule's.
    """
    arn = str(target.get("Arn", ""))
    kind = kind_of(arn)
    asked = {name for name, value in target.items() if value not in (None, [], {}, "")}
    for lacking in sorted(asked - _HONOURED - kind.members):
        raise not_modelled(f"{lacking} of an EventBridge target {arn}")
    if kind.needs_role and not target.get("RoleArn"):
        raise AwsError("ValidationException", f"RoleArn is required for target {arn}.")
    if target.get("RoleArn") and not kind.takes_role:
        raise AwsError("ValidationException", f"RoleArn is not supported for target {arn}.")
    kind.check(target)
    _check_input(target)
    _check_failures(target, region)


def _check_input(target: dict[str, Json]) -> None:
    forms = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name)]
    if len(forms) > 1:
        raise AwsError(
            "ValidationException",
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}.",
        )
    if target.get("Input"):
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise AwsError("ValidationException", "JSON syntax error in input for target.") from error
    if target.get("InputPath"):
        check_path(target["InputPath"])
    transformer = target.get("InputTransformer") or {}
    for name, path in (transformer.get("InputPathsMap") or {}).items():
        if name.lower().startswith("aws."):
            raise AwsError("ValidationException", f"InputPathsMap: the name {name} is reserved.")
        check_path(path)
    if transformer and not transformer.get("InputTemplate"):
        raise AwsError("ValidationException", "InputTemplate must be provided with an InputTransformer.")


def _check_failures(target: dict[str, Json], region: str) -> None:
    """Check what shall become of an event that cannot be delivered."""
    for name, (least, most) in _RETRY_LIMITS.items():
        value = (target.get("RetryPolicy") or {}).get(name, most)
        if not least <= value <= most:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{value}' at 'targets.1.member.retryPolicy.{name}' "
                f"failed to satisfy constraint: Member must have value between {least} and {most}",
            )
    arn = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
    if not arn:
        return
    queue = _QUEUE.fullmatch(arn)
    if queue is None or queue["fifo"] or queue["region"] != region:
        raise AwsError(
            "ValidationException",
            f"The dead-letter queue {arn} must be a standard SQS queue in the rule's region, {region}.",
        )
