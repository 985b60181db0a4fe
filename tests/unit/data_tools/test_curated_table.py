"""curated/ as docs/kpis.md tells to query it, read by DuckDB in Athena's place."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mayfly.template import ROOT
from tests.documents import blocks
from tests.unit.data_tools.support import A, order
from tests.unit.ecs.support import CLEANED, Aws, orders_csv

TABLE, VIEW, QUERY = (block.text for block in blocks(ROOT / "docs" / "kpis.md", "sql"))
#: What Athena calls DuckDB's types, as far as they are used.
TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "BOOLEAN": "boolean", "DECIMAL(18,6)": "decimal(18,6)"}


@pytest.fixture
def database(aws: Aws, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """Return a database with curated/ as a table, after files that share orders and a correction."""
    first = orders_csv(order(1, 1, "19.99"), order(2, 2), order(9, 2))
    other = orders_csv(order(2, 2, "99999999.123456", "Toys"), order(3, 3))
    corrected = orders_csv(order(2, 2, "2.5"), order(4, 2, "0.000001", "Büro"))
    for second, (body, key) in enumerate([(first, A), (other, "input/ü b.csv"), (corrected, A)]):
        assert aws.process_at(second, body, key) == 0
    for key in aws.keys("curated/"):
        path = tmp_path / "lake" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        aws.s3.download_file(CLEANED, key, str(path))
    connection = duckdb.connect()
    connection.execute(
        "CREATE VIEW curated_orders AS FROM "
        f"read_parquet('{tmp_path}/lake/curated/**/*.parquet', "
        "hive_partitioning = true, hive_types = {'order_date': VARCHAR})"
    )
    return connection


def declared() -> dict[str, str]:
    """Return the columns of the table in the docs, the partition's last."""
    columns = re.search(r"\((.+?)\n\)\nPARTITIONED BY \((.+?)\)", TABLE, re.DOTALL)
    assert columns
    lines = [*columns[1].strip().split(",\n"), columns[2]]
    return dict(line.split() for line in lines)


def test_the_table_in_the_docs_has_the_columns_of_the_objects(database: duckdb.DuckDBPyConnection) -> None:
    described = database.execute("DESCRIBE curated_orders").fetchall()

    assert {name: TYPES[kind] for name, kind, *_ in described} == declared()


def test_the_projection_in_the_docs_leads_to_the_objects(
    aws: Aws, database: duckdb.DuckDBPyConnection
) -> None:
    assert database
    template = re.search(r"'storage.location.template' = 's3://CLEANED_BUCKET/(.+?)'", TABLE)
    assert template
    folders = {key.rpartition("/")[0] + "/" for key in aws.keys("curated/")}
    assert folders == {template[1].replace("${order_date}", f"2025-07-0{day}") for day in (1, 2, 3)}


def test_the_queries_in_the_docs_give_the_numbers_of_the_table(
    aws: Aws, database: duckdb.DuckDBPyConnection
) -> None:
    database.execute(VIEW)
    found: list[tuple[Any, ...]] = database.execute(QUERY).fetchall()

    assert [
        (day, str(orders), Decimal(revenue), str(customers)) for day, orders, revenue, customers in found
    ] == [
        (day, item["total_orders"], Decimal(item["total_revenue"]), item["unique_customers"])
        for day, item in sorted(aws.orders().items())
    ]
    assert len(found) == 3


def test_the_view_gives_the_numbers_of_each_category(aws: Aws, database: duckdb.DuckDBPyConnection) -> None:
    database.execute(VIEW)
    found = database.execute(
        "SELECT order_date, category, sum(quantity * unit_price) FROM orders GROUP BY ALL"
    ).fetchall()

    assert {(day, category): revenue for day, category, revenue in found} == {
        key: Decimal(item["daily_revenue"]) for key, item in aws.categories().items()
    }
