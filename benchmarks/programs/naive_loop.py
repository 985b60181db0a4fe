"""Every rule, row by row over csv.DictReader, as one writes it: clear, and with all that is wrong told."""

from __future__ import annotations

import csv
import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from meter import measure

IDS = ("order_id", "customer_id", "product_id")


def read_categories(path: str) -> set[str]:
    """Return the categories of a reference list."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return {row["category"] for row in csv.DictReader(file)}


def check_row(row: dict[str, str], categories: set[str], seen: set[str]) -> list[tuple[str, str]]:
    """Return the columns of a row with the rules that they break."""
    if None in row or None in row.values():
        return [("", "field_count")]
    errors = []
    for column, value in row.items():
        if not value.strip():
            errors.append((column, "empty_value"))
    wrong = {column for column, _ in errors}
    for column in IDS:
        if len(row[column]) > 128:
            errors.append((column, "too_long"))
    if "order_date" not in wrong and not is_date(row["order_date"]):
        errors.append(("order_date", "bad_date"))
    if "category" not in wrong and row["category"] not in categories:
        errors.append(("category", "unknown_category"))
    if "quantity" not in wrong and not is_quantity(row["quantity"]):
        errors.append(("quantity", "bad_quantity"))
    if "unit_price" not in wrong and (rule := price_error(row["unit_price"])):
        errors.append(("unit_price", rule))
    if "returned" not in wrong and row["returned"].lower() not in ("true", "false"):
        errors.append(("returned", "bad_boolean"))
    if row["order_id"] in seen:
        errors.append(("order_id", "duplicate_order_id"))
    seen.add(row["order_id"])
    return errors


def is_date(text: str) -> bool:
    """Tell whether this is a date of the calendar."""
    try:
        return len(text) == 10 and 1970 <= date.fromisoformat(text).year <= 2199
    except ValueError:
        return False


def is_quantity(text: str) -> bool:
    """Tell whether this is a quantity."""
    return text.isdigit() and not text.startswith("0") and int(text) <= 999_999_999


def price_error(text: str) -> str | None:
    """Return the rule that a price breaks, or None."""
    try:
        price = Decimal(text)
    except InvalidOperation:
        return "bad_price"
    if price < 0 or price >= 10**12:
        return "bad_price"
    if price == 0:
        return "price_not_positive"
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int):
        return "bad_price"
    return "too_many_decimals" if exponent < -6 else None


def validate(path: Path) -> dict[str, Any]:
    """Judge all rows, and keep what is wrong with which line, column and value."""
    categories, seen = read_categories(sys.argv[2]), set[str]()
    rows = bad = 0
    findings = []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        for row in reader:
            rows += 1
            errors = check_row(row, categories, seen)
            bad += bool(errors)
            for column, rule in errors:
                findings.append((reader.line_num, column, row.get(column), rule))
    return {"rows": rows, "bad": bad, "findings": len(findings)}


if __name__ == "__main__":
    measure(validate)
