"""Reading one JSON object of a definition: typed fields, and each fault with the path to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from local_aws.states.dataflow import read
from local_aws.states.errors import runtime_error
from local_aws.states.expressions import ExpressionError, MissingError, compile_path, is_reference
from local_aws.states.jsontext import Json
from local_aws.states.scope import Expression, Scope

Compiled = TypeVar("Compiled")
Number = TypeVar("Number", int, float)
SCHEMA = "SCHEMA_VALIDATION_FAILED"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: AWS's code, what is wrong, and the path to it (empty when the text is not even JSON)."""

    code: str
    message: str
    location: str = ""


class DefinitionError(ValueError):
    """A definition that AWS would refuse."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        faults = (f"{fault.code}: {fault.message} at {fault.location or 'null'}" for fault in problems)
        super().__init__("Invalid State Machine Definition: '" + ", ".join(faults) + "'")


class NotModelledError(ValueError):
    """A definition that AWS would accept and we cannot run; the message names what we lack, and where."""


class Fields:
    """One object of the definition; faults are noted, and reading goes on with a default.

    `within` is the path from its state to it, empty for the state itself.
    """

    def __init__(self, node: Json, location: str, problems: list[Problem], within: str = "") -> None:
        self.location = location
        self.problems = problems
        self.within = within
        self.node: dict[str, Json] = node if isinstance(node, dict) else {}
        if not isinstance(node, dict):
            self.fault("Expected value of type [OBJECT]")

    def fault(self, message: str, key: str = "", code: str = SCHEMA) -> None:
        """Note a fault of this object or of one of its fields."""
        location = f"{self.location}/{key}" if key else self.location or "/"
        self.problems.append(Problem(code, message, location))

    def note(self, code: str, message: str) -> None:
        """Note a fault that AWS gives no path to."""
        self.problems.append(Problem(code, message))

    def require(self, *keys: str) -> bool:
        """Note the fields that are missing; tell whether none is."""
        missing = [key for key in keys if key not in self.node]
        if missing:
            self.fault(f"These fields are required: [{', '.join(missing)}]")
        return not missing

    def allow(self, keys: frozenset[str]) -> None:
        """Note every field that has no business here."""
        for key in self.node:
            if key not in keys:
                self.fault(f"Field '{key}' is not supported")

    def one_of(self, key: str, values: Sequence[str]) -> str | None:
        """Return a string field that has one of these values, or None."""
        value = self.text(key)
        if value is not None and value not in values:
            self.fault(f"Value should be one of the following: [{', '.join(values)}]", key)
            return None
        return value

    def at_most_one(self, *keys: str) -> None:
        """Note fields of which there may be only one."""
        if sum(key in self.node for key in keys) > 1:
            self.fault(f"There should only be one of the following fields: [{', '.join(keys)}]")

    def has(self, key: str) -> bool:
        """Tell whether the field is there."""
        return key in self.node

    def value(self, key: str) -> Json:
        """Return a field as it is, or None."""
        return self.node.get(key)

    def text(self, key: str) -> str | None:
        """Return a string field, or None."""
        value = self.node.get(key)
        if key in self.node and not isinstance(value, str):
            self.fault("Expected value of type [STRING]", key)
            return None
        return value

    def integer(self, key: str, least: int, most: int = 99_999_999) -> int | None:
        """Return an integer field within its bounds, or None."""
        value = self.node.get(key)
        if key not in self.node:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault("Expected value of type [INTEGER]", key)
            return None
        return self._bounded(key, value, least, most)

    def number(self, key: str, least: float, most: float = math.inf) -> float | None:
        """Return a number field within its bounds, or None."""
        value = self.node.get(key)
        if key not in self.node:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault("Expected value of type [NUMBER]", key)
            return None
        return self._bounded(key, value, least, most)

    def _bounded(self, key: str, value: Number, least: float, most: float) -> Number | None:
        if value < least:
            self.fault(f"Minimum value is {least}", key)
        elif value > most:
            self.fault(f"Maximum value is {most}", key)
        else:
            return value
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a field that is a list of strings, not empty."""
        value = self.node.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self.fault("Value cannot be empty" if value == [] else "Expected value of type [ARRAY]", key)
            return ()
        return tuple(value)

    def children(self, key: str) -> Iterator[Fields]:
        """Return the objects of a field that is a list of them."""
        value = self.node.get(key, [])
        if not isinstance(value, list):
            self.fault("Expected value of type [ARRAY]", key)
            value = []
        for index, item in enumerate(value):
            here = f"{key}[{index}]"
            yield Fields(item, f"{self.location}/{here}", self.problems, f"{self.within}{here}/")

    def child(self, key: str) -> Fields:
        """Return a field that is an object, an empty one when it is missing."""
        return Fields(self.node.get(key, {}), f"{self.location}/{key}", self.problems, f"{self.within}{key}/")

    def compiled(
        self, key: str, compile_value: Callable[[Json], Compiled], *, whole: bool = False
    ) -> Compiled | None:
        """Return a field compiled, or None when it is missing or at fault (`whole`: blame the object)."""
        if key not in self.node:
            return None
        try:
            return compile_value(self.node[key])
        except (ExpressionError, ValueError, TypeError, AttributeError) as error:
            self.fault(str(error), "" if whole else key)
            return None

    def path(self, key: str) -> Expression | None:
        """Return a field that is a path, which may be into the context object or a variable."""
        return self.compiled(key, _path_of)

    def reference(self, key: str) -> Expression | None:
        """Return a field that is the path of one value, where AWS takes no other."""
        return self.compiled(key, _reference_of)

    def integer_at(self, key: str, name: str) -> Expression | None:
        """Return a field that is the path of an integer; finding anything else there is States.Runtime."""
        where = self.reference(key)
        if where is None:
            return None

        def integer(data: Json, scope: Scope) -> Json:
            value = read(where, data, scope)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                shown = f'"{value}"' if isinstance(value, str) else value
                raise runtime_error(f"The {name} field refers to value {shown} which is not a valid integer")
            return value

        return integer


def found(expression: Expression, message: str) -> Expression:
    """Return the expression with States.Runtime and this message where it finds nothing."""

    def evaluate(data: Json, scope: Scope) -> Json:
        try:
            return expression(data, scope)
        except MissingError:
            raise runtime_error(message) from None

    return evaluate


def _reference_of(text: Json) -> Expression:
    if isinstance(text, str) and not is_reference(text):
        raise ExpressionError("Value is not a Reference Path")
    return _path_of(text)


def _path_of(text: Json) -> Expression:
    if not isinstance(text, str):
        raise ExpressionError("Expected value of type [STRING]")
    try:
        return compile_path(text)
    except ExpressionError as error:
        raise ExpressionError("Value is not a Reference Path") from error
