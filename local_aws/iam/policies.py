"""Policies, and whether they let a request pass: a Deny wins, then an Allow, else it is denied.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

What is not modelled (an operator, a condition key, a policy variable) fails closed: such a statement never
allows, and denies what its actions and resources name. The refusal says which it was.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from local_aws.iam.conditions import Condition, Context, conditions_of
from local_aws.iam.matching import arn_like, like, listed
from local_aws.wire import Json

_ELEMENTS: Final = {
    *("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
}


@dataclass(frozen=True, slots=True)
class Need:
    """One action that a request takes, on one resource, with the values of its condition keys.

    `resource` is "*" for an action that AWS authorises on no resource, and None where it is not known here
    which it is: any will do.
    """

    action: str
    resource: str | None = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the policy `policy`; `place` is its Sid, or its number."""

    policy: str
    place: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    gaps: tuple[str, ...]

    def names(self, need: Need) -> bool:
        """Tell whether the statement's actions and resources are about what is needed."""
        action = need.action.lower()
        if self.not_actions:
            about = not any(like(pattern, action) for pattern in self.not_actions)
        else:
            about = any(like(pattern, action) for pattern in self.actions)
        if not about or need.resource is None:
            return about
        if self.not_resources:
            return not any(arn_like(pattern, need.resource) for pattern in self.not_resources)
        return any(arn_like(pattern, need.resource) for pattern in self.resources)

    def holds(self, context: Context) -> bool:
        """Tell whether all conditions hold; what is not modelled holds for a Deny only."""
        if self.gaps:
            return not self.allows
        return all(condition.holds(context) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may pass, by which statement, and if not, why."""

    allowed: bool
    statement: Statement | None
    because: str


def decide(statements: Iterable[Statement], need: Need) -> Decision:
    """Judge what is needed by the statements of a role's policies."""
    about = [statement for statement in statements if statement.names(need)]
    hold = [statement for statement in about if statement.holds(need.context)]
    gaps = [f"{gap} in statement {one.place} of policy {one.policy}" for one in about for gap in one.gaps]
    note = f" (the local AWS does not model {', nor '.join(gaps)})" if gaps else ""
    if deny := next((statement for statement in hold if not statement.allows), None):
        return Decision(False, deny, f"with an explicit deny in an identity-based policy{note}")
    if hold:
        return Decision(True, hold[0], "")
    return Decision(False, None, f"because no identity-based policy allows the {need.action} action{note}")


def statements_of(
    policies: Mapping[str, str], about: Callable[[Json], bool] = lambda _: True
) -> list[Statement]:
    """Return the statements of policies, documents by name; of each only those that `about` picks."""
    return [
        statement
        for name, text in policies.items()
        for parsed, statement in _parsed(name, text)
        if about(parsed)
    ]


@functools.lru_cache(maxsize=256)
def _parsed(policy: str, text: str) -> tuple[tuple[Json, Statement], ...]:
    """Parse a document, once for as long as its text stays the same."""
    statements = listed(json.loads(text).get("Statement", []))
    return tuple((one, _statement(policy, number, one)) for number, one in enumerate(statements, 1))


def _statement(policy: str, number: int, parsed: Json) -> Statement:
    conditions = conditions_of(parsed.get("Condition"))
    resources, not_resources = _texts(parsed, "Resource"), _texts(parsed, "NotResource")
    gaps = [f"the element {name}" for name in sorted(set(parsed) - _ELEMENTS)]
    gaps += [gap for condition in conditions if (gap := condition.gap)]
    gaps += [f"{one} beside Not{one}" for one in ("Action", "Resource") if {one, f"Not{one}"} <= set(parsed)]
    gaps += ["policy variables (its resources)" for text in resources + not_resources if "${" in text]
    return Statement(
        policy=policy,
        place=parsed.get("Sid") or str(number),
        allows=parsed["Effect"] == "Allow",
        actions=tuple(text.lower() for text in _texts(parsed, "Action")),
        not_actions=tuple(text.lower() for text in _texts(parsed, "NotAction")),
        resources=resources,
        not_resources=not_resources,
        conditions=conditions,
        gaps=tuple(gaps),
    )


def _texts(parsed: Json, element: str) -> tuple[str, ...]:
    return tuple(str(text) for text in listed(parsed.get(element, [])))
