"""What a target is sent: the event, a part of it, a constant, or a template filled from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from local_aws.wire import AwsError, Json, not_modelled

_STEP: Final = re.compile(r"\.(?P<name>[\w/-]+)|\['(?P<quoted>[^']+)'\]|\[(?P<index>\d+)\]")
_TOKEN: Final = re.compile(r'\\.|"|<(?P<name>[\w.-]+)>')


@dataclass(frozen=True)
class RuleFacts:
    """What the reserved variables tell: the rule, and when the event was received (ISO 8601)."""

    arn: str
    name: str
    received: str


def target_input(target: dict[str, Json], event: dict[str, Json], rule: RuleFacts) -> str:
    """Return the text that `target` (as PutTargets takes it) is sent for `event`."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = select(target["InputPath"], event)
        return json.dumps(found)
    if target.get("InputTransformer"):
        transformer = target["InputTransformer"]
        variables = {
            name: select(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()
        }
        return fill(transformer["InputTemplate"], variables | reserved(event, rule))
    return json.dumps(event)


def select(path: str, event: Json) -> Json:
    """Return what a path (`$.detail.object.key`) selects from the event; None where there is nothing."""
    check_path(path)
    found = event
    for step in _STEP.finditer(path):
        if step["index"] is not None:
            position = int(step["index"])
            found = found[position] if isinstance(found, list) and position < len(found) else None
        else:
            name = step["name"] or step["quoted"]
            found = found.get(name) if isinstance(found, dict) else None
    return found


def check_path(path: str) -> None:
    """Raise AwsError unless we can follow `path`: dots, names with dashes and underscores, array indices."""
    if "*" in path:
        raise not_modelled(f"a wildcard in an EventBridge path: {path}")
    if not path.startswith("$") or _STEP.sub("", path[1:]):
        raise AwsError("ValidationException", f"Invalid JSON path: {path}")


def reserved(event: dict[str, Json], rule: RuleFacts) -> dict[str, Json]:
    """Return the variables that need no path."""
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": rule.received,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }


def fill(template: str, variables: dict[str, Json]) -> str:
    """Return the template with its `<variables>` put in.

    Outside quotes a variable becomes JSON (a string with its quotes, an object whole, `""` when its path
    selected nothing); within a quoted string its text, escaped. A name that is no variable stays as it is.
    """
    quoted = False

    def replace(token: re.Match[str]) -> str:
        nonlocal quoted
        if token[0] == '"':
            quoted = not quoted
        name = token["name"]
        if name is None or name not in variables:
            return token[0]
        value = variables[name]
        if value is None:
            return "" if quoted else '""'
        if not quoted:
            return json.dumps(value)
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    return _TOKEN.sub(replace, template)
