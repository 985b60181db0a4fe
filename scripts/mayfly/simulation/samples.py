"""The samples as a simulation sends them: on days that nobody uses, under keys that break careless code.

Also what a file's KPIs are by plain Python: csv and Decimal, sharing no code with the transformer.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mayfly.console import CommandError
from mayfly.template import ROOT

VALID, INVALID = "valid_order.csv", "invalid_order.csv"
FIRST_DAY, LAST_DAY = (
    date(1970, 1, 1),
    date(1999, 12, 31),
)  # which the grammar takes and nobody sells on today
PICKS = 50
#: A space, a plus, what looks URL-encoded, and a letter that is no ASCII: each has broken a pipeline.
AWKWARD = "café + 100%25"
_DATE = re.compile(rb"\b\d{4}-\d{2}-\d{2}\b")
_SIX_PLACES = Decimal("0.000001")


@dataclass(frozen=True)
class Sample:
    """A file to upload: its name in data/orders, its key, its bytes, and the days and categories it names."""

    name: str
    key: str
    body: bytes
    days: tuple[str, ...]
    categories: frozenset[str]


def new_prefix() -> str:
    """Return a prefix of keys that is no other simulation's."""
    return f"input/simulation-{secrets.token_hex(4)}/"


def pick_samples(prefix: str, is_free: Callable[[list[str]], bool]) -> list[Sample]:
    """Return the valid and the invalid sample on days that `is_free` says nobody has filled."""
    bodies = {name: (ROOT / "data" / "orders" / name).read_bytes() for name in (VALID, INVALID)}
    days = sorted({day for body in bodies.values() for day in days_of(body)})
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    room = (LAST_DAY - FIRST_DAY).days - (last - first).days
    for _ in range(PICKS):
        shift = FIRST_DAY + timedelta(days=secrets.randbelow(room + 1)) - first
        if is_free([moved(day, shift) for day in days]):
            return [_sample(prefix, name, body, shift) for name, body in bodies.items()]
    raise CommandError(
        "the simulation has no days to work with",
        f"{PICKS} picks between {FIRST_DAY} and {LAST_DAY} were filled by other files",
        "simulate on another stage: ./scripts/deploy.sh --stage NAME",
    )


def _sample(prefix: str, name: str, body: bytes, shift: timedelta) -> Sample:
    body = _DATE.sub(lambda match: moved(match[0].decode(), shift).encode(), body)
    categories = frozenset(row["category"] for row in _rows(body))
    return Sample(name, f"{prefix}{AWKWARD}/{name}", body, tuple(days_of(body)), categories)


def moved(day: str, shift: timedelta) -> str:
    """Return a day so much later; one that the calendar does not have stays, and stays wrong."""
    try:
        return (date.fromisoformat(day) + shift).isoformat()
    except ValueError:
        return day


def days_of(body: bytes) -> list[str]:
    """Return the days of the calendar that a file's orders name, in order."""
    found = set()
    for row in _rows(body):
        try:
            found.add(date.fromisoformat(row["order_date"]).isoformat())
        except ValueError:
            continue
    return sorted(found)


def order_kpis(body: bytes) -> list[dict[str, Any]]:
    """Return the items that OrderKPIs must hold of a valid file, by day."""
    return [
        {
            "order_date": day,
            "total_orders": len(rows),
            "total_revenue": _revenue(rows),
            "total_items_sold": sum(int(row["quantity"]) for row in rows),
            "return_rate": _share_returned(rows),
            "unique_customers": len({row["customer_id"] for row in rows}),
        }
        for (day,), rows in _grouped(body, "order_date")
    ]


def category_kpis(body: bytes) -> list[dict[str, Any]]:
    """Return the items that CategoryKPIs must hold of a valid file, by day and category."""
    return [
        {
            "order_date": day,
            "category": category,
            "daily_revenue": _revenue(rows),
            "avg_order_value": (_revenue(rows) / len(rows)).quantize(_SIX_PLACES),
            "avg_return_rate": _share_returned(rows),
        }
        for (day, category), rows in _grouped(body, "order_date", "category")
    ]


def _grouped(body: bytes, *columns: str) -> list[tuple[tuple[str, ...], list[dict[str, str]]]]:
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in _rows(body):
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return sorted(groups.items())


def _revenue(rows: list[dict[str, str]]) -> Decimal:
    return sum((int(row["quantity"]) * Decimal(row["unit_price"]) for row in rows), Decimal(0))


def _share_returned(rows: list[dict[str, str]]) -> Decimal:
    returned = sum(row["returned"].lower() == "true" for row in rows)
    return (Decimal(returned) / len(rows)).quantize(_SIX_PLACES)


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
