"""Prints what came of the demo, for people: the KPIs, the notices, where the files are, what is left."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

WIDE = 100  # columns that the tables need with their columns' names as they are


def show(result: dict[str, Any]) -> None:
    """Print the result for people."""
    console = Console(soft_wrap=True, highlight=False)
    if not console.file.isatty():
        console.width = max(WIDE, console.width)
    for title, rows in (("OrderKPIs", result["order_kpis"]), ("CategoryKPIs", result["category_kpis"])):
        console.print(f"{title} ({len(rows)} items)", style="italic")
        table = Table(box=box.SIMPLE_HEAD)
        for column in rows[0] if rows else ["(empty)"]:
            heading = column if console.width >= WIDE else column.replace("_", " ")  # so that it can wrap
            table.add_column(heading, justify="left" if column in {"order_date", "category"} else "right")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        console.print(table, soft_wrap=False)
    for notice in result["notifications"]:
        console.print(f"\nNotice to {notice['topic']}: {notice['subject']}", markup=False)
        console.print("\n".join(f"    {line}" for line in notice["message"].splitlines()), markup=False)
    console.print()
    for key, place in result["files"].items():
        console.print(f"{key} is now in {place}", markup=False)
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result["left"].items())
    console.print(f"{counts} left")
    console.print(f"\nThis took {result['seconds']:.1f} s.")
