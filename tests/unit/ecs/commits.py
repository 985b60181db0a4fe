"""Order files made to measure, and what the ledger and the tables say of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from common.names import file_id
from tests.unit.ecs.faults import break_dynamodb
from tests.unit.ecs.support import CLEANED, INPUT, Aws, orders_csv
from transformer.ledger import claim_key

ORDERS = "input/orders.csv"


def order(number: int, date: str, category: str = "Books", price: str = "10.00") -> str:
    return f"O-{number},C-{number},{date},{category},P-1,1,{price},false"


def date(number: int) -> str:
    return f"2025-{1 + number // 28:02}-{1 + number % 28:02}"


def month(days: int, categories: int, price: str = "10.00") -> bytes:
    """A file that has so many days, and in each so many categories of one order."""
    return orders_csv(
        *(
            order(day * categories + number, date(day), f"Category {number}", price)
            for day in range(days)
            for number in range(categories)
        )
    )


def tables(aws: Aws) -> tuple[Any, Any]:
    return aws.orders(), aws.categories()


def claim(aws: Aws, environ: dict[str, str]) -> dict[str, str]:
    file = file_id(INPUT, environ["S3_INPUT_KEY"])
    return aws.ledger()[f"file#{file}", f"v#{environ['S3_INPUT_VERSION']}"]


def withdraw(aws: Aws, environ: dict[str, str]) -> None:
    aws.dynamodb.update_item(
        TableName="PipelineFiles",
        Key=claim_key(file_id(INPUT, environ["S3_INPUT_KEY"]), environ["S3_INPUT_VERSION"]),
        UpdateExpression="SET withdrawn_at = :now",
        ExpressionAttributeValues={":now": {"S": "2025-07-05T12:00:00Z"}},
    )


def read_pinned(aws: Aws, key: str, version: str) -> Any:
    return json.loads(aws.s3.get_object(Bucket=CLEANED, Key=key, VersionId=version)["Body"].read())


def transactions(aws: Aws) -> list[int]:
    """Return a list to which every transaction's number of actions is added."""
    sizes: list[int] = []

    def count(real: Callable[..., Any], arguments: Any) -> Any:
        sizes.append(len(arguments["TransactItems"]))
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", count)
    return sizes


def assert_days_add_up(aws: Aws) -> None:
    """Of every day that is in a table: the categories add up to the total."""
    sums: dict[str, Decimal] = {}
    for (day, _), item in aws.categories().items():
        sums[day] = sums.get(day, Decimal(0)) + Decimal(item["daily_revenue"])
    assert sums == {day: Decimal(item["total_revenue"]) for day, item in aws.orders().items()}
