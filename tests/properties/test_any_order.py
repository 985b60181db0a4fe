from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from tests.properties.worlds import World, assert_right, examples, worlds

pytestmark = pytest.mark.usefixtures("plain")


@given(world=worlds(with_hurry=False))
@examples(40)
def test_files_one_after_the_other_in_any_order_make_the_tables_of_a_batch(
    world: World, scratch: Path
) -> None:
    assert_right(world.run(scratch))


@given(world=worlds())
@examples(40)
def test_any_interleaving_of_commits_makes_the_tables_of_a_batch(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@given(world=worlds(with_rejected=True))
@examples(25)
def test_a_rejected_file_changes_nothing(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))


@given(world=worlds(keys=("a",), most=4))
@examples(25)
def test_a_key_that_is_used_for_ever_keeps_its_earlier_days(world: World, scratch: Path) -> None:
    assert_right(world.run(scratch))
