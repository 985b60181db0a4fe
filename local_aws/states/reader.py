"""One state being parsed: its fields, its query language, and the parts that several types share."""

from __future__ import annotations

from typing import Any

from local_aws.states.errors import query_error
from local_aws.states.fields import Fields
from local_aws.states.jsontext import Json
from local_aws.states.parse_flow import parse_catchers, parse_flow, parse_retriers, query
from local_aws.states.scope import Expression, Scope
from local_aws.states.surroundings import Surroundings

_LONGEST = 99_999_999  # seconds; the longest time that a state may be given


def whole_seconds(number: Expression, field: str) -> Expression:
    """Return an expression of seconds: a number that is whole and not out of bounds, or it fails."""

    def seconds(data: Json, scope: Scope) -> Json:
        value = number(data, scope)
        if not isinstance(value, int):
            raise query_error(f"The {field} field cannot be parsed as a long value: {value}", field)
        if not 0 <= value <= _LONGEST:
            raise query_error(f"The {field} field must be between 0 and {_LONGEST} but was: {value}", field)
        return value

    return seconds


class StateReader:
    """One state being parsed."""

    def __init__(self, name: str, fields: Fields, around: Surroundings) -> None:
        self.name = name
        self.fields = fields
        self.around = around
        self.kind = str(fields.value("Type"))
        # Whatever else is no language AWS takes for JSONata, besides refusing it.
        language = fields.value("QueryLanguage")
        self.is_jsonata = language != "JSONPath" if fields.has("QueryLanguage") else around.jsonata

    def common(self, parameters: str = "Parameters") -> dict[str, Any]:
        """Return what all states have."""
        following = self.fields.value("Next")
        flow = parse_flow(self.fields, is_jsonata=self.is_jsonata, parameters=parameters)
        return {"name": self.name, "next": following, "flow": flow}

    def work(self) -> dict[str, Any]:
        """Return what Task, Parallel and Map have besides."""
        catchers = parse_catchers(self.fields, is_jsonata=self.is_jsonata)
        return {"retriers": parse_retriers(self.fields), "catchers": catchers}

    def value(self, key: str, kind: str | None = None) -> Expression | None:
        """Compile a field that is JSONata where the state is (and gives a `kind`), and literal otherwise."""
        if self.is_jsonata:
            return query(self.fields, key, kind)
        if not self.fields.has(key):
            return None
        literal = self.fields.value(key)
        return lambda _data, _scope: literal
