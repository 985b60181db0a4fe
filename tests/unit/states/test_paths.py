"""Paths as AWS's JSONPath takes them, which is wider than the standard."""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.states.paths import path

VALUE = {"a": [{"b": 1, "c.[": 2}, {"b": 3}]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$.a.[0].b", 1),
        ("$.a.[1].['b']", 3),
        ("$.a.[?(@.b > 1)]", [{"b": 3}]),
        ("$.a.[*].b", [1, 3]),
        ("$.a[*]['c.[']", [2]),
    ],
)
def test_a_dot_may_stand_before_a_bracket(text: str, found: Any) -> None:
    assert path(text).read(VALUE) == found
