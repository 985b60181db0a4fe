"""Event patterns: which events a rule wants.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from typing import Final

from local_aws.wire import AwsError, Json

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
        raise _invalid(f"not valid JSON: {error}") from error
    check_pattern(pattern)
    checked: dict[str, Json] = pattern
    return checked


def check_pattern(pattern: Json) -> None:
    """Raise AwsError InvalidEventPatternException unless `pattern` is an event pattern AWS would accept."""
    if not isinstance(pattern, dict):
        raise _invalid("Filter is not an object")
    if not pattern:
        raise _invalid("Empty patterns are not allowed")
    for name, wanted in pattern.items():
        if name == "$or":
            if not isinstance(wanted, list) or len(wanted) < 2:
                raise _invalid('"$or" must be an array of two or more patterns')
            for alternative in wanted:
                check_pattern(alternative)
        elif isinstance(wanted, dict):
            check_pattern(wanted)
        elif isinstance(wanted, list):
            if not wanted:
                raise _invalid(f'Empty arrays are not allowed: "{name}"')
            for choice in wanted:
                _check_choice(name, choice)
        else:
            raise _invalid(f'"{name}" must be an object or an array')


def matches(pattern: dict[str, Json], event: Json) -> bool:
    """Return whether a checked pattern wants `event`; of an array in the event any element may match."""
    if isinstance(event, list):
        return any(matches(pattern, element) for element in event)
    return all(_field_matches(name, wanted, event) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Json, event: Json) -> bool:
    if name == "$or":
        return any(matches(alternative, event) for alternative in wanted)
    found = event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT
    if isinstance(wanted, dict):
        return matches(wanted, found)
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
    # By the text, as AWS compares: 300, 300.0 and true are three things.
    return not isinstance(value, dict) and json.dumps(wanted) == json.dumps(value)


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
    return isinstance(value, str) and _wildcard_expression(wanted).fullmatch(value) is not None


def _wildcard_expression(wanted: str) -> re.Pattern[str]:
    """Return `wanted` as an expression: `*` is any text, unless a backslash takes its meaning away."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", wanted)
    return re.compile(
        "".join(".*" if p == "*" else re.escape(re.sub(r"\\(.)", r"\1", p)) for p in parts), re.S
    )


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
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


_FILTERS: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def _check_choice(name: str, choice: Json) -> None:
    if isinstance(choice, list):
        raise _invalid(f'Arrays within arrays are not allowed: "{name}"')
    if not isinstance(choice, dict):
        return
    if len(choice) != 1:
        raise _invalid(f'Only one key allowed in match expression: "{name}"')
    (kind, argument) = next(iter(choice.items()))
    if kind != "exists" and kind not in _FILTERS:
        raise _invalid(f"Unrecognized match type {kind}")
    if not _is_argument(kind, argument):
        raise _invalid(f"{kind} cannot take {json.dumps(argument)}")


def _is_argument(kind: str, argument: Json) -> bool:
    """Return whether a filter of this kind can take `argument`."""
    check = _ARGUMENTS.get(kind)
    return check(argument) if check else isinstance(argument, str)


def _is_affix(argument: Json) -> bool:
    if isinstance(argument, dict):
        return list(argument) == ["equals-ignore-case"] and isinstance(argument["equals-ignore-case"], str)
    return isinstance(argument, str)


def _is_network(argument: Json) -> bool:
    try:
        return isinstance(argument, str) and bool(ipaddress.ip_network(argument, strict=False))
    except ValueError:
        return False


def _is_range(argument: Json) -> bool:
    return (
        isinstance(argument, list)
        and len(argument) in (2, 4)
        and all(isinstance(one, str) and one in _COMPARISONS for one in argument[::2])
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in argument[1::2])
    )


def _is_exclusion(argument: Json) -> bool:
    if isinstance(argument, dict):
        if len(argument) != 1:
            return False
        (kind, inner) = next(iter(argument.items()))
        listed = _listed(inner)
        return (
            kind in ("prefix", "suffix", "equals-ignore-case", "wildcard")
            and bool(listed)
            and all(isinstance(one, str) and _is_argument(kind, one) for one in listed)
        )
    return bool(_listed(argument)) and all(isinstance(one, str | int | float) for one in _listed(argument))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


_ARGUMENTS: Final[dict[str, Callable[[Json], bool]]] = {
    "exists": lambda argument: isinstance(argument, bool),
    "prefix": _is_affix,
    "suffix": _is_affix,
    "wildcard": lambda argument: isinstance(argument, str) and "**" not in argument,
    "cidr": _is_network,
    "numeric": _is_range,
    "anything-but": _is_exclusion,
}


def _invalid(reason: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
