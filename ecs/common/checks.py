"""What a contract says of a column: its checks, a reference list, uniqueness."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from common.patterns import Demand, certain_pattern
from common.rules import Rule

#: The part of RFC 3339 that ``format: date`` means, as the jsonschema library reads it.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Check:
    """One rule of a cell and the constraints that make it up, all of which must hold.

    ``patterns`` must be found in the text and ``forbidden`` must not, as ``re.search`` finds; lengths are in
    characters (code points).
    """

    rule: Rule
    patterns: tuple[re.Pattern[str], ...] = ()
    forbidden: tuple[re.Pattern[str], ...] = ()
    fewest_characters: int = 0
    most_characters: int | None = None
    allowed: frozenset[str] | None = None
    is_date: bool = False

    def passes(self, text: str) -> bool:
        """Tell whether the cell keeps to the rule."""
        if len(text) < self.fewest_characters:
            return False
        if self.most_characters is not None and len(text) > self.most_characters:
            return False
        if self.allowed is not None and text not in self.allowed:
            return False
        for pattern in self.patterns:  # loops, for any() and all() take thrice the time
            if not pattern.search(text):
                return False
        for pattern in self.forbidden:
            if pattern.search(text):
                return False
        return not self.is_date or _is_date(text)


@dataclass(frozen=True)
class ReferenceRule:
    """That a cell must be in a column of the reference list."""

    column: str
    rule: Rule


@dataclass(frozen=True)
class Column:
    """What a column's cells must be: the checks in their order, then the reference list, then uniqueness."""

    name: str
    description: str
    checks: tuple[Check, ...]
    unique: Rule | None = None
    reference: ReferenceRule | None = None

    @cached_property
    def certain(self) -> str | None:
        """A regular expression: a cell that it matches in full keeps to every check; others may, too.

        It is written in what Python, ECMA-262 and Rust agree on and matches printable ASCII only. None when
        the checks cannot be said so (dates, a reference list).
        """
        if self.reference or any(check.is_date for check in self.checks):
            return None
        return certain_pattern(tuple(map(_demand, self.checks)))

    @property
    def most_characters(self) -> int | None:
        """How long a cell may be, or None without a limit."""
        limits = [check.most_characters for check in self.checks if check.most_characters is not None]
        return min(limits, default=None)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _demand(check: Check) -> Demand:
    return Demand(
        patterns=tuple(pattern.pattern for pattern in check.patterns),
        forbidden=tuple(pattern.pattern for pattern in check.forbidden),
        fewest=check.fewest_characters,
        most=check.most_characters,
        allowed=check.allowed,
    )
