"""The functions that Step Functions adds to JSONata, and those of JSONata that need our clock and our chance.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
What the documentation leaves open (rounding, what is undefined, the generator) was measured on AWS by others:
https://github.com/floci-io/floci/pull/2676
"""

from __future__ import annotations

import hashlib
import random
from typing import Any

from jsonata.functions import Functions

from local_aws.states.java_random import JavaRandom
from local_aws.states.jsonata_library import JsonataError, from_json, function, sequence
from local_aws.states.jsonata_repairs import REPAIRED
from local_aws.states.jsontext import loads, utf8
from local_aws.states.scope import Scope

_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_MAX_RANGE = 360_145  # elements, as measured; more exceeds the memory that AWS gives an expression


def bound(scope: Scope) -> dict[str, Any]:
    """Return the functions by name, for one evaluation."""
    millis = int(scope.now().timestamp() * 1000)

    def now(picture: str | None = None, timezone: str | None = None) -> Any:
        return Functions.datetime_from_millis(millis, picture, timezone)

    def chance(seed: float | None = None) -> float:
        return scope.random.random() if seed is None else JavaRandom(int(seed)).next_double()

    return {
        **REPAIRED,
        **_PURE,
        "eval": None,  # AWS has none: a call of it fails as for any unknown name
        "random": function("random", chance, "<n?:n>"),
        "uuid": function("uuid", scope.new_id, "<:s>"),
        "now": function("now", now, "<s?s?:s>"),
        "millis": function("millis", lambda: millis, "<:n>"),
        "shuffle": function("shuffle", lambda items: _shuffled(items, scope.random), "<a:a>"),
    }


def _partition(items: list[Any] | None, size: float | None) -> Any:
    if not items or size is None or int(size) == 0:
        return None
    step = int(size)
    if step < 0:
        raise JsonataError("The chunk size of $partition must be positive")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(first: float | None, last: float | None, step: float | None = None) -> Any:
    if first is None or last is None or step is None or int(step) == 0:
        return None
    by = int(step)
    numbers = range(int(first), int(last) + (1 if by > 0 else -1), by)
    if len(numbers) > _MAX_RANGE:
        raise JsonataError("Expression evaluation memory limit exceeded: Check for excessive memory usage")
    return sequence(list(numbers))


def _hash(data: str | None, algorithm: str | None = None) -> Any:
    if data is None or algorithm is None:
        return None
    if algorithm not in _ALGORITHMS:
        raise JsonataError(f"The algorithm of $hash is one of {', '.join(_ALGORITHMS)}, not {algorithm}")
    return hashlib.new(_ALGORITHMS[algorithm], utf8(data), usedforsecurity=False).hexdigest()


def _parse(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return from_json(loads(text))
    except ValueError as error:
        raise JsonataError(f"The argument of $parse is not JSON: {error}") from error


def _shuffled(items: list[Any] | None, chance: random.Random) -> Any:
    return None if items is None else chance.sample(items, len(items))


_PURE = {
    "partition": function("partition", _partition, "<an:a>"),
    "range": function("range", _range, "<nnn?:a>"),
    "hash": function("hash", _hash, "<ss?:s>"),
    "parse": function("parse", _parse, "<s:x>"),
}
