"""The rules as a Table Schema, judged by frictionless."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from frictionless import Checklist, Dialect, Resource, Schema, system, validate
from meter import measure
from naive_loop import read_categories

ID = {"required": True, "pattern": r"(?=[\s\S]*\S)[\s\S]{1,128}"}
NO_LIMIT = 1_000_000_000


def schema(categories: set[str]) -> dict[str, Any]:
    """Return the rules; a number is a text of a pattern, as a cast would take more than the contract does."""
    texts: dict[str, dict[str, Any]] = {
        "order_id": {**ID, "unique": True},
        "customer_id": ID,
        "order_date": {"required": True, "minimum": "1970-01-01", "maximum": "2199-12-31"},
        "category": {"required": True, "enum": sorted(categories)},
        "product_id": ID,
        "quantity": {"required": True, "pattern": "[1-9][0-9]{0,8}"},
        "unit_price": {
            "required": True,
            "pattern": r"(?=.*[1-9])(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?",
        },
        "returned": {"required": True, "pattern": "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"},
    }
    kinds = {"order_date": "date"}
    fields = [
        {"name": name, "type": kinds.get(name, "string"), "constraints": constraints}
        for name, constraints in texts.items()
    ]
    return {"fields": fields, "missingValues": [""]}


def judge(path: Path) -> dict[str, Any]:
    """Validate with all errors kept: without the higher limit a report ends after 1,000."""
    made = Schema.from_descriptor(schema(read_categories(sys.argv[2])))
    with system.use_context(trusted=True):  # a path outside of the working directory
        resource = Resource(path=str(path), format="csv", encoding="utf-8", schema=made, dialect=Dialect())
        report = validate(resource, checklist=Checklist(), limit_errors=NO_LIMIT)
    (task,) = report.tasks
    rows = {error.row_number for error in task.errors if hasattr(error, "row_number")}
    return {"rows": task.stats["rows"], "bad": len(rows), "findings": len(task.errors)}


if __name__ == "__main__":
    measure(judge)
