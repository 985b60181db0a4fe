"""JSONPath as Step Functions reads it: paths that select, and reference paths that say where to put a result.

Most paths name one place; those are walked here. The rest (wildcards, slices, filters, descent) is the
library's, and gives a list, empty when nothing matches.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import jsonpath

Json = Any

_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\]()*?,'"@:]+)
      | \.?\[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
      | \.?\[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
      | \.?\[\s*(?P<index>-?\d+)\s*\]""",
    re.VERBOSE,
)
# AWS takes a dot before a bracket, `$.[0]`, as Jayway's JSONPath does and deployed machines have it.
_DOT_BEFORE_BRACKET = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<!\.)\.(?=\[)""")
Steps = tuple[str | int, ...]


class PathError(ValueError):
    """The text is no path."""


class NoSuchPlaceError(LookupError):
    """The path names a place that the value does not have; the message is as AWS words it."""


class Path:
    """A compiled path from the root of a value (`$`, `$.a.b[0]`, `$.a[?(@.b == 1)]`)."""

    __slots__ = ("_library", "steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = _definite_steps(text)
        self._library: Any = None
        if self.steps is None:
            try:
                self._library = jsonpath.compile(_DOT_BEFORE_BRACKET.sub(r"\1", text))
            except jsonpath.JSONPathError as error:
                raise PathError(f"{text} is no JSONPath: {error}") from error

    def read(self, value: Json) -> Json:
        """Return what stands at this path; NoSuchPlaceError when a definite path has nothing."""
        if self.steps is None:
            return self._library.findall(value)
        for depth, step in enumerate(self.steps):
            # The common case first: this is where an execution spends its time.
            if (type(value) is dict and step in value) or _has(value, step):
                value = value[step]
            else:
                raise NoSuchPlaceError(_missing(self.steps, depth))
        return value


class ReferencePath(Path):
    """A path that names exactly one place, as ResultPath must."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if self.steps is None:
            raise PathError(f"{text} is no reference path")

    def put(self, value: Json, result: Json) -> Json:
        """Return a copy of `value` with `result` at this path, making objects on the way.

        Raises NoSuchPlaceError when something on the way is neither an object nor an element of an array.
        """
        return _put(value, self.steps or (), result)


@functools.lru_cache(maxsize=10_000)
def path(text: str) -> Path:
    """Compile a path; raises PathError."""
    return Path(text)


def _definite_steps(text: str) -> Steps | None:
    if not text.startswith("$"):
        raise PathError(f"{text} does not begin with $")
    steps: list[str | int] = []
    position = 1
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            return None
        if step["index"] is not None:
            steps.append(int(step["index"]))
        else:
            quoted = step["single"] if step["single"] is not None else step["double"]
            steps.append(step["name"] if quoted is None else re.sub(r"\\(['\\])", r"\1", quoted))
        position = step.end()
    return tuple(steps)


def _has(value: Json, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(value, dict) and step in value
    return isinstance(value, list) and -len(value) <= step < len(value)


def _missing(steps: Steps, depth: int) -> str:
    def written(some: Steps) -> str:
        return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in some)

    if depth == len(steps) - 1:
        return f"No results for path: {written(steps)}"
    return f"Missing property in path {written(steps[: depth + 1])}"


def _put(value: Json, steps: Steps, result: Json) -> Json:
    if not steps:
        return result
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if value is not None and not isinstance(value, dict):
            raise NoSuchPlaceError(f"{step} cannot be set in {type(value).__name__}")
        return {**(value or {}), step: _put((value or {}).get(step), rest, result)}
    if not _has(value, step):
        raise NoSuchPlaceError(f"there is no element {step}")
    copy = list(value)
    copy[step] = _put(value[step], rest, result)
    return copy
