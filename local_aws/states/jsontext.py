"""JSON as Step Functions writes and compares it."""

from __future__ import annotations

import functools
import json
import math
from datetime import UTC, datetime
from typing import Any

Json = Any
MAX_PAYLOAD = 262_144  # bytes of UTF-8; service-quotas.html, "Maximum input or output size"


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)


def dumps(value: Json) -> str:
    """Return compact JSON text."""
    return _ENCODER.encode(value)


def loads(text: str) -> Json:
    """Parse JSON text; raises ValueError, also for NaN, Infinity and what only Python takes for a number."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):  # it could not be written again
        raise ValueError(f"{digits} is too large a number")
    return number


def utf8(text: str) -> bytes:
    """Encode text as Java does: half a surrogate pair, which JSON may hold, becomes a question mark."""
    return text.encode(errors="replace")


def too_large(text: str) -> bool:
    """Tell whether a payload exceeds 256 KiB of UTF-8."""
    return len(text) > MAX_PAYLOAD // 4 and len(utf8(text)) > MAX_PAYLOAD


def same(left: Json, right: Json) -> bool:
    """Tell whether two JSON values are equal; unlike in Python, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@functools.lru_cache(maxsize=1_000)  # in virtual time many states begin at one moment
def timestamp(moment: datetime) -> str:
    """Return a time as the context object and SDK integrations write it: UTC, at most milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")
