"""Files that do not go into one transaction: accepted first, then a day after the other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.properties.batch import Row, Upload
from tests.properties.checks import assert_is_batch
from tests.properties.machine import Arrival
from tests.properties.scheduling import Fault
from tests.properties.worlds import World, assert_right, row, upload

pytestmark = pytest.mark.usefixtures("plain")

_WRITES = {"transact_write_items", "update_item", "put_object", "copy_object", "delete_object"}
_FAULTS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST, Fault.LATE)


def big(key: str, number: int, days: int, categories: int, price: str = "10.50", fewer: int = 0) -> Upload:
    """Return a file of one order a day and category; every second day has ``fewer`` categories."""
    rows: list[Row] = []
    for day in range(days):
        when = (date(2025, 1, 1) + timedelta(day)).isoformat()
        rows += [row(f"O-{each}", when, f"C{each}", price) for each in range(categories - fewer * (day % 2))]
    return upload(key, number, *rows)


def story(days: int, categories: int, call: int, fault: Fault | None) -> World:
    """A file, and then its correction, the calls of which go wrong, beside a small one of the first day."""
    before = big("a", 1, days, categories)
    corrected = big("a", 3, days, categories, "0.1", fewer=1)
    small = upload("b", 2, row("O-1", "2025-01-01", "Else"), row("O-X", "2025-01-02"))
    faults = ({call: fault},) if fault else ()
    return World(call, (Arrival(before), Arrival(small, 400.0), Arrival(corrected, 400.0, faults=faults)))


def writes_of(days: int, categories: int, scratch: Path) -> list[int]:
    """Return which calls of the corrected file are writes."""
    world = story(days, categories, 0, None)
    calls = world.run(scratch).calls_of(world.arrivals[-1].upload)
    return [number for number, method in enumerate(calls, start=1) if method in _WRITES]


def test_a_file_of_more_than_100_writes_is_right_whichever_of_its_writes_goes_wrong(scratch: Path) -> None:
    for number, call in enumerate(writes_of(9, 10, scratch)):
        fault = _FAULTS[number % len(_FAULTS)]
        assert_right(story(9, 10, call, fault).run(scratch))


def test_a_big_file_that_fails_for_good_is_completed_by_a_reprocess_once_it_is_accepted(
    scratch: Path,
) -> None:
    accepted = set()
    for call in writes_of(9, 10, scratch)[::3]:
        world = story(9, 10, call, Fault.OUTAGE)
        pipeline = world.run(scratch, is_persistent=False)
        before, small, corrected = (arrival.upload for arrival in pipeline.arrivals)
        claim = pipeline.claim_of(corrected)
        accepted.add(("accepted_at" in claim, "committed_at" in claim))
        if "accepted_at" not in claim:
            assert_is_batch(pipeline, [before, small])
        pipeline.execute(pipeline.arrivals[-1], reprocess=True)
        pipeline.simulation.run()
        assert_right(pipeline)
    assert accepted == {(False, False), (True, False), (True, True)}


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.name)
def test_400_days_of_10_categories_are_right_when_a_write_goes_wrong(fault: Fault, scratch: Path) -> None:
    """At some of the writes; tests/unit/ecs/test_commit_crashes.py cuts such a file short at each of them."""
    for call in writes_of(400, 10, scratch)[_FAULTS.index(fault) * 100 :: 400]:
        assert_right(story(400, 10, call, fault).run(scratch))
