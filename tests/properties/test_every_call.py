"""One story, told again and again: each time another call goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.properties.checks import assert_is_batch
from tests.properties.machine import Arrival
from tests.properties.scheduling import Fault
from tests.properties.tools import withdraw_at
from tests.properties.worlds import DATES, World, assert_right, row, upload

pytestmark = pytest.mark.usefixtures("plain")

FIRST = upload("a", 1, row("O-1"), row("O-2", category="Toys"), row("O-3", DATES[1]))
OTHER = upload("b", 2, row("O-1", category="Games", price="0.1"), row("O-4", DATES[1]), row("O-5", DATES[2]))
CORRECTED = upload("a", 3, row("O-1"), row("O-9", price="0.2"))
_MOST_CALLS = 100
#: Those that every commit is tried with; the others are for scripts/test_long.sh.
_QUICK = {Fault.CRASH_AFTER, Fault.LATE, Fault.LAST_GASP}


def story(seed: int, faults: Mapping[int, Fault]) -> World:
    """Two files of the same days at once, and the first again, corrected: the calls of that one go wrong."""
    return World(seed, (Arrival(FIRST), Arrival(OTHER), Arrival(CORRECTED, seconds=2.0, faults=(faults,))))


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_any_call_may_go_wrong(fault: Fault, scratch: Path) -> None:
    for call in range(1, _MOST_CALLS):
        pipeline = story(call, {call: fault}).run(scratch)
        assert_right(pipeline)
        if len(pipeline.calls_of(CORRECTED)) < call:
            return
    raise AssertionError("the story never ends")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[] if fault in _QUICK else pytest.mark.long, id=fault.name)
        for fault in Fault
    ],
)
def test_any_call_may_go_wrong_while_the_file_is_taken_back(fault: Fault, scratch: Path) -> None:
    for call in range(1, _MOST_CALLS):
        world = World(call, (Arrival(OTHER), Arrival(FIRST, faults=({call: fault},))))
        pipeline = world.run(scratch, lambda pipeline: withdraw_at(pipeline, 10.0, FIRST.key, {}))
        assert_right(pipeline)
        if len(pipeline.calls_of(FIRST)) < call:
            return
    raise AssertionError("the story never ends")


def test_a_failure_for_good_leaves_the_tables_as_before_or_a_reprocess_completes_it(scratch: Path) -> None:
    accepted = set()
    for call in range(1, _MOST_CALLS):
        pipeline = story(call, {call: Fault.OUTAGE}).run(scratch, is_persistent=False)
        if len(pipeline.calls_of(CORRECTED)) < call:
            break
        claim = pipeline.claim_of(CORRECTED)
        assert claim["status"] == "FAILED"
        accepted.add("accepted_at" in claim)
        if "accepted_at" not in claim:
            assert_is_batch(pipeline, [FIRST, OTHER])
        pipeline.execute(pipeline.arrivals[-1], reprocess=True)
        pipeline.simulation.run()
        assert_right(pipeline)
    assert accepted == {True, False}
