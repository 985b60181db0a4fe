"""A stand-in for DuckDB that is many times as fast with a few rows: parts are CSV, days are plain Python.

Most properties are about the protocol; `test_real_warehouse.py` has some of them with DuckDB itself.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Self

from transformer.kpis import DayNumbers, Sums
from transformer.warehouse import LocalPart, PartFile, Source


class PlainWarehouse:
    """Does what the Warehouse does, with the same methods."""

    def __init__(self, folder: Path, memory_mib: int) -> None:  # noqa: ARG002 - as the Warehouse
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write_parts(self, cleaned: Path, source: Source) -> dict[str, LocalPart]:
        """Write a file a day."""
        days: dict[str, list[list[str]]] = {}
        with cleaned.open(newline="") as stream:
            for row in list(csv.reader(stream))[1:]:
                days.setdefault(row[2], []).append(row)
        return {date: self._write(date, rows, source) for date, rows in sorted(days.items())}

    def compute_day(self, parts: Sequence[PartFile]) -> DayNumbers:
        """Return the numbers of a day: the last part has the last word on an order."""
        orders: dict[str, tuple[Path, list[str]]] = {}
        superseded = {part.path: 0 for part in parts}
        for part in sorted(parts, key=lambda each: each.order):
            with part.path.open(newline="") as stream:
                for row in list(csv.reader(stream))[1:]:
                    if row[0] in orders:
                        superseded[orders[row[0]][0]] += 1
                    orders[row[0]] = part.path, row
        categories: dict[str, Sums] = {}
        for _, row in orders.values():
            sums = categories.setdefault(row[3], Sums())
            sums.orders += 1
            sums.returned += row[7] == "true"
            sums.items += int(row[5])
            sums.revenue += int(row[5]) * Decimal(row[6])
        total = Sums()
        for sums in categories.values():
            total = Sums(
                total.orders + sums.orders,
                total.returned + sums.returned,
                total.items + sums.items,
                total.revenue + sums.revenue,
            )
        customers = {row[1] for _, row in orders.values()}
        return DayNumbers(total, categories, len(customers), superseded)

    def _write(self, date: str, rows: list[list[str]], source: Source) -> LocalPart:
        path = self._folder / f"{date}.csv"
        with path.open("w", newline="") as stream:
            # As in the real parts, their first line tells whose they are.
            csv.writer(stream).writerows([[source.file_id, source.version_id], *rows])
        return LocalPart(path, len(rows))
