"""What a rule's target may be and ask for."""

from __future__ import annotations

import json
import re

from local_aws.events.targets import kind_of
from local_aws.events.transformer import RESERVED, check_path, variables_in
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
    _check_dead_letters(target, region)


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
    if target.get("InputTransformer"):
        _check_transformer(target["Id"], target["InputTransformer"])


def _check_transformer(target_id: str, transformer: dict[str, Json]) -> None:
    paths = transformer.get("InputPathsMap") or {}
    for name, path in paths.items():
        if name.lower().startswith("aws."):
            raise AwsError("ValidationException", f"InputPathsMap: the name {name} is reserved.")
        check_path(path)
    if not transformer.get("InputTemplate"):
        raise AwsError("ValidationException", "InputTemplate must be provided with an InputTransformer.")
    for name in variables_in(transformer["InputTemplate"]):
        if name not in paths and name not in RESERVED:
            message = f"InputTemplate for target {target_id} contains invalid placeholder {name}."
            raise AwsError("ValidationException", message)


def _check_dead_letters(target: dict[str, Json], region: str) -> None:
    arn = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
    if not arn:
        return
    queue = _QUEUE.fullmatch(arn)
    if queue is None or queue["fifo"] or queue["region"] != region:
        raise AwsError(
            "ValidationException",
            f"The dead-letter queue {arn} must be a standard SQS queue in the rule's region, {region}.",
        )
