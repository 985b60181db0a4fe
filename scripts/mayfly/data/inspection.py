"""Compares what is there of a day with what its manifest gives, and puts right what differs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from common.aws_errors import code_of
from common.exit_codes import TryAgain
from common.names import curated_key
from mayfly.data.access import Access
from mayfly.data.numbers import DayItems, Numbers, categories_by_day, computed_items, found_items, order_days
from mayfly.data.workbench import Workbench
from transformer.items import category_key, order_key
from transformer.ledger import Head, head_key
from transformer.manifests import Manifest
from transformer.plan import MOST_ACTIONS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_MOST_TRIES = 20
_CURATED = "curated/order_date="


@dataclass(frozen=True)
class Difference:
    """One item or object that is not what the day's manifest gives; None is what is not there."""

    day: str
    what: str
    found: str | None
    computed: str | None


@dataclass(frozen=True)
class Inspection:
    """What a day is and what it must be, by one head of it."""

    day: str
    head: Head | None
    found: DayItems
    computed: DayItems
    objects: Mapping[str, str]
    parts: Mapping[str, str]

    @property
    def lacks_items(self) -> bool:
        """Whether an item is missing, or has other numbers than it must have."""
        lacking = [
            name for name, item in self.computed.categories.items() if self.found.categories.get(name) != item
        ]
        return bool(lacking) or (self.computed.order is not None and self.found.order != self.computed.order)

    @property
    def stray_categories(self) -> list[str]:
        """The categories that have an item and no order."""
        return sorted(self.found.categories.keys() - self.computed.categories.keys())

    @property
    def items_are_right(self) -> bool:
        """Whether both tables have what they must have."""
        return self.found == self.computed

    @property
    def wrong_objects(self) -> list[str]:
        """The files, by their ids, whose object under ``curated/`` is missing, another, or too many."""
        return sorted(
            file
            for file in self.objects.keys() | self.parts.keys()
            if self.objects.get(file) != self.parts.get(file)
        )

    def differences(self, orders: str, categories: str) -> list[Difference]:
        """Return all that differs; the tables have these names."""
        found, computed = self.found, self.computed
        pairs = [(orders, found.order, computed.order)]
        pairs += [
            (f"{categories} {name}", found.categories.get(name), computed.categories.get(name))
            for name in sorted(found.categories.keys() | computed.categories.keys())
        ]
        items = [
            Difference(self.day, what, _told(there, must), _told(must, there))
            for what, there, must in pairs
            if there != must
        ]
        return items + [
            Difference(self.day, curated_key(self.day, file), self.objects.get(file), self.parts.get(file))
            for file in self.wrong_objects
        ]


class Inspector:
    """Inspects days, and puts them right.

    ``categories`` are those that CategoryKPIs has of each day, whether or not a manifest knows them.
    """

    def __init__(self, access: Access, bench: Workbench, categories: Mapping[str, Set[str]]) -> None:
        self._access = access
        self._bench = bench
        self._categories = categories

    def inspect(self, day: str) -> Inspection:
        """Return what is there of a day and what must be, read while nobody changed the day."""
        for _ in range(_MOST_TRIES):
            head, _lease = self._access.ledger.day(day)
            inspection = self._inspect(day, head)
            is_right = inspection.items_are_right and not inspection.wrong_objects
            if is_right or self._access.ledger.day(day)[0] == head:
                return inspection
        raise TryAgain(f"{day} kept changing while it was compared")

    def put_right(self, day: str) -> Inspection:
        """Make a day what it must be; return what it was before."""
        first = inspection = self.inspect(day)
        for _ in range(_MOST_TRIES):
            if inspection.items_are_right:
                break
            if inspection.lacks_items:
                self._bench.commit(day, lambda manifest: manifest)
            else:
                self._remove_strays(inspection)
            inspection = self.inspect(day)
        else:
            raise TryAgain(f"{day} kept changing while it was put right")
        for file in first.wrong_objects:
            self._bench.curated.publish(day, file)
        return first

    def _inspect(self, day: str, head: Head | None) -> Inspection:
        manifest = self._access.store.manifest(head.manifest) if head else Manifest(day)
        numbers, _ = self._bench.planner.compute(manifest)
        computed = computed_items(day, numbers)
        categories = {*computed.categories, *manifest.categories, *self._categories.get(day, ())}
        found = found_items(self._access, day, categories)
        return Inspection(
            day, head, found, computed, curated_objects(self._access, day), self._parts(manifest)
        )

    def _parts(self, manifest: Manifest) -> dict[str, str]:
        """Return what tells the content of each file's part."""
        parts = {}
        for entry in manifest.entries:
            if entry.part:
                answer = self._access.s3.head_object(
                    Bucket=self._access.store.bucket, Key=entry.part.key, VersionId=entry.part.version_id
                )
                parts[entry.version.file_id] = answer["ETag"].strip('"')
        return parts

    def _remove_strays(self, inspection: Inspection) -> None:
        """Delete the items that nothing gives, while the day's head is what it was when they were found."""
        day, tables = inspection.day, self._access.tables
        keys = [(tables.categories, category_key(name, day)) for name in inspection.stray_categories]
        if inspection.computed.order is None:
            keys.append((tables.orders, order_key(day)))
        for start in range(0, len(keys), MOST_ACTIONS - 1):
            actions: list[TransactWriteItemTypeDef] = [_while_head_is(tables.ledger, day, inspection.head)]
            for table, key in keys[start : start + MOST_ACTIONS - 1]:
                actions.append({"Delete": {"TableName": table, "Key": key}})
            try:
                self._access.dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                return  # somebody was there: what is left to do, the next look at the day tells


def days_known(access: Access) -> tuple[list[str], dict[str, set[str]]]:
    """Return every day that the ledger, a table or ``curated/`` knows, and each day's categories."""
    categories = categories_by_day(access)
    days = {*access.head_days(), *order_days(access), *categories, *curated_days(access)}
    return sorted(days), categories


def curated_days(access: Access) -> list[str]:
    """Return the days that have a folder under ``curated/``."""
    pages = access.s3.get_paginator("list_objects_v2").paginate(
        Bucket=access.store.bucket, Prefix=_CURATED, Delimiter="/"
    )
    folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
    return [folder.removeprefix(_CURATED).removesuffix("/") for folder in folders]


def curated_objects(access: Access, day: str) -> dict[str, str]:
    """Return the files, by their ids, that have an object of the day under ``curated/``, and its ETag.

    A copy has the ETag of what was copied: in a bucket under SSE-S3, as ours is, it is the content's MD5
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). With a KMS key it would not be.
    """
    prefix = f"{_CURATED}{day}/"
    pages = access.s3.get_paginator("list_objects_v2").paginate(Bucket=access.store.bucket, Prefix=prefix)
    return {
        entry["Key"].removeprefix(prefix).removesuffix(".parquet"): entry["ETag"].strip('"')
        for page in pages
        for entry in page.get("Contents", [])
        if entry["Key"].endswith(".parquet")
    }


def _told(numbers: Numbers | None, other: Numbers | None) -> str | None:
    """Return of the numbers what the others do not have."""
    if numbers is None:
        return None
    ours = {name: value for name, value in numbers.items() if not other or other.get(name) != value}
    return ", ".join(f"{name} {value}" for name, value in ours.items())


def _while_head_is(table: str, day: str, head: Head | None) -> TransactWriteItemTypeDef:
    check: dict[str, Any] = {"TableName": table, "Key": head_key(day)}
    if head is None:
        return {"ConditionCheck": {**check, "ConditionExpression": "attribute_not_exists(pk)"}}  # type: ignore[typeddict-item]
    return {
        "ConditionCheck": {
            **check,  # type: ignore[typeddict-item]
            "ConditionExpression": "#revision = :revision",
            "ExpressionAttributeNames": {"#revision": "revision"},
            "ExpressionAttributeValues": {":revision": {"S": head.revision}},
        }
    }
