"""What a star in a text stands for, and what it must not cost."""

from __future__ import annotations

import itertools
import re
import time

import pytest

from local_aws.iam.matching import like
from local_aws.wildcards import escapable_stars


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a*c", "abbc", True),
        ("a*c", "ac", True),
        ("a*a", "a", False),
        ("*\n*", "x\ny", True),
        (r"a\*c", "a*c", True),
        (r"a\*c", "abc", False),
        (r"a\\*", r"a\x", True),
        ("a.c", "abc", False),
    ],
)
def test_a_star_is_any_run_of_characters_unless_it_is_escaped(pattern: str, text: str, matches: bool) -> None:
    assert (escapable_stars(pattern).fullmatch(text) is not None) is matches


def test_the_first_place_of_each_piece_is_as_good_as_any_other() -> None:
    patterns = ["".join(letters) for letters in itertools.product("ab*", repeat=5)]
    texts = ["".join(letters) for length in range(6) for letters in itertools.product("ab", repeat=length)]
    for pattern in patterns:
        plain = re.compile(pattern.replace("*", ".*"))
        ours = escapable_stars(pattern)
        assert [bool(ours.fullmatch(text)) for text in texts] == [bool(plain.fullmatch(t)) for t in texts]


def test_many_stars_do_not_hold_up_the_thread_that_runs_all_executions() -> None:
    began = time.process_time()
    assert not escapable_stars("*a" * 12 + "*b").fullmatch("a" * 32)
    assert not like("*a" * 12 + "?b*c", "a" * 32)
    assert time.process_time() - began < 1
