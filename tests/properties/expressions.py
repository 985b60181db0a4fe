"""DynamoDB's condition and update expressions, as much of them as the pipeline writes; the rest is refused.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
Condition = Callable[[Item], bool]
Operand = Callable[[Item], Value | None]
Change = Callable[[Item, Item], None]  # reads the item as it was, writes into the one that is to be

_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>(),+-]|\S)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLAUSES = {"SET", "REMOVE", "ADD"}


class InvalidExpression(Exception):  # noqa: N818 - it becomes DynamoDB's ValidationException
    """The expression is wrong, or says something that is not modelled."""


def condition(text: str, names: Mapping[str, str], values: Mapping[str, Value]) -> Condition:
    """Return the test that a condition is. Raises ``InvalidExpression``."""
    parser = _Parser(names, values)
    parser.read(text)
    parsed = parser.either()
    parser.finish()
    return parsed


def update(
    text: str, test: str | None, names: Mapping[str, str], values: Mapping[str, Value]
) -> tuple[Condition, Callable[[Item], Item]]:
    """Return an update's condition, and what it makes of an item. Raises ``InvalidExpression``."""
    parser = _Parser(names, values)
    parsed: Condition = _always
    if test is not None:
        parser.read(test)
        parsed = parser.either()
    parser.read(text)
    changes = parser.changes()
    parser.finish()

    def apply(item: Item) -> Item:
        new = dict(item)
        for change in changes:
            change(item, new)
        return new

    return parsed, apply


def _always(_item: Item) -> bool:
    return True


class _Parser:
    """Parses by recursive descent; knows which of the names and values were never used, as DynamoDB does."""

    def __init__(self, names: Mapping[str, str], values: Mapping[str, Value]) -> None:
        self._names, self._values = names, values
        self._unused = {*names, *values}
        self._tokens: list[str] = []

    def read(self, text: str) -> None:
        """Start on an expression; the one before must be at its end."""
        self._at_end()
        self._tokens = _TOKEN.findall(text)[::-1]
        if not self._tokens:
            raise InvalidExpression("The expression can not be empty")

    def finish(self) -> None:
        self._at_end()
        if self._unused:
            raise InvalidExpression(f"unused in expressions: {sorted(self._unused)}")

    def either(self) -> Condition:
        tests = [self._all()]
        while self._take("OR"):
            tests.append(self._all())
        return lambda item: any(test(item) for test in tests)

    def changes(self) -> list[Change]:
        changes: list[Change] = []
        seen: set[str] = set()
        while self._tokens:
            clause = self._next().upper()
            if clause not in _CLAUSES or clause in seen:
                raise InvalidExpression(f"no clause of its own: {clause}")
            seen.add(clause)
            changes.append(self._change(clause))
            while self._take(","):
                changes.append(self._change(clause))
        return changes

    def _all(self) -> Condition:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Condition:
        if self._take("NOT"):
            test = self._one()
            return lambda item: not test(item)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._take("attribute_exists"):
            present = self._argument()
            return lambda item: present in item
        if self._take("attribute_not_exists"):
            absent = self._argument()
            return lambda item: absent not in item
        if self._take("begins_with"):
            self._expect("(")
            whole = self._operand()
            self._expect(",")
            start = self._operand()
            self._expect(")")
            return lambda item: _begins(whole(item), start(item))
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._take("IN"):
            self._expect("(")
            options = [self._operand()]
            while self._take(","):
                options.append(self._operand())
            self._expect(")")
            return lambda item: any(_compare("=", left(item), option(item)) for option in options)
        sign = self._next()
        right = self._operand()
        if sign == "<>":
            return lambda item: not _compare("=", left(item), right(item))
        if sign not in _COMPARISONS:
            raise InvalidExpression(f"no comparison: {sign}")
        return lambda item: _compare(sign, left(item), right(item))

    def _change(self, clause: str) -> Change:
        name = self._path()
        if clause == "REMOVE":
            return lambda _old, new: _remove(new, name)
        if clause == "ADD":
            more = self._operand()
            return lambda old, new: _set(new, name, _added(old.get(name), more(old)))
        self._expect("=")
        value = self._operand()
        sign = next((each for each in "+-" if self._take(each)), "")
        if not sign:
            return lambda old, new: _set(new, name, value(old))
        by = self._operand()
        return lambda old, new: _set(new, name, _calculated(value(old), sign, by(old)))

    def _operand(self) -> Operand:
        if self._take("if_not_exists"):
            self._expect("(")
            name = self._path()
            self._expect(",")
            default = self._operand()
            self._expect(")")
            return lambda item: item[name] if name in item else default(item)
        if self._tokens and self._tokens[-1].startswith(":"):
            token = self._next()
            if token not in self._values:
                raise InvalidExpression(f"an expression attribute value is not defined: {token}")
            self._unused.discard(token)
            value = self._values[token]
            return lambda _item: value
        path = self._path()
        return lambda item: item.get(path)

    def _argument(self) -> str:
        self._expect("(")
        path = self._path()
        self._expect(")")
        return path

    def _path(self) -> str:
        token = self._next()
        if token.startswith("#"):
            if token not in self._names:
                raise InvalidExpression(f"an expression attribute name is not defined: {token}")
            self._unused.discard(token)
            return self._names[token]
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise InvalidExpression(f"no attribute's name: {token!r}")
        return token

    def _next(self) -> str:
        if not self._tokens:
            raise InvalidExpression("the expression ends too early")
        return self._tokens.pop()

    def _take(self, token: str) -> bool:
        found = bool(self._tokens) and self._tokens[-1] == token
        if found:
            self._tokens.pop()
        return found

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise InvalidExpression(f"{token!r} expected before {self._tokens[-1:]}")

    def _at_end(self) -> None:
        if self._tokens:
            raise InvalidExpression(f"not understood: {self._tokens[::-1]}")


def _content(value: Value) -> tuple[str, Any]:
    ((kind, content),) = value.items()
    return kind, Decimal(content) if kind == "N" else content


def _compare(sign: str, left: Value | None, right: Value | None) -> bool:
    """Compare as DynamoDB does: what is not there, or of another type, is neither equal, less nor greater."""
    if left is None or right is None:
        return False
    (left_kind, left_content), (right_kind, right_content) = _content(left), _content(right)
    return left_kind == right_kind and _COMPARISONS[sign](left_content, right_content)


def _begins(whole: Value | None, start: Value | None) -> bool:
    return bool(whole and start) and str((whole or {}).get("S", "")).startswith((start or {})["S"])


def _remove(item: Item, name: str) -> None:
    item.pop(name, None)


def _set(item: Item, name: str, value: Value | None) -> None:
    if value is None:
        raise InvalidExpression(f"an attribute that {name} is made of is not in the item")
    item[name] = value


def _added(old: Value | None, more: Value | None) -> Value:
    kind, content = _content(more or {})
    if kind == "SS":
        return {"SS": sorted({*(old or {"SS": []})["SS"], *content})}
    return _calculated(old or {"N": "0"}, "+", more)


def _calculated(left: Value | None, sign: str, right: Value | None) -> Value:
    if left is None or right is None:
        raise InvalidExpression("an operand is not in the item")
    a, b = Decimal(left["N"]), Decimal(right["N"])
    return {"N": f"{a + b if sign == '+' else a - b:f}"}
