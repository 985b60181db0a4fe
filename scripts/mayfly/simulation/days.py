"""The days of a simulation's files, in ledger, KPI tables and manifests, and how they are cleared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from mayfly.results import category_rows, order_rows
from mayfly.stage import Stage

Item = dict[str, Any]


@dataclass
class Days:
    """Days of a stage on which only files under one prefix of keys are looked for."""

    stage: Stage
    outputs: dict[str, str]
    prefix: str

    def is_free(self, days: list[str]) -> bool:
        """Tell whether no file and no KPI item has any of these days."""
        rows = order_rows(self.stage, self.outputs["OrderTable"], days)
        rows += category_rows(self.stage, self.outputs["CategoryTable"], days)
        return not rows and not any(self._head(day) for day in days)

    def left(self, day: str) -> list[str]:
        """Return what ledger and tables have of a day, unless a file that is not ours is part of it."""
        head, lease = self._head(day), self._item(day, "lease")
        if head and not self._is_ours(head):
            return []
        found = [f"ledger item day#{day} {item['sk']['S']}" for item in (head, lease) if item]
        return found + [f"{table} item {key}" for table, key in self._kpi_keys(day)]

    def remove(self, day: str) -> int:
        """Remove a day's items from tables and ledger and return how many there were.

        The head goes last: until then a file that comes to the day finds what its numbers are made of. A day
        that somebody else's file has as well stays as it is.
        """
        head, lease = self._head(day), self._item(day, "lease")
        if head and not self._is_ours(head):
            return 0
        dynamodb, ledger = self.stage.client("dynamodb"), self.outputs["LedgerTable"]
        keys = list(self._kpi_keys(day))
        for table, key in keys:
            dynamodb.delete_item(TableName=table, Key=key)
        if lease:
            dynamodb.delete_item(TableName=ledger, Key=_key(day, "lease"))
        if head:
            _delete_unchanged(dynamodb, ledger, head)
        return len(keys) + sum(item is not None for item in (head, lease))

    def manifests(self, day: str) -> Iterator[Item]:
        """Yield key and version of each manifest of a day that names no file but ours."""
        s3, bucket = self.stage.client("s3"), self.outputs["CleanedBucket"]
        listing = s3.get_paginator("list_object_versions")
        for page in listing.paginate(Bucket=bucket, Prefix=f"manifests/{day}/"):
            for item in page.get("Versions", []):
                named = {"Key": item["Key"], "VersionId": item["VersionId"]}
                if self._names_only_ours(named):
                    yield named

    def _names_only_ours(self, manifest: Item) -> bool:
        answer = self.stage.client("s3").get_object(Bucket=self.outputs["CleanedBucket"], **manifest)
        parts = json.loads(answer["Body"].read())["parts"]
        return all(part["key"].startswith(self.prefix) for part in parts)

    def _is_ours(self, head: Item) -> bool:
        pin = {"Key": head["manifest"]["S"], "VersionId": head["manifest_version"]["S"]}
        return self._names_only_ours(pin)

    def _head(self, day: str) -> Item | None:
        return self._item(day, "head")

    def _item(self, day: str, kind: str) -> Item | None:
        answer = self.stage.client("dynamodb").get_item(
            TableName=self.outputs["LedgerTable"], Key=_key(day, kind), ConsistentRead=True
        )
        item: Item | None = answer.get("Item")
        return item

    def _kpi_keys(self, day: str) -> Iterator[tuple[str, Item]]:
        for row in order_rows(self.stage, self.outputs["OrderTable"], [day]):
            yield self.outputs["OrderTable"], {"order_date": {"S": row["order_date"]}}
        for row in category_rows(self.stage, self.outputs["CategoryTable"], [day]):
            key = {"category": {"S": row["category"]}, "order_date": {"S": row["order_date"]}}
            yield self.outputs["CategoryTable"], key


def _key(day: str, kind: str) -> Item:
    return {"pk": {"S": f"day#{day}"}, "sk": {"S": kind}}


def _delete_unchanged(dynamodb: Any, table: str, head: Item) -> None:
    """Delete a day's head, unless another version has written it since."""
    try:
        dynamodb.delete_item(
            TableName=table,
            Key={"pk": head["pk"], "sk": head["sk"]},
            ConditionExpression="revision = :revision",
            ExpressionAttributeValues={":revision": head["revision"]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
