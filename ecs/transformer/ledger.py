"""The ledger as it is read: who works on a version, what a day's numbers come from, who asked to go first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.aws_errors import using
from transformer.items import Item, text
from transformer.manifests import Pin

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass(frozen=True)
class Tables:
    """Where the numbers go."""

    orders: str
    categories: str
    ledger: str


@dataclass(frozen=True)
class Claim:
    """Whose run a version is, and how far it has come.

    ``index`` names the parts that were accepted, by the execution ``accepted_by``: both are None before.
    """

    execution: str
    status: str
    accepted_by: str | None
    index: Pin | None
    is_committed: bool
    is_completed: bool
    is_withdrawn: bool


@dataclass(frozen=True)
class Head:
    """What a day's numbers come from. ``revision`` is random and never the same twice."""

    date: str
    revision: str
    manifest: Pin

    def item(self) -> Item:
        """Return the head as it is stored."""
        return {
            **head_key(self.date),
            "revision": text(self.revision),
            "manifest": text(self.manifest.key),
            "manifest_version": text(self.manifest.version_id),
        }


@dataclass(frozen=True)
class Lease:
    """Who asks the others to wait with a day, and until when (seconds since 1970)."""

    owner: str
    until: float


def head_key(date: str) -> Item:
    """Return the key of a day's head."""
    return {"pk": text(f"day#{date}"), "sk": text("head")}


def lease_key(date: str) -> Item:
    """Return the key of a day's lease."""
    return {"pk": text(f"day#{date}"), "sk": text("lease")}


def claim_key(file_id: str, version_id: str) -> Item:
    """Return the key of a version's claim."""
    return {"pk": text(f"file#{file_id}"), "sk": text(f"v#{version_id}")}


class Ledger:
    """Reads the ledger, always its latest state."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self.table = table

    def claim(self, file_id: str, version_id: str) -> Claim | None:
        """Return the claim of a version."""
        key = claim_key(file_id, version_id)
        with using("LEDGER_TABLE", self.table):
            item = self._dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        if not item or "execution" not in item:
            return None
        return Claim(
            execution=item["execution"]["S"],
            status=item["status"]["S"],
            accepted_by=item["accepted_by"]["S"] if "accepted_by" in item else None,
            index=Pin(item["index"]["S"], item["index_version"]["S"]) if "index" in item else None,
            is_committed="committed_at" in item,
            is_completed="completed_at" in item,
            is_withdrawn="withdrawn_at" in item,
        )

    def day(self, date: str) -> tuple[Head | None, Lease | None]:
        """Return the head of a day, None when no file has filled it, and its lease, None without one."""
        with using("LEDGER_TABLE", self.table):
            answer = self._dynamodb.query(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": text(f"day#{date}")},
            )
        items = {item["sk"]["S"]: item for item in answer["Items"]}
        head, lease = items.get("head"), items.get("lease")
        return (
            Head(date, head["revision"]["S"], Pin(head["manifest"]["S"], head["manifest_version"]["S"]))
            if head
            else None,
            Lease(lease["owner"]["S"], float(lease["until"]["N"])) if lease else None,
        )
