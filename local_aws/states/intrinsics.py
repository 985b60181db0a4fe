"""The intrinsic functions: `States.Name(arguments)`, compiled to expressions.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import random
import re
from collections.abc import Callable
from typing import Any

from local_aws.states.errors import INTRINSIC_FAILURE, EvaluationError
from local_aws.states.jsontext import Json, dumps, loads, same, utf8
from local_aws.states.scope import Scope

MAX_TEXT = 10_000  # characters for encoding and hashing
MAX_RANGE = 1_000  # elements States.ArrayRange may return


class IntrinsicError(ValueError):
    """An argument that a function refuses."""


def call(name: str, arguments: list[Json], scope: Scope) -> Json:
    """Carry out one intrinsic function; raises States.IntrinsicFailure."""
    function, counts = FUNCTIONS[name]
    if counts and len(arguments) not in counts:
        raise _failure(name, arguments, f"Invalid number of arguments: {len(arguments)}")
    try:
        return function(scope, *arguments)
    except IntrinsicError as refusal:
        raise _failure(name, arguments, str(refusal)) from None


def _failure(name: str, arguments: list[Json], reason: str) -> EvaluationError:
    return EvaluationError(INTRINSIC_FAILURE, f"States.{name}({', '.join(map(dumps, arguments))}): {reason}")


def shown(value: Json) -> str:
    """Return how States.Format writes a value: text as it is, objects and arrays as Java prints them."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={shown(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return dumps(value)


def _array(_: Scope, *items: Json) -> Json:
    return list(items)


def _partition(_: Scope, items: Json, size: Json) -> Json:
    array, step = _an_array(items), _an_integer(size)
    if step < 1:
        raise IntrinsicError("the chunk size must be a positive integer")
    return [array[start : start + step] for start in range(0, len(array), step)]


def _contains(_: Scope, items: Json, wanted: Json) -> Json:
    return any(same(item, wanted) for item in _an_array(items))


def _range(_: Scope, first: Json, last: Json, step: Json) -> Json:
    start, end, by = _an_integer(first), _an_integer(last), _an_integer(step)
    if by == 0:
        raise IntrinsicError("the step must not be 0")
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MAX_RANGE:
        raise IntrinsicError(f"an array has at most {MAX_RANGE} elements")
    return list(numbers)


def _get_item(_: Scope, items: Json, index: Json) -> Json:
    array, position = _an_array(items), _an_integer(index)
    if not 0 <= position < len(array):
        raise IntrinsicError(f"there is no element {position}")
    return array[position]


def _length(_: Scope, items: Json) -> Json:
    return len(_an_array(items))


def _unique(_: Scope, items: Json) -> Json:
    kept: list[Json] = []
    scalars: set[tuple[bool, Json]] = set()  # true is not 1; each list and object is compared with all kept
    for item in _an_array(items):
        if isinstance(item, dict | list):
            if not any(same(item, other) for other in kept):
                kept.append(item)
        elif (isinstance(item, bool), item) not in scalars:
            scalars.add((isinstance(item, bool), item))
            kept.append(item)
    return kept


def _base64_encode(_: Scope, text: Json) -> Json:
    return base64.b64encode(utf8(_short_text(text))).decode()


def _base64_decode(_: Scope, text: Json) -> Json:
    try:
        return base64.b64decode(_short_text(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise IntrinsicError("the argument is not Base64 of UTF-8") from None


def _hash(_: Scope, data: Json, algorithm: Json) -> Json:
    names = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
    if algorithm not in names:
        raise IntrinsicError(f"the algorithm is one of {', '.join(names)}")
    return hashlib.new(names[algorithm], utf8(_short_text(data)), usedforsecurity=False).hexdigest()


def _json_merge(_: Scope, left: Json, right: Json, deep: Json) -> Json:
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise IntrinsicError("the first two arguments must be objects")
    if deep is not False:
        raise IntrinsicError("only the shallow merging mode (false) is supported")
    return {**left, **right}


def _string_to_json(_: Scope, text: Json) -> Json:
    if isinstance(text, str) and not text.strip():
        return None
    try:
        return loads(_a_text(text))
    except ValueError:
        raise IntrinsicError("the argument is not JSON text") from None


def _json_to_string(_: Scope, value: Json) -> Json:
    return dumps(value)


def _math_random(scope: Scope, start: Json, end: Json, seed: Json = None) -> Json:
    first, last = _an_integer(start), _an_integer(end)
    if last <= first:
        raise IntrinsicError("the end must be above the start")
    source = scope.random if seed is None else random.Random(_an_integer(seed))  # noqa: S311 - no secret
    return source.randrange(first, last)


def _math_add(_: Scope, left: Json, right: Json) -> Json:
    return _an_integer(left) + _an_integer(right)


def _string_split(_: Scope, text: Json, separators: Json) -> Json:
    if not _a_text(separators):
        return [_a_text(text)]
    return [part for part in re.split(f"[{re.escape(separators)}]", _a_text(text)) if part]


def _uuid(scope: Scope) -> Json:
    return scope.new_id()


def _format(_: Scope, template: Json, *values: Json) -> Json:
    pieces = split_template(_a_text(template))
    if len(values) != len(pieces) - 1:
        raise IntrinsicError(
            f"the template has {len(pieces) - 1} placeholders, the arguments are {len(values)}"
        )
    text = pieces[0]
    for value, piece in zip(values, pieces[1:], strict=True):
        text += shown(value) + piece
    return text


def split_template(template: str) -> list[str]:
    """Return the pieces of a template between its placeholders `{}`; a backslash escapes a brace."""
    pieces = [""]
    for part in re.findall(r"\\[\\'{}]|\{\}|.", template, re.DOTALL):
        if part == "{}":
            pieces.append("")
        else:
            pieces[-1] += part[-1]
    return pieces


def _an_array(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise IntrinsicError("the first argument must be an array")
    return value


def _an_integer(value: Json) -> int:
    """Return a number rounded to the nearest integer, halves upwards, as AWS documents for non-integers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IntrinsicError(f"{dumps(value)} is not a number")
    return math.floor(value + 0.5) if isinstance(value, float) else value


def _a_text(value: Json) -> str:
    if not isinstance(value, str):
        raise IntrinsicError(f"{dumps(value)} is not a string")
    return value


def _short_text(value: Json) -> str:
    if len(_a_text(value)) > MAX_TEXT:
        raise IntrinsicError(f"the string is longer than {MAX_TEXT} characters")
    return str(value)


# Each function with the numbers of arguments it takes; none: as many as are given.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "Array": (_array, ()),
    "ArrayPartition": (_partition, (2,)),
    "ArrayContains": (_contains, (2,)),
    "ArrayRange": (_range, (3,)),
    "ArrayGetItem": (_get_item, (2,)),
    "ArrayLength": (_length, (1,)),
    "ArrayUnique": (_unique, (1,)),
    "Base64Encode": (_base64_encode, (1,)),
    "Base64Decode": (_base64_decode, (1,)),
    "Hash": (_hash, (2,)),
    "JsonMerge": (_json_merge, (3,)),
    "StringToJson": (_string_to_json, (1,)),
    "JsonToString": (_json_to_string, (1,)),
    "MathRandom": (_math_random, (2, 3)),
    "MathAdd": (_math_add, (2,)),
    "StringSplit": (_string_split, (2,)),
    "UUID": (_uuid, (0,)),
    "Format": (_format, ()),
}
