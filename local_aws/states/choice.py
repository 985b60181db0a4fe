"""Choice rules of JSONPath states, compiled to predicates.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from local_aws.states.errors import runtime_error
from local_aws.states.expressions import ExpressionError, MissingError, compile_path, refuse_missing
from local_aws.states.jsontext import Json
from local_aws.states.scope import Expression, Scope
from local_aws.wildcards import escapable_stars

Predicate = Callable[[Json, Scope], bool]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def timestamp_of(value: Json) -> datetime | None:
    """Return the time that an RFC 3339 text names (ISO 8601 with a T and a zone), or None."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _number(value: Json) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


_KINDS: dict[str, Callable[[Json], Any]] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": _boolean,
    "Timestamp": timestamp_of,
}
_TYPE_TESTS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: _text(value) is not None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: _boolean(value) is not None,
    "IsTimestamp": lambda value: timestamp_of(value) is not None,
}


def _comparisons() -> dict[str, tuple[Callable[[Json], Any], Callable[[Any, Any], bool]]]:
    """Return each comparison operator's name with what its operands must be and how they are compared."""
    return {
        kind + order: (convert, compare)
        for kind, convert in _KINDS.items()
        for order, compare in _ORDERS.items()
        if kind != "Boolean" or order == "Equals"
    }


_COMPARISONS = _comparisons()
OPERATORS = frozenset(
    {*_COMPARISONS, *(name + "Path" for name in _COMPARISONS), *_TYPE_TESTS, "IsPresent", "StringMatches"}
)


def compile_rule(rule: Json) -> Predicate:
    """Compile a choice rule, without its Next and Assign; raises ExpressionError.

    https://states-language.net/spec.html#choice-state
    """
    if not isinstance(rule, dict):
        raise ExpressionError("A choice rule must be an object")
    if "And" in rule or "Or" in rule:
        parts = _parts(rule["And" if "And" in rule else "Or"])
        every = all if "And" in rule else any
        return lambda data, scope: every(part(data, scope) for part in parts)
    if "Not" in rule:
        (inner,) = _parts([rule["Not"]])
        return lambda data, scope: not inner(data, scope)
    names = [key for key in rule if key in OPERATORS]
    if len(names) != 1 or not isinstance(rule.get("Variable"), str):
        raise ExpressionError("A choice rule needs a Variable and exactly one comparison operator")
    return _compile_comparison(names[0], rule["Variable"], rule[names[0]])


def _parts(rules: Json) -> list[Predicate]:
    if not isinstance(rules, list) or not rules:
        raise ExpressionError("And and Or take a list of choice rules, which cannot be empty")
    if any(isinstance(rule, dict) and {"Next", "Assign"} & rule.keys() for rule in rules):
        raise ExpressionError("A choice rule within And, Or or Not has no Next and no Assign")
    return [compile_rule(rule) for rule in rules]


def _compile_comparison(name: str, variable: str, operand: Json) -> Predicate:
    read = compile_path(variable)
    if (name == "IsPresent" or name in _TYPE_TESTS) and not isinstance(operand, bool):
        raise ExpressionError(f"The value of {name} must be true or false")
    if name == "IsPresent":
        return lambda data, scope: _is_present(read, data, scope) is operand
    value_of = _variable(read, variable)
    if name in _TYPE_TESTS:
        test = _TYPE_TESTS[name]
        return lambda data, scope: test(value_of(data, scope)) is operand
    if name == "StringMatches":
        pattern = _wildcard(operand)

        def test_match(data: Json, scope: Scope) -> bool:
            value = value_of(data, scope)
            return isinstance(value, str) and pattern.fullmatch(value) is not None

        return test_match
    by_path = name.endswith("Path")
    convert, compare = _COMPARISONS[name.removesuffix("Path")]
    if by_path:
        other = _operand(compile_path(operand), name)
    else:
        constant = convert(operand)
        if constant is None:
            raise ExpressionError(f"The value of {name} is of the wrong type")
        other = lambda _data, _scope: operand  # noqa: E731 - the constant twin of the line above

    def test_order(data: Json, scope: Scope) -> bool:
        left, right = convert(value_of(data, scope)), convert(other(data, scope))
        return left is not None and right is not None and compare(left, right)

    return test_order


def _is_present(read: Expression, data: Json, scope: Scope) -> bool:
    try:
        read(data, scope)
    except MissingError:
        return False
    return True


def _variable(read: Expression, text: str) -> Expression:
    def value(data: Json, scope: Scope) -> Json:
        try:
            return read(data, scope)
        except MissingError:
            raise runtime_error(
                f"Invalid path '{text}': The choice state's condition path references an invalid value."
            ) from None

    return value


def _operand(read: Expression, field: str) -> Expression:
    def value(data: Json, scope: Scope) -> Json:
        try:
            return read(data, scope)
        except MissingError as missing:
            refuse_missing(missing, field, data)

    return value


def _wildcard(pattern: Json) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        raise ExpressionError("The value of StringMatches must be a string")
    return escapable_stars(pattern)
