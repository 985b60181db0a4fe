"""A rule of a Choice state in a few words.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import re
from typing import Any

_SIGNS = {
    "LessThanEquals": "\N{LESS-THAN OR EQUAL TO}",
    "GreaterThanEquals": "\N{GREATER-THAN OR EQUAL TO}",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
    "Matches": "like",
}
_COMPARISON = re.compile(rf"(String|Numeric|Boolean|Timestamp)({'|'.join(_SIGNS)})(Path)?")
_SHORT = 60  # characters of a condition that a picture has room for
_NOT_OPERATORS = {"Variable", "Next", "Comment", "Assign", "Output"}


def condition(rule: dict[str, Any]) -> str:
    """Return what a rule asks, without the tests that only guard another test of the same variable."""
    if "Condition" in rule:  # JSONata
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    if "Not" in rule:
        return _negated(rule["Not"])
    if "And" in rule:
        return " and ".join(_part(part) for part in _unguarded(rule["And"]))
    if "Or" in rule:
        return " or ".join(_part(part) for part in rule["Or"])
    return _comparison(rule)


def in_short(rule: dict[str, Any]) -> str:
    """Return the rule's own Comment or, of a long condition, the last part: what the others lead up to."""
    text = str(rule.get("Comment") or condition(rule))
    if len(text) <= _SHORT or "Comment" in rule or "And" not in rule:
        return text
    return f"\N{HORIZONTAL ELLIPSIS} and {_part(rule['And'][-1])}"


def _part(rule: dict[str, Any]) -> str:
    text = condition(rule)
    return f"({text})" if len(rule.get("And", rule.get("Or", []))) > 1 else text


def _negated(rule: dict[str, Any]) -> str:
    if "IsPresent" in rule:
        return _comparison({**rule, "IsPresent": not rule["IsPresent"]})
    return f"not ({condition(rule)})"


def _unguarded(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out `IsPresent` where another part reads the variable: it keeps that test from failing."""
    read = {part["Variable"] for part in parts if "Variable" in part and "IsPresent" not in part}
    return [part for part in parts if "IsPresent" not in part or part["Variable"] not in read]


def _comparison(rule: dict[str, Any]) -> str:
    variable = str(rule.get("Variable", "")).removeprefix("$.")
    operator = next((key for key in rule if key not in _NOT_OPERATORS), "")
    value = rule.get(operator)
    if operator == "BooleanEquals":
        return variable if value else f"not {variable}"
    if operator.startswith("Is"):
        return f"{variable} is {'' if value else 'not '}{operator.removeprefix('Is').lower()}"
    match = _COMPARISON.fullmatch(operator)
    sign = _SIGNS[match[2]] if match else operator
    return f"{variable} {sign} {value}"
