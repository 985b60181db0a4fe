"""Functions of JSONata that the library has otherwise than JSONata 2.0.6, as its own test suite shows.

https://github.com/jsonata-js/jsonata/tree/v2.0.6/test/test-suite
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from jsonata import JException, Utils
from jsonata.functions import Functions

from local_aws.states.jsonata_library import function

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+")
_ISO_8601 = re.compile(
    r"\d{4}(-[01]\d)*(-[0-3]\d)*(T[0-2]\d:[0-5]\d:[0-5]\d)*(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?"
)


def _number(value: Any = None) -> Any:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise JException("D3030", -1, value)
    if isinstance(value, str) and value[:1] == "0" and value[1:2].isalpha():
        return int(value, 0)
    number = Functions.number(value)
    if number is not None and not math.isfinite(number):
        raise JException("D3030", -1, value)
    return number


def _to_millis(text: Any, picture: Any = None) -> Any:
    if text is None or picture is not None:
        return Functions.datetime_to_millis(text, picture)
    if not _ISO_8601.fullmatch(text):
        raise JException("D3110", -1, text)
    try:
        return Functions.datetime_to_millis(text, None)
    except ValueError:
        raise JException("D3110", -1, text) from None


def _count(value: Any = None) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else 1


def _distinct(value: Any = None) -> Any:
    if not isinstance(value, list) or len(value) <= 1:
        return value
    kept: list[Any] = []
    for item in value:
        if not any(Utils.is_deep_equal(item, other) for other in kept):
            kept.append(item)
    return Utils.create_sequence_from_iter(kept) if Utils.is_sequence(value) else kept


def _sort(items: Any, greater: Any = None) -> Any:
    """Sort by whether the left one comes after the right one; what is equal stays in its order."""
    if items is None or len(items) <= 1:
        return items
    if greater is None:
        if not Utils.is_array_of_strings(items) and not Utils.is_array_of_numbers(items):
            raise JException("D3070", -1)
        return sorted(items)

    def order(left: Any, right: Any) -> int:
        return 1 if Functions.to_boolean(Functions.func_apply(greater, [left, right])) else -1

    return _merge_sorted(list(items), order)


def _merge_sorted(items: list[Any], order: Callable[[Any, Any], int]) -> list[Any]:
    """Merge sort, asking only whether the left one comes after the right one, as the original does."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = _merge_sorted(items[:middle], order), _merge_sorted(items[middle:], order)
    merged: list[Any] = []
    at = 0
    for item in left:
        while at < len(right) and order(item, right[at]) > 0:
            merged.append(right[at])
            at += 1
        merged.append(item)
    return merged + right[at:]


def _replace(text: Any, pattern: Any, replacement: Any, limit: Any = None) -> Any:
    """Replace; a function is given the match and its groups, of which the whole is none."""
    if text is None or isinstance(pattern, str) or isinstance(replacement, str):
        return Functions.replace(text, pattern, replacement, limit)

    def replaced(match: re.Match[str]) -> str:
        found = {"match": match[0], "index": match.start(), "groups": list(match.groups())}
        value = Functions.func_apply(replacement, [found])
        if not isinstance(value, str):
            raise JException("D3012", -1)
        return value

    return pattern.sub(replaced, text, 0 if limit is None else int(limit))


REPAIRED: dict[str, Any] = {
    name: function(name, implementation, signature)
    for name, implementation, signature in (
        ("number", _number, "<(nsb)-:n>"),
        ("toMillis", _to_millis, "<s-s?:n>"),
        ("count", _count, "<x:n>"),
        ("distinct", _distinct, "<x:x>"),
        ("sort", _sort, "<af?:a>"),
        ("replace", _replace, "<s-(sf)(sf)n?:s>"),
    )
}
