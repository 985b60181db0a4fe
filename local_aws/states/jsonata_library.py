"""The JSONata library as AWS's JSONata: JSON in and out, AWS's messages, and the references AWS refuses.

Whatever `jsonata-python` does in another way than JSONata 2.0.6 in Step Functions is put right here, and
nowhere else. https://docs.jsonata.org/2.0.0/overview; what the documentation leaves open others measured on
AWS: https://github.com/floci-io/floci/issues/2737, .../issues/2668, .../issues/2670
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from jsonata import JException, Jsonata, Utils

from local_aws.states.jsontext import Json

UNDEFINED = object()  # what an expression gives that finds nothing; JSON has no word for it
MAX_DEPTH = 100  # evaluations within evaluations; AWS's ceiling was measured to be near it
MAX_SECONDS = 5  # of real time for one evaluation, against recursion without an end
_MAX_LONG = 2**63
_PLACEHOLDER = re.compile(r"\{\{(\{?)\w+\}?\}\}")
_CALLED = re.compile(r"\$(\w+)\s*\($")
_TYPES = {"n": "numbers", "s": "strings", "b": "booleans", "a": "arrays", "o": "objects", "f": "functions"}


class JsonataError(ValueError):
    """An expression that does not parse, or that failed; `code` is JSONata's, the message reads as AWS's."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class UnsupportedResultError(ValueError):
    """The expression gave a function, which is not JSON."""


class Program:
    """A compiled expression; raises JsonataError when the text is none."""

    def __init__(self, text: str) -> None:
        try:
            self._program = Jsonata(text)
        except JException as error:
            raise JsonataError(_message(error, text), error.error) from error
        except Exception as error:  # the parser's own fault: it knows no message for it
            raise JsonataError(str(error)) from error
        self._program.set_output_convert_nulls(False)
        self._text = text
        self._bounds = _Bounds(self._program)

    def evaluate(self, bindings: dict[str, Any]) -> Json:
        """Return the expression's value, or UNDEFINED; raises JsonataError or UnsupportedResultError."""
        self._bounds.begin()
        try:
            value = self._program.evaluate(None, bindings)
        except JException as error:
            raise JsonataError(_message(error, self._text), error.error) from error
        except JsonataError:
            raise
        except Exception as error:  # where JSONata has a code the library may stumble over Python instead
            raise JsonataError(f"{type(error).__name__}: {error}") from error
        return UNDEFINED if value is None else to_json(value)

    def unsupported(self, *, in_catch: bool) -> Iterator[str]:
        """Tell what AWS refuses in a definition: references that lead nowhere.

        An expression has no context but `$states` and the variables, and `$states.errorOutput` is a
        catcher's alone.
        """
        yield from dict.fromkeys(_unsupported(self._program.ast, True, in_catch))


class _Bounds:
    """How deep and how long an evaluation may go; the library's own count is off, and of all evaluations."""

    def __init__(self, program: Jsonata) -> None:
        self._depth = 0
        self._deadline = 0.0
        program.environment.set_evaluate_entry_callback(self._enter)
        program.environment.set_evaluate_exit_callback(self._leave)

    def begin(self) -> None:
        """Begin an evaluation."""
        self._depth, self._deadline = 0, time.monotonic() + MAX_SECONDS

    def _enter(self, *_: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JException("D1011", -1)
        if time.monotonic() > self._deadline:
            raise JException("D1012", -1, MAX_SECONDS * 1000)

    def _leave(self, *_: Any) -> None:
        self._depth -= 1


def from_json(value: Json) -> Any:
    """Return a value as the library wants it: its None is undefined, so null needs a word of its own."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        members = {key: from_json(member) for key, member in value.items()}
        return members if any(members[key] is not value[key] for key in value) else value
    if isinstance(value, list):
        items = [from_json(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def to_json(value: Any) -> Json:
    """Return JSON for what the library gives; raises UnsupportedResultError for a function.

    Within an array or object the library writes null as None, too. Numbers are doubles but for whole ones
    that fit 64 bits; those that JSON cannot write are words, as AWS gives them.
    """
    if value is None or isinstance(value, Utils.NullValue):
        return None
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(member) for key, member in value.items()}
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -_MAX_LONG <= value < _MAX_LONG else _number(float(value))
    if isinstance(value, float):
        return _number(value)
    raise UnsupportedResultError


def sequence(items: list[Any]) -> list[Any]:
    """Return a JSONata sequence: of one item it is that item, of none it is undefined."""
    made: list[Any] = Utils.create_sequence_from_iter(items)
    return made


def function(name: str, implementation: Callable[..., Any], signature: str = "") -> Any:
    """Return a function to bind under a name; a signature is checked as JSONata's own are."""
    simple = Jsonata.JLambda(implementation)
    if not signature:
        return simple
    checked = Jsonata.JFunction(simple, signature)
    checked.signature.set_function_name(name)
    checked.function_name = name
    return checked


def _number(value: float) -> Json:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _message(error: JException, text: str) -> str:
    """Return JSONata's message; the library's texts say `Object` for `function` and lack the JSON quotes."""
    template = JException.error_codes.get(error.error)
    if template is None:
        return str(error)
    template = template.replace(" Object", " function")
    arguments = [error.current, error.expected, error.extra]
    if error.error == "T0412":
        arguments[2] = _TYPES.get(str(error.extra)[:1], error.extra)
    elif error.error == "D1002":
        arguments = [error.expected, None, None]
    elif error.error == "T0410" and error.current is None:
        called = _CALLED.search(text[: error.location])
        arguments = [1, called[1] if called else None, None]
    remaining = iter(arguments)

    def fill(match: re.Match[str]) -> str:
        value = next(remaining, None)
        return str(value) if match[1] else _quoted(value)

    return _PLACEHOLDER.sub(fill, template)


def _quoted(value: Any) -> str:
    try:
        return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))
    except (UnsupportedResultError, TypeError):
        return "undefined"


def _unsupported(node: Any, top: bool, in_catch: bool) -> Iterator[str]:
    """Walk an expression; `top`: what it reads is read of the top level, where there is nothing."""
    if node is None:
        return
    if node.type == "path":
        yield from _of_path(node, top, in_catch)
    elif node.type == "variable":
        yield from _of_variable(node, top)
    elif node.type == "name" and top:
        yield f"Reference to '{node.value}' at the top level is not supported."
    for child, inside in _children(node):
        yield from _unsupported(child, top and not inside, in_catch)


def _of_path(node: Any, top: bool, in_catch: bool) -> Iterator[str]:
    first, *rest = node.steps
    yield from _unsupported(first, top, in_catch)
    states = first.type == "variable" and first.value == "states"
    if states and not in_catch and rest and rest[0].value == "errorOutput":
        yield "Field '$states.errorOutput' does not exist."
    for step in rest:
        yield from _unsupported(step, False, in_catch)


def _of_variable(node: Any, top: bool) -> Iterator[str]:
    if node.value == "$":
        yield "Reference to '$$' is not supported."
    elif node.value == "" and top:
        yield "Reference to '$' at the top level is not supported."


def _children(node: Any) -> Iterator[tuple[Any, bool]]:
    """Yield the parts of a node, each with whether it has a context of its own."""
    for name in ("lhs", "rhs", "condition", "then", "_else", "expression", "procedure", "body"):
        part = getattr(node, name, None)
        if part is not None and hasattr(part, "type"):
            yield part, False
    for name in ("arguments", "expressions"):
        for part in getattr(node, name, None) or ():
            yield part, False
    own_group = node.type == "unary" and node.value == "{"
    for part in getattr(node, "lhs_object", None) or ():
        for half in part:
            yield half, not own_group
    for name in ("predicate", "stages"):
        for part in getattr(node, name, None) or ():
            yield getattr(part, "expr", None), True
