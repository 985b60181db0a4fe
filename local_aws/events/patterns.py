"""Event patterns: which events a rule wants.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, and where it is
silent the matcher that AWS publishes, https://github.com/aws/event-ruler.
"""

from __future__ import annotations

import ipaddress
import json
import operator
from collections.abc import Callable
from typing import Final

from local_aws.events.pattern_check import check_pattern, invalid
from local_aws.wildcards import escapable_stars
from local_aws.wire import Json

_ABSENT: Final = object()  # a field that the event does not have: other than one that is null
_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse_pattern(text: str) -> dict[str, Json]:
    """Return the event pattern in `text` (JSON); raise AwsError InvalidEventPatternException."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        invalid(f"not valid JSON: {error}")
    check_pattern(pattern)
    checked: dict[str, Json] = pattern
    return checked


def matches(pattern: dict[str, Json], event: Json) -> bool:
    """Return whether a checked pattern wants `event`.

    Of an array in the event any element may match. To AWS the names on the way to a field are one name with
    dots, so `{"a.b": 1}` and `{"a": {"b": 1}}` are the same.
    """
    return _object_matches(_undotted(pattern), _undotted(event))


def _object_matches(pattern: dict[str, Json], event: Json) -> bool:
    if isinstance(event, list):
        return any(_object_matches(pattern, element) for element in event)
    return all(_field_matches(name, wanted, event) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Json, event: Json) -> bool:
    if name == "$or":
        return any(_object_matches(alternative, event) for alternative in wanted)
    found = event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT
    if isinstance(wanted, dict):
        return _object_matches(wanted, found)
    values = found if isinstance(found, list) else [found]
    return any(_wants(choice, value) for choice in wanted for value in values or [_ABSENT])


def _wants(choice: Json, value: Json) -> bool:
    if not isinstance(choice, dict):
        return value is not _ABSENT and _same(choice, value)
    (name, argument) = next(iter(choice.items()))
    if name == "exists":
        # Only leaves exist: a field that holds an object is none (same page, "exists matching").
        is_leaf = value is not _ABSENT and not isinstance(value, dict)
        return is_leaf is bool(argument)
    if value is _ABSENT or isinstance(value, dict):
        return False
    return _FILTERS[name](argument, value)


def _same(wanted: Json, value: Json) -> bool:
    # 300 and 300.0 are the same number, 1 and true are two things.
    return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


def _prefix(wanted: Json, value: Json) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, str) and value.lower().startswith(wanted["equals-ignore-case"].lower())
    return isinstance(value, str) and value.startswith(wanted)


def _suffix(wanted: Json, value: Json) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, str) and value.lower().endswith(wanted["equals-ignore-case"].lower())
    return isinstance(value, str) and value.endswith(wanted)


def _equals_ignore_case(wanted: str, value: Json) -> bool:
    return isinstance(value, str) and value.lower() == wanted.lower()


def _wildcard(wanted: str, value: Json) -> bool:
    return isinstance(value, str) and escapable_stars(wanted).fullmatch(value) is not None


def _anything_but(unwanted: Json, value: Json) -> bool:
    if isinstance(unwanted, dict):
        (name, argument) = next(iter(unwanted.items()))
        return not any(_FILTERS[name](one, value) for one in _listed(argument))
    return not any(_same(one, value) for one in _listed(unwanted))


def _numeric(wanted: list[Json], value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(wanted[::2], wanted[1::2], strict=True)
    return all(_COMPARISONS[comparison](value, bound) for comparison, bound in pairs)


def _cidr(wanted: str, value: Json) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in ipaddress.ip_network(
            wanted, strict=False
        )
    except ValueError:
        return False


_FILTERS: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "exactly": _same,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _undotted(value: Json) -> Json:
    """Return a value in which no object has a name with a dot."""
    if isinstance(value, list):
        return [_undotted(element) for element in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Json] = {}
    for name, inner in value.items():
        _merge(found, name.split("."), _undotted(inner))
    return found


def _merge(into: dict[str, Json], path: list[str], value: Json) -> None:
    name, *rest = path
    if rest:
        below: dict[str, Json] = {}
        _merge(below, rest, value)
        value = below
    there = into.get(name)
    if isinstance(there, dict) and isinstance(value, dict):
        for key, inner in value.items():
            _merge(there, [key], inner)
    else:
        into[name] = value
