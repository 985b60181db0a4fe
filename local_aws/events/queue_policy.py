"""Whether a queue's policy lets EventBridge send a rule's dead letters to it.

Allowed is what a statement allows and none denies. What is not understood here does not allow, and denies.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from local_aws.wire import Json

ACTION = "sqs:sendmessage"
SERVICE = "events.amazonaws.com"
MEMBERS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def lets_send(policy: str, queue: str, rule: str, account: str) -> bool:
    """Tell whether `policy` (JSON, or "") lets EventBridge send to the queue for the rule; both by ARN."""
    if not policy:
        return False
    # What a request of EventBridge carries. It comes by TLS.
    request = {
        "aws:sourcearn": rule,
        "aws:sourceaccount": account,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": SERVICE,
    }
    statements = listed(json.loads(policy).get("Statement", []))
    verdicts = {
        statement.get("Effect")
        for statement in statements
        if applies(statement, queue, request, unsure=statement.get("Effect") != "Allow")
    }
    return verdicts == {"Allow"}


def applies(statement: Json, queue: str, request: dict[str, str], *, unsure: bool) -> bool:
    """Tell whether a statement is about the request; `unsure` is the answer where it is not understood."""
    if set(statement) - MEMBERS:  # NotPrincipal, NotAction, NotResource
        return unsure
    actions = [action.lower() for action in listed(statement.get("Action", []))]
    return (
        is_principal(statement.get("Principal"))
        and any(like(action, ACTION) for action in actions)
        and any(arn_like(resource, queue) for resource in listed(statement.get("Resource", [])))
        and all(
            holds(operator, key, listed(wanted), request, unsure=unsure)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, wanted in keys.items()
        )
    )


def is_principal(principal: Json) -> bool:
    """Tell whether EventBridge is among those the statement is about."""
    if isinstance(principal, dict):
        return SERVICE in listed(principal.get("Service", [])) or "*" in listed(principal.get("AWS", []))
    return bool(principal == "*")


def holds(operator: str, key: str, wanted: list[str], request: dict[str, str], *, unsure: bool) -> bool:
    """Tell whether one condition holds; `unsure` is the answer where it is not understood."""
    compare, value = COMPARISONS.get(operator), request.get(key.lower())
    if compare is None or value is None:
        return unsure
    return any(compare(str(one), value) for one in wanted)


def listed(value: Json) -> list[Json]:
    """Return a policy's value that may stand alone as a list."""
    return value if isinstance(value, list) else [value]


def like(pattern: str, value: str) -> bool:
    """Match with * and ?."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Match ARNs part by part: no * stands for a colon between the first six. A lone * is any ARN."""
    parts = zip(pattern.split(":", 5), arn.split(":", 5), strict=False)
    return pattern == "*" or (pattern.count(":") >= 5 and all(like(left, right) for left, right in parts))


COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "ArnEquals": arn_like,  # as on AWS, the same as ArnLike
    "ArnLike": arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value,
    "StringEquals": lambda wanted, value: wanted == value,
    "StringLike": like,
}
