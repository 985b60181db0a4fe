"""The contract of a CSV file: a JSON Schema (2020-12) of one row as text, read strictly.

Only a part of JSON Schema can be judged cell by cell and told to a person rule by rule; a contract is written
in that part and what is outside of it is refused by name. ``docs/contract.md`` says how one is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from common.checks import Check, Column, ReferenceRule
from common.rules import RESERVED_NAMES, Rule

__all__ = ["Check", "Column", "Contract", "ContractError", "ReferenceRule", "parse_contract"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REASON = "reason"
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NOTES = {"title", "description", "$comment"}
_CONSTRAINTS = {"pattern", "not", "minLength", "maxLength", "enum", "const", "format"}


class ContractError(ValueError):
    """A document is no contract; ``problems`` names all that is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Contract:
    """What a CSV file is held to; the columns are in the order in which its cleaned form has them."""

    name: str
    version: str
    columns: tuple[Column, ...]
    description: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def unique(self) -> int | None:
        """Which column's cells must differ from row to row, counted from 0, or None."""
        return next((i for i, column in enumerate(self.columns) if column.unique), None)

    @property
    def reference(self) -> ReferenceRule | None:
        """The rule that asks for a reference list, or None."""
        return next((column.reference for column in self.columns if column.reference), None)


def parse_contract(document: bytes) -> Contract:
    """Return the contract that a JSON document is, or raise ``ContractError`` with all that is wrong."""
    try:
        root = json.loads(document.decode("utf-8"), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise ContractError([f"it is no JSON: {error}"]) from error
    if not isinstance(root, dict):
        raise ContractError(["it is no JSON object"])
    reader = _Reader()
    contract = reader.contract(root)
    if reader.problems:
        raise ContractError(reader.problems)
    return contract


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice: {sorted({n for n in names if names.count(n) > 1})}")
    return found


class _Reader:
    """Reads a contract part by part and collects problems, so that a person mends them all in one go."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def contract(self, root: Mapping[str, Any]) -> Contract:
        here = "contract"
        needed = {"$schema", "title", "x-version", "type", "properties", "required", "additionalProperties"}
        self._keywords(here, root, needed, _NOTES | {"$id"})
        self._constant(here, root, "$schema", _DIALECT)
        self._constant(here, root, "type", "object")
        self._constant(here, root, "additionalProperties", False)
        properties = root.get("properties")
        if not isinstance(properties, dict) or not properties:
            self._problem(here, f"'properties' must name the columns; found {properties!r}")
            properties = {}
        required = root.get("required", [])
        if not isinstance(required, list) or sorted(map(str, required)) != sorted(properties):
            self._problem(here, "'required' must list every column of 'properties' once, and nothing else")
        columns = tuple(self._column(name, found) for name, found in properties.items())
        for keyword, marked in (
            ("x-unique", [column.name for column in columns if column.unique]),
            ("x-reference", [column.name for column in columns if column.reference]),
        ):
            if len(marked) > 1:
                self._problem(here, f"at most one column may have {keyword!r}; found it on {marked}")
        name, version = self._text(here, root, "title"), self._text(here, root, "x-version")
        return Contract(name, version, columns, self._text(here, root, "description"))

    def _column(self, name: str, found: object) -> Column:
        here = f"properties.{name}"
        if not name or name == _REASON:
            self._problem(here, f"a column cannot be named {name!r}: rows to mend have a column {_REASON!r}")
        if not isinstance(found, dict):
            self._problem(here, f"must be an object; found {found!r}")
            return Column(name, "", ())
        self._keywords(here, found, {"type", "description"}, _NOTES | {"allOf", "x-unique", "x-reference"})
        self._constant(here, found, "type", "string")
        checks = found.get("allOf", [])
        if not isinstance(checks, list):
            self._problem(here, f"'allOf' must be a list of checks; found {checks!r}")
            checks = []
        return Column(
            name,
            self._text(here, found, "description"),
            tuple(self._check(f"{here}.allOf[{i}]", check) for i, check in enumerate(checks)),
            self._unique(f"{here}.x-unique", found["x-unique"]) if "x-unique" in found else None,
            self._reference(f"{here}.x-reference", found["x-reference"]) if "x-reference" in found else None,
        )

    def _check(self, here: str, found: object) -> Check:
        if not isinstance(found, dict):
            self._problem(here, f"must be an object; found {found!r}")
            return Check(Rule("", ""))
        self._keywords(here, found, {"x-rule", "x-advice"}, _NOTES | _CONSTRAINTS)
        if not _CONSTRAINTS & found.keys():
            self._problem(here, f"must hold one of {sorted(_CONSTRAINTS)}")
        if "format" in found:
            self._constant(here, found, "format", "date")
        allowed = self._allowed(here, found)
        facts = {"found"} if allowed is None else {"found", "expected"}
        return Check(
            rule=self._rule(here, found, facts),
            patterns=self._pattern(here, found),
            forbidden=self._forbidden(here, found),
            fewest_characters=self._length(here, found, "minLength") or 0,
            most_characters=self._length(here, found, "maxLength"),
            allowed=allowed,
            is_date="format" in found,
        )

    def _unique(self, here: str, found: object) -> Rule:
        return self._annotation(here, found, set(), {"first_line"})

    def _reference(self, here: str, found: object) -> ReferenceRule:
        rule = self._annotation(here, found, {"column"}, {"suggestion"})
        return ReferenceRule(self._text(here, found, "column") if isinstance(found, dict) else "", rule)

    def _annotation(self, here: str, found: object, needed: set[str], facts: set[str]) -> Rule:
        if not isinstance(found, dict):
            self._problem(here, f"must be an object; found {found!r}")
            return Rule("", "")
        self._keywords(here, found, {"x-rule", "x-advice"} | needed, {"$comment"})
        return self._rule(here, found, facts)

    def _rule(self, here: str, found: Mapping[str, Any], facts: set[str]) -> Rule:
        name, advice = self._text(here, found, "x-rule"), self._text(here, found, "x-advice")
        if name and (not _RULE_NAME.fullmatch(name) or name in RESERVED_NAMES):
            free = "must be small letters, digits and '_', and no rule about files and records"
            self._problem(here, f"'x-rule' {free}; found {name!r}")
        try:
            fields = [(field, spec, how) for _, field, spec, how in Formatter().parse(advice)]
        except ValueError as error:
            self._problem(here, f"'x-advice' has a brace that is not doubled: {error}")
            return Rule(name, "")
        for field, spec, how in fields:
            if field is not None and (field not in facts or spec or how):
                known = ", ".join(f"{{{fact}}}" for fact in sorted(facts))
                self._problem(here, f"'x-advice' may name {known} here; found {{{field}}}")
                return Rule(name, "")
        return Rule(name, advice)

    def _allowed(self, here: str, found: Mapping[str, Any]) -> frozenset[str] | None:
        sets: list[frozenset[str]] = []
        for name in {"enum", "const"} & found.keys():
            values = found[name] if name == "enum" else [found[name]]
            if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
                self._problem(here, f"{name!r} must hold text, as cells do; found {found[name]!r}")
                continue
            sets.append(frozenset(values))
        return frozenset.intersection(*sets) if sets else None

    def _pattern(self, here: str, found: Mapping[str, Any]) -> tuple[re.Pattern[str], ...]:
        text = self._text(here, found, "pattern")
        try:
            return (re.compile(text),) if text else ()
        except (re.error, OverflowError, RecursionError) as error:
            self._problem(here, f"'pattern' is no regular expression: {error}; found {text!r}")
            return ()

    def _forbidden(self, here: str, found: Mapping[str, Any]) -> tuple[re.Pattern[str], ...]:
        if "not" not in found:
            return ()
        if not isinstance(found["not"], dict) or found["not"].keys() != {"pattern"}:
            self._problem(here, f"'not' must hold a 'pattern' and nothing else; found {found['not']!r}")
            return ()
        return self._pattern(f"{here}.not", found["not"])

    def _length(self, here: str, found: Mapping[str, Any], name: str) -> int | None:
        value = found.get(name)
        if name in found and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            self._problem(here, f"{name!r} must be a whole number of characters; found {value!r}")
            return None
        return value

    def _text(self, here: str, found: Mapping[str, Any], name: str) -> str:
        value = found.get(name, "")
        if not isinstance(value, str) or (name in found and not value.strip()):
            self._problem(here, f"{name!r} must be text; found {value!r}")
            return ""
        return value

    def _constant(self, here: str, found: Mapping[str, Any], name: str, value: object) -> None:
        if name in found and (found[name] != value or type(found[name]) is not type(value)):
            self._problem(here, f"{name!r} must be {json.dumps(value)}; found {json.dumps(found[name])}")

    def _keywords(self, here: str, found: Mapping[str, Any], needed: set[str], also: set[str]) -> None:
        for name in sorted(found.keys() - needed - also):
            self._problem(here, f"the keyword {name!r} is not understood here")
        for name in sorted(needed - found.keys()):
            self._problem(here, f"{name!r} is missing")

    def _problem(self, here: str, what: str) -> None:
        self.problems.append(f"{here}: {what}")
