"""Plans the transaction that puts a file's days into the tables, or finds why it may not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common import rules
from common.rules import Finding
from transformer.items import category_item, category_key, number, order_item, text, texts
from transformer.kpis import Day
from transformer.ledger import RUNNING, Head, Version, claim_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

#: DynamoDB's limit for one transaction.
MOST_ACTIONS = 100


@dataclass(frozen=True)
class Tables:
    """Where the numbers go."""

    orders: str
    categories: str
    ledger: str


@dataclass(frozen=True)
class Acceptance:
    """What the ledger is told of the version with the commit."""

    execution_id: str
    version: Version
    accepted_at: str
    rows: int


def days_to_write(days: Mapping[str, Day], heads: Mapping[str, Head], version: Version) -> list[str]:
    """Return the days that this version fills: those that no newer version of the file has filled."""
    return [
        date
        for date in sorted(days)
        if (head := heads.get(date)) is None or head.version.order <= version.order
    ]


def find_taken_days(heads: Mapping[str, Head], version: Version) -> list[Finding]:
    """Return a finding for each day that another file fills."""
    return [
        rules.DAY_TAKEN.found(column="order_date", value=date, key=head.version.key)
        for date, head in sorted(heads.items())
        if head.version.file_id != version.file_id
    ]


def find_too_many(days: Mapping[str, Day], actions: int) -> list[Finding]:
    """Return a finding when so many actions do not go into one transaction."""
    if actions <= MOST_ACTIONS:
        return []
    totals = sum(len(day.categories) for day in days.values())
    return [
        rules.TOO_MANY_ACTIONS.found(days=len(days), categories=totals, actions=actions, most=MOST_ACTIONS)
    ]


def least_actions(days: Mapping[str, Day]) -> int:
    """Return how many actions the days need when nothing was there before: the claim, heads and items."""
    return 1 + sum(2 + len(day.categories) for day in days.values())


def plan_actions(
    tables: Tables,
    acceptance: Acceptance,
    days: Mapping[str, Day],
    heads: Mapping[str, Head],
    revisions: Mapping[str, str],
) -> list[TransactWriteItemTypeDef]:
    """Return the actions: the acceptance first, then those of every day that has a new revision."""
    actions = [_accept(tables.ledger, acceptance, sorted(days))]
    for date, revision in revisions.items():
        day, head = days[date], heads.get(date)
        new_head = Head(date, revision, acceptance.version, tuple(sorted(day.categories)))
        actions.append(_put_head(tables.ledger, new_head, head))
        actions.append({"Put": {"TableName": tables.orders, "Item": order_item(date, day)}})
        for category, sums in sorted(day.categories.items()):
            item = category_item(category, date, sums)
            actions.append({"Put": {"TableName": tables.categories, "Item": item}})
        for category in head.categories if head else ():
            if category not in day.categories:
                key = category_key(category, date)
                actions.append({"Delete": {"TableName": tables.categories, "Key": key}})
    return actions


def _accept(table: str, acceptance: Acceptance, dates: list[str]) -> TransactWriteItemTypeDef:
    return {
        "Update": {
            "TableName": table,
            "Key": claim_key(acceptance.version),
            "ConditionExpression": "#execution = :execution AND #status = :running",
            "UpdateExpression": "SET #status = :accepted, #at = :at, #rows = :rows, #days = :days",
            "ExpressionAttributeNames": {
                "#execution": "execution",
                "#status": "status",
                "#at": "accepted_at",
                "#rows": "rows",
                "#days": "days",
            },
            "ExpressionAttributeValues": {
                ":execution": text(acceptance.execution_id),
                ":running": text(RUNNING),
                ":accepted": text("ACCEPTED"),
                ":at": text(acceptance.accepted_at),
                ":rows": number(acceptance.rows),
                ":days": texts(dates),
            },
        }
    }


def _put_head(table: str, new: Head, old: Head | None) -> TransactWriteItemTypeDef:
    if old is None:
        return {
            "Put": {
                "TableName": table,
                "Item": new.item(),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
    return {
        "Put": {
            "TableName": table,
            "Item": new.item(),
            "ConditionExpression": "#revision = :revision",
            "ExpressionAttributeNames": {"#revision": "revision"},
            "ExpressionAttributeValues": {":revision": text(old.revision)},
        }
    }
