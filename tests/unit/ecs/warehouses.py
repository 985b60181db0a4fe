"""Cleaned files through the warehouse, and what its parts and numbers should be, worked out without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from common.orders import COLUMNS
from common.records import write_record
from transformer.kpis import DayNumbers, Sums
from transformer.warehouse import LocalPart, PartFile, Source, Warehouse

SOURCE = Source("0123abcd", "input/orders.csv", "v1", "2025-07-05T10:00:00Z")
MEMORY_MIB = 512


def cleaned_form(rows: Iterable[Sequence[str]]) -> bytes:
    """Return the cleaned form of a file of these rows."""
    return b"".join(map(write_record, (COLUMNS, *rows)))


def days_of(folder: Path, cleaned: bytes) -> dict[str, DayNumbers]:
    """Return the numbers of the days of one file."""
    path = folder / "cleaned.csv"
    path.write_bytes(cleaned)
    with Warehouse(folder, MEMORY_MIB) as warehouse:
        parts = warehouse.write_parts(path, SOURCE)
        return {date: warehouse.compute_day([alone(part)]) for date, part in parts.items()}


def alone(part: LocalPart) -> PartFile:
    """Return a part for a day that has no other."""
    return PartFile(part.path, ("", "", ""))


def add_up(rows: Iterable[Mapping[str, str]]) -> tuple[dict[str, Sums], int]:
    """Return the sums by category, and how many customers there are, of the rows of a day."""
    categories: dict[str, Sums] = {}
    customers = set()
    for row in rows:
        sums = categories.setdefault(row["category"], Sums())
        sums.orders += 1
        sums.returned += row["returned"].lower() == "true"
        sums.items += int(row["quantity"])
        sums.revenue += int(row["quantity"]) * Decimal(row["unit_price"])
        customers.add(row["customer_id"])
    return categories, len(customers)
