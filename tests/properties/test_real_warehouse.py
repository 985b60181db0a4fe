from __future__ import annotations

from pathlib import Path

from hypothesis import given

from tests.properties.scheduling import Fault
from tests.properties.worlds import World, assert_right, examples, worlds


@given(world=worlds(*Fault, with_rejected=True))
@examples(12)
def test_the_tables_are_those_of_a_batch_with_duckdb_too(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))
