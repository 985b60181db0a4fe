"""Plans a day: its numbers, after a change of its manifest, and the writes that put them into the tables."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transformer.items import Item, category_item, category_key, order_item, order_key, text
from transformer.kpis import DayNumbers
from transformer.ledger import Head, Tables
from transformer.manifests import Entry, Manifest, Pin
from transformer.session import Session
from transformer.warehouse import PartFile, Warehouse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    Action = TransactWriteItemTypeDef

#: DynamoDB's limit for one transaction.
MOST_ACTIONS = 100
#: Plans are kept from one try to the next up to so many writes in all; beyond, days are planned again.
_MOST_ITEMS_KEPT = 50_000

#: Returns what a day is to be made of, given what it is made of now; None when nothing has to change.
Change = Callable[[Manifest], Manifest | None]


@dataclass(frozen=True)
class DayPlan:
    """What becomes of a day whose head is ``base``.

    ``manifest`` is what the day is made of, after the change if there is one. ``numbers`` is None for a day
    without rows.
    """

    base: Head | None
    manifest: Manifest
    is_change: bool
    numbers: DayNumbers | None = None
    vanished: tuple[str, ...] = ()

    @property
    def date(self) -> str:
        """The day."""
        return self.manifest.date

    @property
    def size(self) -> int:
        """How many actions the change takes in a transaction."""
        return 2 + len(self.manifest.categories) + len(self.vanished) if self.is_change else 0

    def actions(self, tables: Tables, manifest: Pin) -> list[Action]:
        """Return the writes of the change, all or none: the head first, on condition that it is ``base``."""
        date, numbers = self.date, self.numbers
        actions: list[Action] = [
            _put_head(tables.ledger, Head(date, self.manifest.revision, manifest), self.base)
        ]
        if numbers is None:
            actions.append(_delete(tables.orders, order_key(date)))
        else:
            actions.append(_put(tables.orders, order_item(date, numbers)))
            for category, sums in sorted(numbers.categories.items()):
                actions.append(_put(tables.categories, category_item(category, date, sums)))
        for category in self.vanished:
            actions.append(_delete(tables.categories, category_key(category, date)))
        return actions


class Planner:
    """Computes days; what it computed of a head is not computed again while the head stays.

    ``local`` tells which parts are in files here already; the others are fetched into ``folder`` while their
    day is being computed.
    """

    def __init__(
        self,
        session: Session,
        warehouse: Warehouse,
        folder: Path,
        local: Mapping[Pin, Path] | None = None,
    ) -> None:
        self._store = session.store
        self._rng: random.Random = session.clients.rng
        self._stages = session.stages
        self._warehouse = warehouse
        self._folder = folder
        self._local = dict(local or {})
        self._kept: dict[str, DayPlan] = {}
        self._items_kept = 0

    def plan(self, date: str, head: Head | None, change: Change) -> DayPlan:
        """Return what becomes of a day with this head; a day is always planned with the same change."""
        kept = self._kept.get(date)
        if kept and kept.base == head:
            return kept
        self.forget(date)
        plan = self._plan(date, head, change)
        if self._items_kept + plan.size <= _MOST_ITEMS_KEPT:
            self._kept[date] = plan
            self._items_kept += plan.size
        return plan

    def forget(self, date: str) -> None:
        """Drop what was kept of a day."""
        if plan := self._kept.pop(date, None):
            self._items_kept -= plan.size

    def compute(self, manifest: Manifest) -> tuple[DayNumbers | None, Manifest]:
        """Return a day's numbers, None without rows, and the manifest with what they tell of its entries."""
        fetched: list[Path] = []
        try:
            files = {
                entry: self._file(entry.part, fetched) for entry in manifest.entries if entry.part is not None
            }
            if not files:
                return None, replace(manifest, categories=())
            with self._stages.stage("compute"):
                numbers = self._warehouse.compute_day(
                    [PartFile(path, entry.order) for entry, path in files.items()]
                )
        finally:
            for path in fetched:
                path.unlink(missing_ok=True)
        superseded = {entry: numbers.rows_superseded.get(path, 0) for entry, path in files.items()}
        entries = tuple(_told(entry, superseded.get(entry, 0)) for entry in manifest.entries)
        return numbers, replace(manifest, entries=entries, categories=tuple(sorted(numbers.categories)))

    def _plan(self, date: str, head: Head | None, change: Change) -> DayPlan:
        before = self._store.manifest(head.manifest) if head else Manifest(date)
        changed = change(before)
        if changed is None:
            return DayPlan(head, before, is_change=False)
        numbers, manifest = self.compute(replace(changed, revision=self._new_revision()))
        vanished = tuple(name for name in before.categories if name not in manifest.categories)
        return DayPlan(head, manifest, is_change=True, numbers=numbers, vanished=vanished)

    def _file(self, part: Pin, fetched: list[Path]) -> Path:
        if part in self._local:
            return self._local[part]
        path = self._folder / f"fetched-{len(fetched)}.parquet"
        fetched.append(path)
        with self._stages.stage("fetch"):
            self._store.fetch(part, path)
        return path

    def _new_revision(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))


def _told(entry: Entry, rows_superseded: int) -> Entry:
    return replace(entry, rows_superseded=rows_superseded)


def _put_head(table: str, new: Head, old: Head | None) -> Action:
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


def _put(table: str, item: Item) -> Action:
    return {"Put": {"TableName": table, "Item": item}}


def _delete(table: str, key: Item) -> Action:
    return {"Delete": {"TableName": table, "Key": key}}
