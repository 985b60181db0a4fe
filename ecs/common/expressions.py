"""Regular expressions as trees, as far as they speak of printable ASCII and every engine agrees on them."""

from __future__ import annotations

import re
from dataclasses import dataclass

PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
_MOST_COPIES = 1000
_SYNTAX = frozenset("^$\\.*+?()[]{}|")
_SET_SYNTAX = frozenset("[]")
_SETS = {
    "d": frozenset("0123456789"),
    "s": frozenset(" "),
    "w": frozenset(c for c in PRINTABLE if c.isalnum()) | {"_"},
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_CODE = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})")
_BOUNDS = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")


class NotUnderstood(Exception):  # noqa: N818 - an outcome: the expression is good, only not for this
    """An expression uses what is not modelled here."""


@dataclass(frozen=True)
class Chars:
    """One character of a set. ``is_portable`` is False when the set holds more than printable ASCII."""

    chars: frozenset[str]
    is_portable: bool = True


@dataclass(frozen=True)
class Chain:
    """One after the other."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    branches: tuple[Expression, ...]


@dataclass(frozen=True)
class Repeat:
    """So many times; without end when ``most`` is None."""

    item: Expression
    least: int
    most: int | None


Expression = Chars | Chain | Choice | Repeat
ANY = Chars(PRINTABLE)


@dataclass(frozen=True)
class Pattern:
    """An expression, and whether it is tied to the text's start and end."""

    body: Expression
    from_start: bool
    to_end: bool


def parse_pattern(source: str) -> Pattern:
    """Return the tree of a regular expression that Python accepts, or raise ``NotUnderstood``."""
    body = source.removeprefix("^")
    # Within printable ASCII there is no line end, so both ways to write the text's end are one.
    inner = body.removesuffix("$(?!\\n)") if body.endswith("$(?!\\n)") else body.removesuffix("$")
    if inner != body and inner.endswith("\\"):
        raise NotUnderstood(source)
    tied = (source != body, inner != body)
    parser = _Parser(inner)
    # An alternative at the very top would be tied on one side only: ^a|b$ is (^a)|(b$).
    expression = parser.chain() if any(tied) else parser.choice()
    if parser.rest:
        raise NotUnderstood(source)
    return Pattern(expression, *tied)


class _Parser:
    def __init__(self, source: str) -> None:
        self.rest = source

    def choice(self) -> Expression:
        branches = [self.chain()]
        while self._take("|"):
            branches.append(self.chain())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def chain(self) -> Expression:
        items: list[Expression] = []
        while self.rest and self.rest[0] not in "|)":
            items.append(self._repeat(self._atom()))
        return items[0] if len(items) == 1 else Chain(tuple(items))

    def _repeat(self, item: Expression) -> Expression:
        if bounds := _BOUNDS.match(self.rest):
            self.rest = self.rest[bounds.end() :]
            least = int(bounds[1])
            most = int(bounds[3]) if bounds[3] else None if bounds[2] else least
        elif self.rest[:1] in ("*", "+", "?"):
            mark, self.rest = self.rest[0], self.rest[1:]
            least, most = (1 if mark == "+" else 0), (1 if mark == "?" else None)
        else:
            return item
        if self.rest[:1] in ("*", "+", "?") or max(least, most or 0) > _MOST_COPIES:
            raise NotUnderstood(self.rest)
        return Repeat(item, least, most)

    def _atom(self) -> Expression:
        if self._take("(?:") or (self.rest[:2] != "(?" and self._take("(")):
            inner = self.choice()
            if not self._take(")"):
                raise NotUnderstood(self.rest)
            return inner
        if self._take("["):
            return self._set()
        if self._take("."):
            return Chars(PRINTABLE, is_portable=False)
        found = self._character(_SYNTAX)
        return _only(found) if isinstance(found, str) else found

    def _character(self, special: frozenset[str]) -> str | Chars:
        """Read one character, or an escape that stands for several."""
        if self._take("\\"):
            return self._escape()
        char, self.rest = self.rest[:1], self.rest[1:]
        if char in special or not char:
            raise NotUnderstood(char)
        return char

    def _escape(self) -> str | Chars:
        if code := _CODE.match(self.rest):
            self.rest = self.rest[code.end() :]
            return chr(int(code[1] or code[2], 16))
        char, self.rest = self.rest[:1], self.rest[1:]
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char and char.lower() in _SETS:
            found = _SETS[char.lower()]
            return Chars(found if char.islower() else PRINTABLE - found, is_portable=False)
        if not char or char.isalnum():
            raise NotUnderstood(char)
        return char

    def _set(self) -> Chars:
        is_negated = self._take("^")
        found: frozenset[str] = frozenset()
        is_portable = not is_negated
        while not self._take("]"):
            item = self._character(_SET_SYNTAX)
            if self.rest[:1] == "-" and self.rest[1:2] != "]":
                self.rest = self.rest[1:]
                item = _range(item, self._character(_SET_SYNTAX))
            item = _only(item) if isinstance(item, str) else item
            found |= item.chars
            is_portable &= item.is_portable
        return Chars(PRINTABLE - found if is_negated else found, is_portable)

    def _take(self, mark: str) -> bool:
        found = self.rest.startswith(mark)
        self.rest = self.rest[len(mark) :] if found else self.rest
        return found


def _only(char: str) -> Chars:
    return Chars(PRINTABLE & {char}, is_portable=char in PRINTABLE)


def _range(first: str | Chars, last: str | Chars) -> Chars:
    if not isinstance(first, str) or not isinstance(last, str):
        raise NotUnderstood("a range from or to an escape for several characters")
    return Chars(frozenset(c for c in PRINTABLE if first <= c <= last), {first, last} <= PRINTABLE)


def is_portable(expression: Expression) -> bool:
    """Tell whether the expression matches nothing but printable ASCII, in any engine."""
    if isinstance(expression, Chars):
        return expression.is_portable
    if isinstance(expression, Repeat):
        return is_portable(expression.item)
    parts = expression.items if isinstance(expression, Chain) else expression.branches
    return all(is_portable(part) for part in parts)


def source_of(expression: Expression) -> str:
    """Return a portable expression as text that Python, ECMA-262 and Rust read alike."""
    if isinstance(expression, Chars):
        return _source_of_set(expression.chars)
    if isinstance(expression, Choice):
        return f"(?:{'|'.join(source_of(branch) for branch in expression.branches)})"
    if isinstance(expression, Chain):
        return "".join(source_of(item) for item in expression.items)
    item, least, most = expression.item, expression.least, expression.most
    text = source_of(item) if isinstance(item, Chars | Choice) else f"(?:{source_of(item)})"
    if (least, most) == (0, 1):
        return text + "?"
    return f"{text}{{{least}{'' if most == least else ',' if most is None else f',{most}'}}}"


def _source_of_set(chars: frozenset[str]) -> str:
    if len(chars) == 1:
        (char,) = chars
        return f"\\{char}" if char in _SYNTAX else char
    runs: list[list[str]] = []
    for char in sorted(chars):
        if runs and ord(runs[-1][-1]) + 1 == ord(char):
            runs[-1].append(char)
        else:
            runs.append([char])
    return f"[{''.join(_source_of_run([_in_set(c) for c in run]) for run in runs)}]"


def _source_of_run(run: list[str]) -> str:
    return f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(run)


def _in_set(char: str) -> str:
    return f"\\{char}" if char in "\\[]^-" else char
