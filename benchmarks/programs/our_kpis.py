"""The transformer's own figures of a cleaned file: its parts, and each day computed from them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ecs"))

from meter import measure

from transformer.kpis import DayNumbers, Sums
from transformer.warehouse import PartFile, Source, Warehouse

MEMORY_MIB = 512


def compute(path: Path) -> dict[str, Any]:
    """Do for one file what the transformer does between S3's answer and the first write."""
    source = Source("f" * 32, "input/orders.csv", "1", "2025-07-05T12:00:00Z")
    order = (source.last_modified, source.version_id, source.file_id)
    with tempfile.TemporaryDirectory() as folder, Warehouse(Path(folder), MEMORY_MIB) as warehouse:
        parts = warehouse.write_parts(path, source)
        days = {
            date: shown(warehouse.compute_day([PartFile(part.path, order)])) for date, part in parts.items()
        }
    return {"rows": sum(part.rows for part in parts.values()), "days": days}


def shown(numbers: DayNumbers) -> dict[str, Any]:
    """Return a day as benchmarks/orders_file.py tells it."""
    categories = {name: told(sums) for name, sums in numbers.categories.items()}
    return {"total": told(numbers.total), "customers": numbers.customers, "categories": categories}


def told(sums: Sums) -> dict[str, Any]:
    """Return sums with the revenue as text."""
    shown = {"orders": sums.orders, "returned": sums.returned, "items": sums.items}
    return {**shown, "revenue": f"{sums.revenue.normalize():f}"}


if __name__ == "__main__":
    measure(compute)
