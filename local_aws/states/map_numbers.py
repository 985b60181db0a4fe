"""The numbers that set up a Map: given as they are, at a path (where a text will do), or by JSONata."""

from __future__ import annotations

from collections.abc import Callable

from local_aws.states import jsonata
from local_aws.states.dataflow import read
from local_aws.states.errors import query_error, runtime_error
from local_aws.states.fields import Fields
from local_aws.states.jsontext import Json, dumps
from local_aws.states.parse_flow import query
from local_aws.states.scope import Expression, Scope


def whole_number(fields: Fields, key: str, *, is_jsonata: bool, least: int = 0) -> Expression | None:
    """Compile the field `key`, or the path of it; None when the Map has neither.

    A literal has at least `least`; what is found at run time is only checked to be a whole number.
    """
    if is_jsonata and jsonata.is_expression(fields.value(key)):
        return _whole(query(fields, key, "number"), fields.within + key)
    fields.at_most_one(key, key + "Path")
    if fields.has(key + "Path"):
        return _at_path(fields, key + "Path", int, "integer")
    return _literal(fields.integer(key, least, 10**12))


def percentage(fields: Fields, key: str, *, is_jsonata: bool) -> Expression | None:
    """Compile the field `key`, or the path of it; None when the Map has neither."""
    if is_jsonata and jsonata.is_expression(fields.value(key)):
        return query(fields, key, "number")
    fields.at_most_one(key, key + "Path")
    if fields.has(key + "Path"):
        return _at_path(fields, key + "Path", float, "float")
    return _literal(fields.number(key, 0, 100))


def _literal(value: float | None) -> Expression | None:
    return None if value is None else lambda _data, _scope: value


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


def _whole(number: Expression | None, field: str) -> Expression | None:
    if number is None:
        return None

    def evaluate(data: Json, scope: Scope) -> Json:
        value = number(data, scope)
        if not isinstance(value, int):
            raise query_error(f"The {field} field cannot be parsed as a long value: {value}", field)
        return value

    return evaluate
