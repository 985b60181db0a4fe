"""What must hold at every moment, and what must hold in the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import combinations
from typing import Any

from tests.properties.batch import Day, Numbers, Upload, compute, counting, orders_of
from tests.properties.machine import CLEANED, LEDGER, Pipeline
from tests.properties.memory_aws import MemoryAws


class Reader:
    """Looks at the tables after every write."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._aws = pipeline.simulation.aws
        self._days: dict[str, Day] = {}
        self._known: dict[tuple[str, frozenset[Upload]], Day] = {}
        self._accepted: set[Upload] = set()

    def look(self) -> None:
        """Check that each day is that of all committed versions, with or without each on its way in or out.

        So nobody ever sees half a day, or anything of a version that is not accepted. Accepted is for ever.
        """
        committed, on_their_way = self._versions()
        for date in self._touched():
            day = self._days.get(date, Day(None, {}))
            assert_adds_up(date, day)
            late = [upload for upload in on_their_way if date in upload.dates]
            certain = [upload for upload in committed if date in upload.dates]
            options = [self._compute([*certain, *some], date) for some in _subsets(late)]
            assert day in options, f"{date} is {day}; it may be {options}"

    def _versions(self) -> tuple[list[Upload], list[Upload]]:
        committed: list[Upload] = []
        on_their_way: list[Upload] = []
        for arrival in self._pipeline.arrivals:
            claim = self._pipeline.claim_of(arrival.upload)
            if "accepted_at" not in claim:
                assert arrival.upload not in self._accepted
                continue
            assert arrival.is_valid
            self._accepted.add(arrival.upload)
            is_certain = "committed_at" in claim and "withdrawn_at" not in claim
            (committed if is_certain else on_their_way).append(arrival.upload)
        return committed, on_their_way

    def _touched(self) -> set[str]:
        """Return the days about which the last call may have changed something, and read them anew."""
        dates: set[str] = set()
        for table, key in self._aws.written:
            item = self._aws.tables[table].get(key)
            if table == LEDGER:
                if key[0].startswith("file#"):
                    dates |= {date for arrival in self._pipeline.arrivals for date in arrival.upload.dates}
                continue
            dates.add(key[-1])
            day = self._days.setdefault(key[-1], Day(None, {}))
            if table == "OrderKPIs":
                day.total = _numbers(item) if item else None
            elif item:
                day.categories[key[0]] = _numbers(item)
            else:
                day.categories.pop(key[0], None)
        return dates

    def _compute(self, uploads: list[Upload], date: str) -> Day:
        key = date, frozenset(uploads)
        if key not in self._known:
            self._known[key] = compute(uploads, date)
        return self._known[key]


def assert_adds_up(date: str, day: Day) -> None:
    """Check that the day's categories add up to its total, in revenue exactly and in orders."""
    if day.total is None:
        assert day.categories == {}, f"{date} has categories and no total"
        return
    categories = day.categories.values()
    assert sum(each["daily_revenue"] for each in categories) == day.total["total_revenue"]
    orders = sum(round(each["daily_revenue"] / each["avg_order_value"]) for each in categories)
    assert orders == day.total["total_orders"]


def assert_is_batch(pipeline: Pipeline, uploads: Iterable[Upload]) -> None:
    """Check that the two tables are those of one batch computation over these versions, and nothing else."""
    uploads = list(uploads)
    found = days_in(pipeline.simulation.aws)
    dates = {date for upload in uploads for date in upload.dates}
    assert found == {date: compute(uploads, date) for date in sorted(dates)}


def assert_manifests_and_curated_agree(pipeline: Pipeline, uploads: Iterable[Upload]) -> None:
    """Check heads and manifests against these versions, and that curated/ is what the manifests say."""
    uploads = list(uploads)
    aws = pipeline.simulation.aws
    curated = {}
    for (pk, sk), head in aws.tables[LEDGER].items():
        if sk != "head":
            continue
        date = pk.removeprefix("day#")
        manifest = json.loads(_pinned(aws, head["manifest"]["S"], head["manifest_version"]["S"]))
        entries = [entry for entry in manifest["parts"] if entry["part"]]
        count = counting(uploads, date)
        assert [entry["version_id"] for entry in entries] == [upload.version_id for upload in count]
        orders = orders_of(count, date)
        for entry, upload in zip(entries, count, strict=True):
            rows = [row for row in upload.rows if row.order_date == date]
            kept = [row for row in rows if orders[row.order_id][0] is upload]
            assert (entry["rows"], entry["rows_superseded"]) == (len(rows), len(rows) - len(kept))
            part = _pinned(aws, entry["part"]["key"], entry["part"]["version_id"])
            curated[f"curated/order_date={date}/{upload.file_id}.parquet"] = part
        assert manifest["categories"] == sorted({row.category for _, row in orders.values()})
    assert aws.current(CLEANED, "curated/") == curated


def assert_all_is_done(pipeline: Pipeline) -> None:
    """Check that every version has come to its end, and that its claim tells."""
    for arrival in pipeline.arrivals:
        claim = pipeline.claim_of(arrival.upload)
        if not arrival.is_valid:
            assert claim["status"] == "REJECTED"
            continue
        if "withdrawn_at" in claim:
            continue
        assert claim["status"] == "ARCHIVED", claim
        assert {"accepted_at", "committed_at", "completed_at", "rows_superseded"} <= set(claim)
        dates = sorted(arrival.upload.dates)
        told = claim["rows"], claim["days"], claim["first_day"], claim["last_day"]
        assert told == (str(len(arrival.upload.rows)), str(len(dates)), dates[0], dates[-1])


def days_in(aws: MemoryAws) -> dict[str, Day]:
    """Return what the two tables say, by date."""
    days: dict[str, Day] = {}
    for item in aws.tables["OrderKPIs"].values():
        days[item["order_date"]["S"]] = Day(_numbers(item), {})
    for item in aws.tables["CategoryKPIs"].values():
        day = days.setdefault(item["order_date"]["S"], Day(None, {}))
        day.categories[item["category"]["S"]] = _numbers(item)
    return days


def _numbers(item: dict[str, Any]) -> Numbers:
    return {
        name: Decimal(value["N"]) for name, value in item.items() if name not in {"category", "order_date"}
    }


def _pinned(aws: MemoryAws, key: str, version_id: str) -> bytes:
    body: bytes = aws.call("s3", "get_object", {"Bucket": CLEANED, "Key": key, "VersionId": version_id})[
        "Body"
    ].read()
    return body


def _subsets(uploads: list[Upload]) -> Iterable[tuple[Upload, ...]]:
    for size in range(len(uploads) + 1):
        yield from combinations(uploads, size)
