"""One regular expression for a whole line of a file: a line that it matches is surely a good row.

It is put together from the expressions that the contract proves for its columns (``Column.certain``) and
from texts that the exact judge has found good in this file. It says nothing of other lines: they are judged
cell by cell. No part of it matches a delimiter, so what it matches can be cut into cells in one way only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from common.checks import Column
from common.expressions import (
    Chain,
    Chars,
    Choice,
    Expression,
    NotUnderstood,
    Repeat,
    parse_pattern,
    source_of,
)
from validator.judge import Judge

_DELIMITERS = frozenset(',"')
#: With more of them in one column, the expression would become too big for the engine to be fast.
_MOST_TEXTS = 400
_LONGEST_TEXT = 64
_MONTHS_OF_30 = "0[469]|11"
_MONTHS_OF_31 = "0[13578]|1[02]"
_DAYS_TO_30 = "0[1-9]|[12][0-9]|30"


class LineExpression:
    """The expression of good lines; ``positions`` tells where the contract's columns stand in them."""

    def __init__(self, judge: Judge, positions: Sequence[int]) -> None:
        columns = judge.contract.columns
        in_file = sorted(range(len(columns)), key=lambda i: positions[i])
        self._columns = [_Cells(judge, i, columns[i]) for i in in_file]

    def source(self, *, quoted: bool) -> str | None:
        """Return the expression for Rust's engine, or None as long as some column has no known text.

        It matches lines without their LF, and with a CR or without. ``quoted`` allows quotes around cells,
        which takes the engine longer.
        """
        sources = [column.source() for column in self._columns]
        if None in sources:
            return None
        cells = (f'(?:{source}|"(?:{source})")' if quoted else f"(?:{source})" for source in sources)
        return rf"\A{','.join(cells)}\r?\z"

    def learn(self, lines: Iterable[str]) -> bool:
        """Take in what is good in lines that were not matched; tell whether that changed the expression."""
        learnt = False
        for line in lines:
            cells = line.removesuffix("\r").split(",")
            if len(cells) == len(self._columns):
                for column, cell in zip(self._columns, cells, strict=True):
                    learnt |= column.learn(cell)
        return learnt


class _Cells:
    """The cells of one column that are known to be good."""

    def __init__(self, judge: Judge, index: int, column: Column) -> None:
        self._judge = judge
        self._index = index
        self._is_unique = column.unique is not None
        self._is_date = any(check.is_date for check in column.checks)
        self._certain = _without_delimiters(column.certain) if column.certain else None
        self._is_certain = re.compile(self._certain) if self._certain else None
        self._texts: set[str] = set()
        self._years: set[int] = set()

    def source(self) -> str | None:
        ways = [self._certain] if self._certain else []
        ways += [_source_of_years(self._years)] if self._years else []
        ways += [_literally(text) for text in sorted(self._texts)]
        return "|".join(ways) or None

    def learn(self, cell: str) -> bool:
        if len(cell) > 1 and cell[0] == cell[-1] == '"':
            cell = cell[1:-1]
        if self._is_known(cell) or not self._can_be_known(cell) or not self._judge.is_fine(self._index, cell):
            return False
        if self._is_date and cell[4:5] == "-" and self._learn_year(cell[:4]):
            return True
        self._texts.add(cell)
        return True

    def _is_known(self, cell: str) -> bool:
        return (
            cell in self._texts
            or (self._is_certain is not None and self._is_certain.fullmatch(cell) is not None)
            or (self._is_date and cell[:4].isdecimal() and int(cell[:4]) in self._years)
        )

    def _can_be_known(self, cell: str) -> bool:
        return (
            not self._is_unique  # such a text does not come again
            and len(self._texts) < _MOST_TEXTS
            and len(cell) <= _LONGEST_TEXT
            and cell.isprintable()
            and _DELIMITERS.isdisjoint(cell)
        )

    def _learn_year(self, digits: str) -> bool:
        """Take in all days of a year, if all of them are good."""
        year = int(digits)
        first = date(year, 1, 1)
        days = (first + timedelta(days=n) for n in range(366 if _is_leap(year) else 365))
        if not all(self._judge.is_fine(self._index, day.isoformat()) for day in days):
            return False
        self._years.add(year)
        return True


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _source_of_years(years: set[int]) -> str:
    """Return the expression of all days of these years, and of nothing else."""
    leap = sorted(year for year in years if _is_leap(year))
    common = sorted(years.difference(leap))
    return "|".join(
        rf"(?:{'|'.join(f'{year:04}' for year in some)})-(?:(?:{_MONTHS_OF_31})-(?:{_DAYS_TO_30}|31)"
        rf"|(?:{_MONTHS_OF_30})-(?:{_DAYS_TO_30})|02-(?:{february}))"
        for some, february in ((common, "0[1-9]|1[0-9]|2[0-8]"), (leap, "0[1-9]|[12][0-9]"))
        if some
    )


def _literally(text: str) -> str:
    return "".join(char if char.isalnum() else rf"\x{{{ord(char):X}}}" for char in text)


def _without_delimiters(source: str) -> str | None:
    """Return the expression of what another matches but for texts with delimiters, or None if nothing is."""
    try:
        rest = _narrowed(parse_pattern(source).body)
    except NotUnderstood:
        return None
    return source_of(rest) if rest else None


def _narrowed(expression: Expression) -> Expression | None:
    if isinstance(expression, Chars):
        chars = expression.chars - _DELIMITERS
        return Chars(chars) if chars else None
    if isinstance(expression, Repeat):
        item = _narrowed(expression.item)
        if item is None:
            return Chain(()) if expression.least == 0 else None
        return Repeat(item, expression.least, expression.most)
    if isinstance(expression, Choice):
        branches = [rest for branch in expression.branches if (rest := _narrowed(branch))]
        return Choice(tuple(branches)) if branches else None
    items = [rest for item in expression.items if (rest := _narrowed(item))]
    return Chain(tuple(items)) if len(items) == len(expression.items) else None
