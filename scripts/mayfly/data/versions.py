"""The versions of files as the ledger has them: what became of each, and on which days it counts."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from common.names import file_id, rejected_prefix
from mayfly.data.access import Access, plain
from transformer.manifests import Index, Pin

#: What happened to a version, in the order in which it can: the attribute with the moment, and what it was.
_EVENTS = (
    ("started_at", "claimed"),
    ("validated_at", "validated"),
    ("accepted_at", "accepted"),
    ("committed_at", "committed"),
    ("completed_at", "completed"),
    ("archived_at", "archived"),
    ("failed_at", "failed"),
    ("withdrawn_at", "withdrawn"),
)


@dataclass(frozen=True)
class FileVersion:
    """A version's claim; ``item`` has what the machine, the validator and the transformer wrote."""

    item: Mapping[str, Any]

    @property
    def version_id(self) -> str:
        """S3's id of the version."""
        return str(self.item["sk"]).removeprefix("v#")

    @property
    def file_id(self) -> str:
        """The id of the file that it is a version of."""
        return str(self.item["pk"]).removeprefix("file#")

    @property
    def order(self) -> tuple[str, str]:
        """What the versions of one file are sorted by, the newest last."""
        return str(self.item.get("last_modified", "")), self.version_id

    @property
    def index(self) -> Pin | None:
        """Where its accepted parts are listed; None for a version that was not accepted."""
        if "index" not in self.item:
            return None
        return Pin(self.item["index"], self.item["index_version"])

    @property
    def status(self) -> str:
        """What became of it. One that counted and was taken back is WITHDRAWN, whatever was written later."""
        if {"accepted_at", "withdrawn_at"} <= self.item.keys():
            return "WITHDRAWN"
        return str(self.item.get("status", "unknown"))

    @property
    def report(self) -> str | None:
        """The key of the report on why it was rejected."""
        if "report" in self.item:
            return str(self.item["report"])
        if self.item.get("status") != "REJECTED" or not {"bucket", "key"} <= self.item.keys():
            return None
        return f"{rejected_prefix(self.item['bucket'], self.item['key'], self.item['execution'])}.json"

    def history(self) -> list[tuple[str, str]]:
        """Return what happened to it, the moment first, in the order in which it happened."""
        happened = [(str(self.item[name]), event) for name, event in _EVENTS if name in self.item]
        return sorted(happened, key=lambda each: each[0])

    def document(self) -> dict[str, Any]:
        """Return it for --json: numbers as JSON has them, seconds as fractions."""
        facts = {name: _for_json(value) for name, value in self.item.items() if name not in ("pk", "sk")}
        return {
            "file_id": self.file_id,
            "version_id": self.version_id,
            **facts,
            "status": self.status,
            "report": self.report,
        }


def newest_versions(access: Access, limit: int) -> tuple[list[FileVersion], int]:
    """Return the versions that were claimed last, the newest first, and how many there are in all."""
    count = 0

    def counted() -> Iterable[FileVersion]:
        nonlocal count
        for item in access.scan(
            access.tables.ledger,
            FilterExpression="begins_with(pk, :file)",
            ExpressionAttributeValues={":file": {"S": "file#"}},
        ):
            count += 1
            yield FileVersion(item)

    newest = heapq.nlargest(
        limit, counted(), key=lambda version: (str(version.item.get("started_at", "")), version.order)
    )
    return newest, count


def versions_of(access: Access, key: str) -> list[FileVersion]:
    """Return the versions of a file that were claimed, the newest first."""
    pages = access.dynamodb.get_paginator("query").paginate(
        TableName=access.tables.ledger,
        ConsistentRead=True,
        KeyConditionExpression="pk = :file",
        ExpressionAttributeValues={":file": {"S": f"file#{file_id(access.input_bucket, key)}"}},
    )
    found = [FileVersion(plain(dict(item))) for page in pages for item in page["Items"]]
    return sorted(found, key=lambda version: version.order, reverse=True)


def indexes_of(access: Access, versions: Iterable[FileVersion]) -> list[Index]:
    """Return what the accepted ones among these versions hold, the newest first."""
    return [access.store.index(version.index) for version in versions if version.index]


def days_that_count(access: Access, file: str, days: Iterable[str]) -> dict[str, str]:
    """Return, for each of these days on which the file (an id) counts now, the version that does."""
    found = {}
    for manifest in access.manifests(days):
        entry = manifest.entry_of(file)
        if entry and entry.part:
            found[manifest.date] = entry.version.version_id
    return found


def _for_json(value: Any) -> Any:
    if isinstance(value, set):
        return sorted(value)
    if hasattr(value, "as_tuple"):  # a Decimal
        return int(value) if value == value.to_integral_value() else float(value)
    return value
