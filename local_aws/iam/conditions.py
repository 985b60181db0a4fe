"""The Condition element: its operators and the keys that requests here have.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from local_aws.iam.matching import arn_like, like, listed
from local_aws.wire import Json

Context = Mapping[str, tuple[str, ...]]  # condition keys in lower case; one that is not there is not in it

# What a condition may ask for; a tag's key follows the slash.
_KEYS: Final = {
    "aws:principalaccount",
    "aws:principalarn",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:tagkeys",
    "cloudwatch:namespace",
    "dynamodb:enclosingoperation",
    "dynamodb:leadingkeys",
    "ecs:cluster",
    "ecs:createaction",
    "iam:passedtoservice",
    "s3:prefix",
}
_TAGS: Final = ("aws:requesttag/", "aws:resourcetag/")
_COMPARISONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "ArnEquals": arn_like,  # as on AWS, the same as ArnLike
    "ArnLike": arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
}
_OPERATOR: Final = re.compile(r"(?:(?P<set>ForAnyValue|ForAllValues):)?(?P<name>\w+?)(?P<optional>IfExists)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key: the request's value must compare to one of `wanted`."""

    operator: str
    key: str
    wanted: tuple[str, ...]

    @property
    def gap(self) -> str | None:
        """Return what of the condition is not modelled, or None."""
        name = _parts(self.operator)[1]
        if name != "Null" and _positive(name) not in _COMPARISONS:
            return f"the condition operator {self.operator}"
        if self.key not in _KEYS and not self.key.startswith(_TAGS):
            return f"the condition key {self.key}"
        if any("${" in text for text in self.wanted):
            return f"policy variables (the condition on {self.key})"
        return None

    def holds(self, context: Context) -> bool:
        """Tell whether the condition holds for a request."""
        among, name, optional = _parts(self.operator)
        values = context.get(self.key)
        if name == "Null":
            return (values is None) == (self.wanted[0].lower() == "true")
        positive = _positive(name)
        compare, negated = _COMPARISONS[positive], positive != name
        if values is None:
            return optional or among == "ForAllValues" or (negated and among is None)
        verdicts = [any(compare(text, value) for text in self.wanted) != negated for value in values]
        # A key with one value has one verdict, whichever is asked for.
        return any(verdicts) if among == "ForAnyValue" else all(verdicts)


def conditions_of(element: Json) -> tuple[Condition, ...]:
    """Return the conditions of a statement, all of which must hold."""
    return tuple(
        Condition(operator, key.lower(), tuple(str(one) for one in _texts(wanted)))
        for operator, keys in (element or {}).items()
        for key, wanted in keys.items()
    )


def _texts(wanted: Json) -> list[str]:
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in listed(wanted)]


def _parts(operator: str) -> tuple[str | None, str, bool]:
    found = _OPERATOR.fullmatch(operator)
    return (found["set"], found["name"], bool(found["optional"])) if found else (None, operator, False)


def _positive(name: str) -> str:
    """Return the operator that a negated one (StringNotEquals) denies; any other as it is."""
    return name.replace("Not", "", 1)
