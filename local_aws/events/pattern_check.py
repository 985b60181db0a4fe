"""Which event patterns AWS accepts, and what it says of the others.

The rules and the words are those of the matcher that AWS publishes, https://github.com/aws/event-ruler
(JsonRuleCompiler, CIDR, WildcardParser). AWS puts the place within the text after them; we do not. Its limit
on what wildcards may cost ("Rule is too complex") is not published and not modelled.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final, NoReturn

from local_aws.wire import AwsError, Json

_RANGE_ENDS: Final = {">": ("<", "<="), ">=": ("<", "<="), "<": (), "<=": (), "=": ()}
_BUT_EACH: Final = ("equals-ignore-case", "prefix", "suffix", "wildcard")  # what anything-but can deny
_NOT_IN_OR: Final = {
    "exactly",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
} | {"equals-ignore-case"}


def check_pattern(pattern: Json) -> None:
    """Raise AwsError InvalidEventPatternException unless `pattern` is an event pattern AWS would accept."""
    if not isinstance(pattern, dict):
        invalid("Filter is not an object")
    _check_fields(pattern, within_or=False)


def invalid(reason: str) -> NoReturn:
    """Refuse the pattern."""
    raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


def _check_fields(pattern: dict[str, Json], *, within_or: bool) -> None:
    if not pattern:
        invalid("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if name == "$or":
            _check_alternatives(wanted)
        elif within_or and name in _NOT_IN_OR:
            invalid(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
        elif isinstance(wanted, dict):
            _check_fields(wanted, within_or=within_or)
        elif isinstance(wanted, list):
            if not wanted:
                invalid("Empty arrays are not allowed")
            for choice in wanted:
                _check_choice(choice)
        else:
            invalid(f'"{name}" must be an object or an array')


def _check_alternatives(alternatives: Json) -> None:
    if not isinstance(alternatives, list):
        invalid("It must be an Array followed with $or.")
    for alternative in alternatives:
        if not isinstance(alternative, dict):
            invalid("Only JSON object is allowed in array of $or relationship.")
        _check_fields(alternative, within_or=True)
    if len(alternatives) < 2:
        invalid("There must have at least 2 Objects in $or relationship.")


def _check_choice(choice: Json) -> None:
    if isinstance(choice, list):
        invalid("Match value must be String, number, true, false, or null")
    if not isinstance(choice, dict):
        return
    if not choice:
        invalid("Match expression name not found")
    kind, argument = next(iter(choice.items()))
    check = _CHECKS.get(kind)
    if check is None:
        invalid(f"Unrecognized match type {kind}")
    check(argument)
    if len(choice) > 1:
        invalid("Only one key allowed in match expression")


def _must_be_text(kind: str) -> Callable[[Json], None]:
    def check(argument: Json) -> None:
        if not isinstance(argument, str):
            invalid(f"{kind} match pattern must be a string")

    return check


def _check_affix(kind: str) -> Callable[[Json], None]:
    def check(argument: Json) -> None:
        if isinstance(argument, dict):
            if not argument:
                invalid(f"{kind.capitalize()} expression name not found")
            inner = next(iter(argument))
            if inner != "equals-ignore-case":
                invalid(f"Unsupported {kind} pattern: {inner}")
            _must_be_text("equals-ignore-case")(argument[inner])
            if len(argument) > 1:
                invalid("Only one key allowed in match expression")
        else:
            _must_be_text(kind)(argument)

    return check


def _check_wildcard(argument: Json) -> None:
    _must_be_text("wildcard")(argument)
    for token in re.finditer(r"\\[*\\]|\*\*|\\", argument):
        place = (
            len(argument[: token.start()].encode()) + 1
        )  # AWS counts bytes, and the quote before the first
        if token[0] == "**":
            invalid(f"Consecutive wildcard characters at pos {place}")
        if token[0] == "\\":
            invalid(f"Invalid escape character at pos {place}")


def _check_exists(argument: Json) -> None:
    if not isinstance(argument, bool):
        invalid("exists match pattern must be either true or false.")


def _check_cidr(argument: Json) -> None:
    _must_be_text("prefix")(argument)
    address, *masks = argument.split("/")
    if len(masks) != 1:
        invalid("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?\d+", masks[0]):
        invalid("Malformed CIDR, mask bits must be an integer")
    bits = int(masks[0])
    if bits < 0:
        invalid("Malformed CIDR, mask bits must not be negative")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        invalid(f"Nonstandard IP address: {address}")
    if bits > (31 if version == 4 else 127):
        invalid("IPv4 mask bits must be < 32" if version == 4 else "IPv6 mask bits must be < 128")


def _check_numeric(argument: Json) -> None:
    if not isinstance(argument, list):
        invalid("Value of numeric must be an array.")
    operator, *rest = argument or [None]
    if not isinstance(operator, str):
        invalid(f"Invalid member in numeric match: {operator}")
    if operator not in _RANGE_ENDS:
        invalid(f"Unrecognized numeric range operator: {operator}")
    if not rest or not _is_number(rest[0]):
        invalid(f"Value of {'equals' if operator == '=' else operator} must be numeric")
    if len(rest) > 1:
        if not _RANGE_ENDS[operator]:
            invalid("Too many elements in numeric expression")
        _check_range(operator, rest)


def _check_range(operator: str, terms: list[Json]) -> None:
    """Check what follows the operator of a range: its bottom, the second operator, its top."""
    bottom, second, *tops = terms
    if not isinstance(second, str):
        invalid(f"Bad value in numeric range: {second}")
    if second not in _RANGE_ENDS[operator]:
        invalid(f"Bad numeric range operator: {second}")
    if not tops or not _is_number(tops[0]):
        invalid(f"Value of {second} must be numeric")
    if len(tops) > 1:
        invalid("Too many terms in numeric range expression")
    if bottom >= tops[0]:
        invalid("Bottom must be less than top")


def _check_exclusion(argument: Json) -> None:
    if isinstance(argument, dict):
        if not argument:
            invalid("Anything-But expression name not found")
        kind, inner = next(iter(argument.items()))
        if kind not in _BUT_EACH:
            invalid(f"Unsupported anything-but pattern: {kind}")
        if not isinstance(inner, list | str) and not _is_number(inner):
            invalid("Value of anything-but must be an array or single string/number value.")
        for one in inner if isinstance(inner, list) else [inner]:
            _check_excluded(kind, one)
        if len(argument) > 1:
            invalid("Too many elements in numeric expression")
        return
    if not isinstance(argument, list | str) and not _is_number(argument):
        invalid("Value of anything-but must be an array or single string/number value.")
    values = argument if isinstance(argument, list) else [argument]
    if not all(isinstance(one, str) or _is_number(one) for one in values):
        invalid("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(one, str) for one in values}) != 1:
        invalid(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )


def _check_excluded(kind: str, value: Json) -> None:
    if kind == "wildcard":
        _check_wildcard(value)
    elif not isinstance(value, str):
        invalid(
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
            if kind == "equals-ignore-case"
            else "prefix/suffix match pattern must be a string"
        )
    elif not value and kind != "equals-ignore-case":
        invalid("Null prefix/suffix not allowed")


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: Final[dict[str, Callable[[Json], None]]] = {
    "exactly": _must_be_text("exact"),
    "prefix": _check_affix("prefix"),
    "suffix": _check_affix("suffix"),
    "equals-ignore-case": _must_be_text("equals-ignore-case"),
    "wildcard": _check_wildcard,
    "exists": _check_exists,
    "cidr": _check_cidr,
    "numeric": _check_numeric,
    "anything-but": _check_exclusion,
}
