"""One state being parsed: its fields, its query language, and the parts that several types share."""

from __future__ import annotations

from typing import Any

from local_aws.states.fields import Fields
from local_aws.states.parse_flow import parse_catchers, parse_flow, parse_retriers, query
from local_aws.states.scope import Expression
from local_aws.states.surroundings import Surroundings


class StateReader:
    """One state being parsed."""

    def __init__(self, name: str, fields: Fields, around: Surroundings) -> None:
        self.name = name
        self.fields = fields
        self.around = around
        self.kind = str(fields.value("Type"))
        self.is_jsonata = fields.value("QueryLanguage") == "JSONata" or (
            around.jsonata and not fields.has("QueryLanguage")
        )

    def common(self, parameters: str = "Parameters") -> dict[str, Any]:
        """Return what all states have."""
        following = self.fields.value("Next")
        flow = parse_flow(self.fields, is_jsonata=self.is_jsonata, parameters=parameters)
        return {"name": self.name, "next": following, "flow": flow}

    def work(self) -> dict[str, Any]:
        """Return what Task, Parallel and Map have besides."""
        catchers = parse_catchers(self.fields, is_jsonata=self.is_jsonata)
        return {"retriers": parse_retriers(self.fields), "catchers": catchers}

    def value(self, key: str) -> Expression | None:
        """Compile a field that is JSONata where the state is, and literal otherwise."""
        if self.is_jsonata:
            return query(self.fields, key)
        if not self.fields.has(key):
            return None
        literal = self.fields.value(key)
        return lambda _data, _scope: literal
