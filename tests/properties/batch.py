"""The reference: both tables as one batch computation over whole files, in plain Python, without the product.

For each file and day the newest version that holds that day counts. An order is its day and its id: of the
rows that stand in several files, the one of the newest version counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import NamedTuple

Numbers = dict[str, Decimal]


class Row(NamedTuple):
    """An order as a file has it."""

    order_id: str
    customer_id: str
    order_date: str
    category: str
    product_id: str
    quantity: str
    unit_price: str
    returned: str


@dataclass(frozen=True)
class Upload:
    """A version of a file."""

    bucket: str
    key: str
    version_id: str
    last_modified: str
    rows: tuple[Row, ...]

    @property
    def file_id(self) -> str:
        """The id of the file, which its versions share."""
        return hashlib.sha256(f"{self.bucket}/{self.key}".encode()).hexdigest()[:32]

    @property
    def order(self) -> tuple[str, str, str]:
        """What versions are sorted by, the newest last: those of one file, and those of several."""
        return self.last_modified, self.version_id, self.file_id

    @property
    def dates(self) -> frozenset[str]:
        """The days that it holds."""
        return frozenset(row.order_date for row in self.rows)


@dataclass
class Day:
    """What the tables say of a day; without rows it is in neither of them."""

    total: Numbers | None
    categories: dict[str, Numbers]


def counting(uploads: Iterable[Upload], date: str) -> list[Upload]:
    """Return the versions that count on a day, the oldest first: one a file."""
    newest: dict[str, Upload] = {}
    for upload in sorted(uploads, key=lambda each: each.order):
        if date in upload.dates:
            newest[upload.file_id] = upload
    return sorted(newest.values(), key=lambda each: each.order)


def orders_of(uploads: Iterable[Upload], date: str) -> dict[str, tuple[Upload, Row]]:
    """Return a day's orders by id, each as the last of these versions has it."""
    return {
        row.order_id: (upload, row) for upload in uploads for row in upload.rows if row.order_date == date
    }


def compute(uploads: Iterable[Upload], date: str) -> Day:
    """Return a day's numbers over all these versions."""
    rows = [row for _, row in orders_of(counting(uploads, date), date).values()]
    if not rows:
        return Day(None, {})
    total = {
        "total_orders": Decimal(len(rows)),
        "total_revenue": _revenue(rows),
        "total_items_sold": Decimal(sum(int(row.quantity) for row in rows)),
        "return_rate": _rate(rows),
        "unique_customers": Decimal(len({row.customer_id for row in rows})),
    }
    categories = {}
    for category in {row.category for row in rows}:
        its = [row for row in rows if row.category == category]
        categories[category] = {
            "daily_revenue": _revenue(its),
            "avg_order_value": _rounded(_revenue(its), len(its)),
            "avg_return_rate": _rate(its),
        }
    return Day(total, categories)


def _revenue(rows: list[Row]) -> Decimal:
    with localcontext(prec=60):
        return sum((int(row.quantity) * Decimal(row.unit_price) for row in rows), Decimal(0))


def _rate(rows: list[Row]) -> Decimal:
    return _rounded(Decimal(sum(row.returned.lower() == "true" for row in rows)), len(rows))


def _rounded(total: Decimal, count: int) -> Decimal:
    with localcontext(prec=100):
        return (total / count).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
