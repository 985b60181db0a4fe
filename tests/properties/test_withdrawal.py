from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.properties.machine import Pipeline
from tests.properties.scheduling import Fault
from tests.properties.tools import differences, withdraw_at
from tests.properties.worlds import World, assert_right, examples, may_publish_late, worlds

pytestmark = pytest.mark.usefixtures("plain")

_KEY = "input/a.csv"
moments = st.sampled_from([0.5, 3.0, 5.0, 31.0, 33.0, 100.0, 5000.0, 50000.0])
#: Not an outage for good: whoever takes a file back tries until it went through.
planned = st.dictionaries(
    st.integers(1, 30), st.sampled_from([fault for fault in Fault if fault is not Fault.OUTAGE]), max_size=2
)


def taken_back(world: World, moment: float, scratch: Path, faults: Mapping[int, Fault]) -> Pipeline:
    """Run a world in which somebody takes a file back at a moment.

    Its versions come in the order of their uploads: one that came later than it should was not known when the
    file was taken back, and docs/kpis.md says what becomes of it.
    """
    versions = [arrival for arrival in world.arrivals if arrival.upload.key == _KEY]
    for one, other in permutations(versions, 2):
        assume(one.seconds >= other.seconds or one.upload.order < other.upload.order)
    return world.run(scratch, lambda pipeline: withdraw_at(pipeline, moment, _KEY, faults))


@given(world=worlds(), moment=moments)
@examples(30)
def test_a_file_that_is_taken_back_counts_for_nothing_whatever_was_under_way(
    world: World, moment: float, scratch: Path
) -> None:
    assert_right(taken_back(world, moment, scratch, {}))


@given(world=worlds(*Fault), moment=moments, faults=planned)
@examples(50)
def test_a_withdrawal_that_is_interrupted_and_run_again_ends_as_if_it_had_not_been(
    world: World, moment: float, faults: Mapping[int, Fault], scratch: Path
) -> None:
    assert_right(taken_back(world, moment, scratch, faults))


@given(world=worlds(*Fault, with_rejected=True), moment=moments)
@examples(15)
def test_recomputing_changes_nothing(world: World, moment: float, scratch: Path) -> None:
    found = differences(taken_back(world, moment, scratch, {}))
    late = any(map(may_publish_late, world.arrivals))
    assert [each for each in found if not (late and each.what.startswith("curated/"))] == []


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(world=worlds(*Fault, most=5), moment=moments, faults=planned)
@examples(2000)
def test_a_withdrawal_is_right_in_thousands_of_worlds(
    world: World, moment: float, faults: Mapping[int, Fault], scratch: Path
) -> None:
    assert_right(taken_back(world, moment, scratch, faults))
