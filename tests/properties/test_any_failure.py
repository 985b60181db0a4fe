from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from tests.properties.scheduling import Fault
from tests.properties.worlds import World, assert_right, examples, worlds

pytestmark = pytest.mark.usefixtures("plain")


@given(world=worlds(Fault.CRASH_BEFORE, Fault.CRASH_AFTER))
@examples(40)
def test_any_crash_followed_by_a_retry_changes_nothing(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@given(world=worlds(Fault.LOST, Fault.UNSENT, Fault.LATE, Fault.THROTTLED))
@examples(40)
def test_a_lost_answer_at_any_call_changes_nothing(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@given(world=worlds(Fault.PAUSED, Fault.PRESUMED_DEAD))
@examples(40)
def test_an_attempt_that_stands_still_for_long_does_no_harm(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@given(world=worlds(*Fault, with_rejected=True))
@examples(60)
def test_all_that_may_go_wrong_changes_nothing(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(world=worlds(*Fault, most=5, keys=("a", "b", "c"), with_rejected=True))
@examples(2000)
def test_all_that_may_go_wrong_changes_nothing_in_thousands_of_worlds(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))
