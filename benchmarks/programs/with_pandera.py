"""The rules as a pandera schema, judged over a Polars frame of texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl
from meter import measure
from naive_loop import read_categories

ID = [pa.Check.str_matches(r"^[\s\S]*\S[\s\S]*$"), pa.Check.str_length(1, 128)]


def schema(categories: set[str]) -> Any:
    """Return the rules; a number is a text of a pattern, as a cast would take more than the contract does."""

    def text(*checks: Any, unique: bool = False) -> Any:
        return pa.Column(str, list(checks), nullable=False, unique=unique)

    return pa.DataFrameSchema(
        {
            "order_id": text(*ID),
            "customer_id": text(*ID),
            "order_date": text(pa.Check(is_date)),
            "category": text(pa.Check.isin(sorted(categories))),
            "product_id": text(*ID),
            "quantity": text(pa.Check.str_matches("^[1-9][0-9]{0,8}$")),
            "unit_price": text(
                pa.Check.str_matches(r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"),
                pa.Check.str_matches("^.*[1-9]"),
            ),
            "returned": text(pa.Check.str_matches("^(?i:true|false)$")),
        },
        checks=pa.Check(is_first),
        strict=True,
        ordered=True,
    )


def is_date(data: Any) -> Any:
    """Judge the pattern and the calendar; the calendar alone would take `4771-9- 13`."""
    column = pl.col(data.key)
    pattern = column.str.contains("^(19[7-9][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}$")
    real = column.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return data.lazyframe.select(pattern & real)


def is_first(data: Any) -> Any:
    """Judge uniqueness; pandera's own says neither the row nor that the first one is right."""
    return data.lazyframe.select(pl.col("order_id").is_first_distinct())


def judge(path: Path) -> dict[str, Any]:
    """Read all columns as text and validate them lazily, so that every failure is told."""
    frame = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
    try:
        schema(read_categories(sys.argv[2])).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return {"rows": frame.height, "bad": cases["index"].drop_nulls().n_unique(), "findings": cases.height}
    return {"rows": frame.height, "bad": 0, "findings": 0}


if __name__ == "__main__":
    measure(judge)
