"""What a target is sent: the event, a part of it, a constant, or a template filled from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from local_aws.wire import AwsError, Json, not_modelled

_STEP: Final = re.compile(
    r"""\.(?P<name>[\w/-]+)|\['(?P<quoted>[^']+)'\]|\["(?P<other>[^"]+)"\]|\[(?P<index>\d+)\]"""
)
_TOKEN: Final = re.compile(r'\\.|"|<(?P<name>[\w.-]+)>')
RESERVED: Final = {
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
}


@dataclass(frozen=True)
class RuleFacts:
    """What the reserved variables tell: the rule, and when the event was received (ISO 8601)."""

    arn: str
    name: str
    received: str


def target_input(target: dict[str, Json], event: dict[str, Json], rule: RuleFacts) -> str:
    """Return the text that `target` (as PutTargets takes it) is sent for `event`.

    Raises AwsError InvalidJson when the template, filled, is not what it set out to be.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return as_text(select(target["InputPath"], event))
    if target.get("InputTransformer"):
        transformer = target["InputTransformer"]
        variables = {
            name: select(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()
        }
        return fill(transformer["InputTemplate"], variables | reserved(event, rule))
    return as_text(event)


def as_text(value: Json) -> str:
    """Return JSON as EventBridge writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def select(path: str, event: Json) -> Json:
    """Return what a path (`$.detail.object.key`) selects from the event; None where there is nothing."""
    check_path(path)
    found = event
    for step in _STEP.finditer(path):
        if step["index"] is not None:
            position = int(step["index"])
            found = found[position] if isinstance(found, list) and position < len(found) else None
        else:
            name = step["name"] or step["quoted"] or step["other"]
            found = found.get(name) if isinstance(found, dict) else None
    return found


def check_path(path: str) -> None:
    """Raise AwsError unless we can follow `path`: dots, names with dashes and underscores, array indices."""
    if "*" in path:
        raise not_modelled(f"a wildcard in an EventBridge path: {path}")
    if not path.startswith("$") or _STEP.sub("", path[1:]):
        raise AwsError("ValidationException", f"Invalid JSON path: {path}")


def reserved(event: dict[str, Json], rule: RuleFacts) -> dict[str, Json]:
    """Return the variables that need no path; in `aws.events.event` AWS spells `detail-type` `detailType`."""
    outline = {name: value for name, value in event.items() if name not in ("detail", "detail-type")}
    if "detail-type" in event:
        outline["detailType"] = event["detail-type"]
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": rule.received,
        "aws.events.event": outline,
        "aws.events.event.json": event,
    }


def variables_in(template: str) -> list[str]:
    """Return the names that stand in a template in angle brackets."""
    return [token["name"] for token in _TOKEN.finditer(template) if token["name"]]


def fill(template: str, variables: dict[str, Json]) -> str:
    """Return the template with its `<variables>` put in; one whose path selected nothing is "".

    A template that begins with a quote is text: what is put in is text, too, and of objects and arrays the
    quotes are dropped (as AWS does). Any other is JSON: a variable outside quotes becomes JSON, one within a
    quoted string is put in as it is, not escaped. Raises AwsError InvalidJson when that makes it no JSON.
    """
    is_text = template.lstrip().startswith('"')
    quoted = False

    def replace(token: re.Match[str]) -> str:
        nonlocal quoted
        if token[0] == '"':
            quoted = not quoted
        if token["name"] is None:
            return token[0]
        value = variables[token["name"]]
        if value is None:
            return "" if quoted or is_text else '""'
        if isinstance(value, str) and (quoted or is_text):
            return value
        return as_text(value).replace('"', "") if is_text else as_text(value)

    filled = _TOKEN.sub(replace, template)
    if not is_text:
        try:
            json.loads(filled)
        except ValueError as error:
            raise AwsError(
                "InvalidJson", f"the input template, filled, is no JSON ({error}): {filled}"
            ) from error
    return filled
