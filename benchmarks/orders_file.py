#!/usr/bin/env python
"""Writes an order file of any size and prints what is in it, as JSON. The same seed gives the same bytes.

The facts are counted from the numbers that the rows are made of, not read back from the file, so that they
can be held against what a program makes of it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

PRODUCTS: Final = Path(__file__).resolve().parents[1] / "data" / "products" / "sample_products.csv"
HEADER: Final = b"order_id,customer_id,order_date,category,product_id,quantity,unit_price,returned\n"
_BLOCK: Final = 100_000  # rows that are made at once
_FIRST_DAY: Final = date(2025, 7, 1)
_PRODUCTS: Final = 2_000
_QUANTITIES: Final = 5
_MOST_CENTS: Final = 200_000
_ROWS_A_CUSTOMER: Final = 20
_RETURNED_OF: Final = 10  # one in ten
Numbers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Plan:
    """What to write: ``bad_percent`` of the rows, at most 50, break one rule each."""

    rows: int
    bad_percent: float = 0.0
    days: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        if not (1 <= self.rows < 10**10 and 1 <= self.days <= 40_000 and 0 <= self.bad_percent <= 50):
            raise ValueError("rows must be 1 to 10**10, days 1 to 40000 and the percentage 0 to 50")


@dataclass(frozen=True)
class Sums:
    """What good rows come to; ``revenue`` is exact."""

    orders: int
    returned: int
    items: int
    revenue: Decimal


@dataclass(frozen=True)
class Day:
    """The good rows of a day."""

    total: Sums
    customers: int
    categories: dict[str, Sums]


@dataclass
class Facts:
    """What was written: ``size`` in bytes, the bad rows by the rule they break, and the good ones by day."""

    size: int = 0
    rows: int = 0
    bad_rows: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    days: dict[str, Day] = field(default_factory=dict)


def _in_column(position: int, change: Callable[[str], str]) -> Callable[[list[str]], None]:
    def spoil(cells: list[str]) -> None:
        cells[position] = change(cells[position])

    return spoil


def _duplicate(cells: list[str]) -> None:
    # Only every second row may be bad, so the one before this has its order_id, and nothing wrong with it.
    cells[0] = f"O-{int(cells[0][2:]) - 1:010d}"


#: In turns, how a row is bad: the rule that it breaks, and what is done to its cells.
FAULTS: Final[Sequence[tuple[str, Callable[[list[str]], object]]]] = (
    ("bad_quantity", _in_column(5, lambda _: "0")),
    ("bad_price", _in_column(6, lambda price: f"-{price}")),
    ("bad_date", _in_column(2, lambda day: "/".join(reversed(day.split("-"))))),
    ("unknown_category", _in_column(3, lambda name: name[:-1])),
    ("duplicate_order_id", _duplicate),
    ("bad_boolean", _in_column(7, lambda _: "yes")),
    ("empty_value", _in_column(1, lambda _: "")),
    ("field_count", list.pop),
    ("too_many_decimals", _in_column(6, lambda price: f"{price}12345")),
    ("bad_quantity", _in_column(5, lambda quantity: f"{quantity}.5")),
    ("empty_value", _in_column(4, lambda _: "  ")),
    ("bad_date", _in_column(2, lambda day: f"{day[:4]}-02-30")),
    ("too_long", _in_column(1, lambda customer: customer + "9" * 128)),
    ("price_not_positive", _in_column(6, lambda _: "0.00")),
    ("duplicate_order_id", _duplicate),
    ("field_count", lambda cells: cells.append("gift")),
)


class Writer:
    """Makes the file block by block; ``facts`` are whole after the last."""

    def __init__(self, plan: Plan) -> None:
        self.facts = Facts()
        self._plan = plan
        # The numbers of this older generator never change; the newer one's may, with NumPy's version.
        self._random = np.random.RandomState(plan.seed)
        self._names = known_categories()
        self._category = self._draw(len(self._names), _PRODUCTS)
        self._cents = 1 + self._draw(_MOST_CENTS, _PRODUCTS)
        self._customers = 1 + plan.rows // _ROWS_A_CUSTOMER
        self._dates = [(_FIRST_DAY + timedelta(days=n)).isoformat() for n in range(plan.days)]
        self._texts = [
            _matrix(f"{n:05d}" for n in range(100_000)),
            _matrix(f",C-{n:07d}" for n in range(self._customers)),
            _matrix(f",{day}," for day in self._dates),
            _matrix(self._rest(what) for what in range(_PRODUCTS * _QUANTITIES * 2)),
        ]
        self._sums: Numbers = np.zeros((4, plan.days * len(self._names)), np.int64)
        self._seen: list[Numbers] = []

    def blocks(self) -> Iterator[bytes]:
        """Yield the whole file."""
        yield self._counted(HEADER)
        for first in range(0, self._plan.rows, _BLOCK):
            yield self._counted(self._block(first, min(_BLOCK, self._plan.rows - first)))
        self._finish()

    def _counted(self, block: bytes) -> bytes:
        self.facts.size += len(block)
        return block

    def _draw(self, below: int, size: int) -> Numbers:
        return self._random.randint(0, below, size, dtype=np.int64)

    def _rest(self, what: int) -> str:
        """Return a row's end: `what` is made up of product, quantity and whether it came back."""
        product, quantity, returned = _taken_apart(what)
        price = f"{self._cents[product] // 100}.{self._cents[product] % 100:02d}"
        name = self._names[self._category[product]]
        return f"{name},P-{product:07d},{quantity},{price},{'true' if returned else 'false'}\n"

    def _block(self, first: int, size: int) -> bytes:
        number = np.arange(first, first + size)
        customer, day = self._draw(self._customers, size), self._draw(self._plan.days, size)
        what = self._draw(_PRODUCTS * _QUANTITIES, size) * 2 + (self._draw(_RETURNED_OF, size) == 0)
        bad = (number % 2 == 1) & (self._random.random_sample(size) * 50 < self._plan.bad_percent)
        ids, customers, dates, rests = self._texts
        letters = np.broadcast_to(np.frombuffer(b"O-", np.uint8), (size, 2))
        columns = [letters, ids[number // 100_000], ids[number % 100_000]]
        matrix = np.hstack([*columns, customers[customer], dates[day], rests[what]])
        block = matrix[matrix != 0].tobytes()
        self.facts.rows += size
        self._count(customer[~bad], day[~bad], what[~bad])
        return self._spoiled(block, np.flatnonzero(bad)) if bad.any() else block

    def _count(self, customer: Numbers, day: Numbers, what: Numbers) -> None:
        product, quantity, returned = _taken_apart(what)
        cell = day * len(self._names) + self._category[product]
        added = (np.ones_like(cell), returned, quantity, quantity * self._cents[product])
        for sums, numbers in zip(self._sums, added, strict=True):
            np.add.at(sums, cell, numbers)
        self._seen.append(day * self._customers + customer)

    def _spoiled(self, block: bytes, bad: Numbers) -> bytes:
        lines = block.decode().splitlines(keepends=True)
        for position in bad.tolist():
            rule, spoil = FAULTS[self.facts.bad_rows % len(FAULTS)]
            cells = lines[position].rstrip("\n").split(",")
            spoil(cells)
            lines[position] = ",".join(cells) + "\n"
            self.facts.bad_rows += 1
            self.facts.rules[rule] += 1
        return "".join(lines).encode()

    def _finish(self) -> None:
        seen = np.unique(np.concatenate(self._seen)) // self._customers
        customers = np.bincount(seen, minlength=self._plan.days)
        cells = self._sums.reshape(4, self._plan.days, len(self._names))
        for n, day in enumerate(self._dates):
            if cells[0, n].any():
                categories = {
                    name: _sums(cells[:, n, i]) for i, name in enumerate(self._names) if cells[0, n, i]
                }
                self.facts.days[day] = Day(_sums(cells[:, n].sum(axis=1)), int(customers[n]), categories)


def _taken_apart(what: Any) -> tuple[Any, Any, Any]:
    """Return product, quantity and whether it came back, of a number or of an array of them."""
    rest = what // 2
    return rest // _QUANTITIES, 1 + rest % _QUANTITIES, what % 2


def _matrix(texts: Any) -> Texts:
    """Return the texts as rows of bytes of one length, the shorter ones filled up with zeros."""
    array = np.array([text.encode() for text in texts])
    return array.view(np.uint8).reshape(len(array), -1)


def _sums(numbers: Numbers) -> Sums:
    orders, returned, items, cents = numbers.tolist()
    return Sums(orders, returned, items, Decimal(cents) / 100)


def known_categories() -> list[str]:
    """Return the categories of the sample reference list."""
    with PRODUCTS.open(newline="", encoding="utf-8") as file:
        return sorted({row["category"] for row in csv.DictReader(file)})


def write_orders(path: Path, plan: Plan) -> Facts:
    """Write an order file; return what is in it."""
    writer = Writer(plan)
    with path.open("wb") as file:
        file.writelines(writer.blocks())
    return writer.facts


def as_json(facts: Facts) -> dict[str, Any]:
    """Return facts as a JSON document, money as text."""
    document: dict[str, Any] = json.loads(json.dumps(facts, default=_plain))
    return document


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else vars(value)


def main(argv: Sequence[str]) -> int:
    """Write a file and print its facts; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where to write; what is there is replaced")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--bad-percent", type=float, default=0.0, metavar="P", help="(default: %(default)s)")
    parser.add_argument("--days", type=int, default=3, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(default: %(default)s)")
    given = parser.parse_args(argv)
    try:
        plan = Plan(given.rows, given.bad_percent, given.days, given.seed)
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps(as_json(write_orders(given.file, plan)), indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
