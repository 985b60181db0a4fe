"""The numbers that set up a Map: given as they are, at a path (where a text will do), or by JSONata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from local_aws.states import jsonata
from local_aws.states.dataflow import read
from local_aws.states.errors import EvaluationError, query_error, runtime_error
from local_aws.states.fields import Fields
from local_aws.states.jsontext import Json, dumps
from local_aws.states.parse_flow import query
from local_aws.states.scope import Expression, Scope

_TYPES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def whole_number(fields: Fields, key: str, *, is_jsonata: bool, least: int = 0) -> Expression | None:
    """Compile the field `key`, or the path of it; None when the Map has neither.

    A literal has at least `least`; what is found at run time is only checked to be a whole number.
    """
    if not is_jsonata and fields.has(key + "Path"):
        return _at_path(fields, key + "Path", int, "integer")
    if is_jsonata and jsonata.is_expression(fields.value(key)):
        return _by_query(fields, key)
    literal = fields.integer(key, least, 10**12)
    return None if literal is None else lambda _data, _scope: literal


def percentage(fields: Fields, key: str, *, is_jsonata: bool) -> Expression | None:
    """Compile the field `key`, or the path of it; None when the Map has neither."""
    if not is_jsonata and fields.has(key + "Path"):
        return _at_path(fields, key + "Path", float, "float")
    if is_jsonata and jsonata.is_expression(fields.value(key)):
        return _by_query(fields, key)
    literal = fields.number(key, 0)
    if literal is not None and literal > 100:
        fields.fault("Expected a number of at most 100", key)
    return None if literal is None else lambda _data, _scope: literal


def unexpected(field: str, text: str, wanted: str, value: Json) -> EvaluationError:
    """Return the error of a JSONata expression that gave a value of another type than its field has."""
    found = _TYPES.get(type(value), "number")
    return query_error(
        f"The JSONata expression '{text}' specified for the field '{field}' returned an unexpected result "
        f"type. Expected '{wanted}', but was '{found}' for value: {dumps(value)}",
        field,
    )


def _at_path(fields: Fields, key: str, number: Callable[[str], Json], name: str) -> Expression | None:
    where = fields.path(key)
    if where is None:
        return None

    def evaluate(data: Json, scope: Scope) -> Json:
        value = read(where, data, scope)
        shown = value if isinstance(value, str) else dumps(value)
        try:
            return number(shown)
        except ValueError:
            raise runtime_error(
                f'The {key} field refers to value "{shown}" which is not a valid {name}: {fields.value(key)}'
            ) from None

    return evaluate


def _by_query(fields: Fields, key: str) -> Expression | None:
    asked = query(fields, key)
    if asked is None:
        return None
    text = str(fields.value(key))[2:-2].strip()

    def evaluate(data: Json, scope: Scope) -> Json:
        value = asked(data, scope)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise unexpected(key, text, "number", value)
        return value

    return evaluate
