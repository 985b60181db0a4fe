"""The grammar of an order row.

Text is judged as text: a number is what its pattern says, not what a cast accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date

from common import rules
from common.orders import COLUMNS
from common.rules import Finding, Rule
from validator.suggest import closest

_LONGEST_ID = 128
_QUANTITY = re.compile(r"[1-9][0-9]{0,8}")
_PRICE = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?")
_FINER_PRICE = re.compile(r"(?:0|[1-9][0-9]{0,11})\.[0-9]{7,}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_YEARS = range(1970, 2200)
_ORDER_ID = COLUMNS.index("order_id")
_MOST_SUGGESTIONS = 1000


class RowJudge:
    """Judges the rows of one file; remembers its order ids, to see that each stands there once."""

    def __init__(self, categories: Collection[str]) -> None:
        self._categories = frozenset(categories)
        self._first_lines: dict[str, int] = {}
        self._suggestions: dict[str, str] = {}

    def judge(self, cells: Sequence[str], line: int, record: int) -> list[Finding]:
        """Return all that is wrong with a row, given its cells in the order of ``COLUMNS``."""
        found: list[Finding] = []
        for column, cell in zip(COLUMNS, cells, strict=True):
            if not cell or cell.isspace():
                found.append(rules.EMPTY_VALUE.found(line=line, record=record, column=column, value=cell))
            elif check := _CHECKS.get(column):
                if rule := check(cell):
                    facts = {"found": len(cell)} if rule is rules.TOO_LONG else {}
                    found.append(rule.found(line=line, record=record, column=column, value=cell, **facts))
            elif cell not in self._categories:
                found.append(
                    rules.UNKNOWN_CATEGORY.found(
                        line=line, record=record, column=column, value=cell, suggestion=self._suggestion(cell)
                    )
                )
        if not found or all(finding.column != "order_id" for finding in found):
            found += self._judge_uniqueness(cells[_ORDER_ID], line, record)
        return found

    def _judge_uniqueness(self, order_id: str, line: int, record: int) -> list[Finding]:
        first_line = self._first_lines.setdefault(order_id, line)
        if first_line == line:
            return []
        return [
            rules.DUPLICATE_ORDER_ID.found(
                line=line, record=record, column="order_id", value=order_id, first_line=first_line
            )
        ]

    def _suggestion(self, category: str) -> str:
        known = self._suggestions.get(category)
        if known is None:
            if len(self._suggestions) >= _MOST_SUGGESTIONS:
                return ""  # so many different ones are no misspellings, and looking for each would take long
            meant = closest(category, self._categories)
            known = self._suggestions[category] = f"Did you mean {meant}? " if meant else ""
        return known


def _judge_id(cell: str) -> Rule | None:
    return rules.TOO_LONG if len(cell) > _LONGEST_ID else None


def _judge_quantity(cell: str) -> Rule | None:
    return None if _QUANTITY.fullmatch(cell) else rules.BAD_QUANTITY


def _judge_price(cell: str) -> Rule | None:
    if _PRICE.fullmatch(cell):
        return rules.PRICE_NOT_POSITIVE if not cell.strip("0.") else None
    return rules.TOO_MANY_DECIMALS if _FINER_PRICE.fullmatch(cell) else rules.BAD_PRICE


def _judge_date(cell: str) -> Rule | None:
    match = _DATE.fullmatch(cell)
    if match is None or int(match[1]) not in _YEARS:
        return rules.BAD_DATE
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return rules.BAD_DATE
    return None


def _judge_boolean(cell: str) -> Rule | None:
    return None if cell.lower() in ("true", "false") else rules.BAD_BOOLEAN


#: ``category`` is missing here: what it may be is known only with the reference list.
_CHECKS: dict[str, Callable[[str], Rule | None]] = {
    "order_id": _judge_id,
    "customer_id": _judge_id,
    "order_date": _judge_date,
    "product_id": _judge_id,
    "quantity": _judge_quantity,
    "unit_price": _judge_price,
    "returned": _judge_boolean,
}
