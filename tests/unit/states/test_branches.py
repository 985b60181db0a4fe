"""Parallel and Map (state-parallel.html, state-map-inline.html)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.states.running import outcome_of, returns, seconds, throws, types


def test_a_failing_branch_aborts_its_sibling_at_once_and_its_own_error_is_caught() -> None:
    outcome = outcome_of("parallel_abort", {})
    assert outcome.output == {"error": {"Error": "ValidationError", "Cause": "bad row"}}
    assert seconds(outcome) < 3600
    assert types(outcome)[types(outcome).index("FailStateEntered") :] == [
        "FailStateEntered",
        "WaitStateAborted",
        "ParallelStateFailed",
        "ParallelStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_a_retried_parallel_runs_all_its_branches_again() -> None:
    left = [returns("Left", 1), returns("Left", 2)]
    outcome = outcome_of("parallel_retry", {}, *left, throws("Right", "Flaky"), returns("Right", 3))
    assert outcome.output == [2, 3]
    assert types(outcome).count("ParallelStateStarted") == 2
    assert "ParallelStateFailed" not in types(outcome)


def test_a_branch_sees_the_variables_around_it_and_keeps_its_own() -> None:
    assert outcome_of("assign_in_branch", {}).output == {"x": 1, "branches": [{"x": 1, "y": 1}]}


def test_a_map_gives_each_item_its_index_and_its_value_and_keeps_the_order() -> None:
    outcome = outcome_of("map", {"items": ["a", "b", "c"], "name": "n"})
    assert outcome.output["done"] == [
        {"index": index, "value": value, "whole": "n"} for index, value in enumerate("abc")
    ]


def test_a_map_over_something_else_than_an_array_is_states_runtime() -> None:
    assert outcome_of("map", {"items": {"a": 1}, "name": "n"}).error == "States.Runtime"


def test_a_map_over_nothing_gives_nothing() -> None:
    assert outcome_of("map", {"items": [], "name": "n"}).output["done"] == []


def test_no_more_iterations_run_at_once_than_there_are_places_which_a_text_may_number() -> None:
    assert seconds(outcome_of("map_places", {"items": [1, 2, 3], "places": "2"})) == 20


def test_a_map_without_a_number_of_places_has_forty() -> None:
    assert seconds(outcome_of("map_places", {"items": [1] * 41, "places": 0})) == 20


@pytest.mark.parametrize(("places", "shown"), [("many", "many"), ({}, "{}"), (1.5, "1.5")])
def test_a_number_of_places_that_is_none_is_states_runtime(places: Any, shown: str) -> None:
    outcome = outcome_of("map_places", {"items": [1], "places": places})
    assert outcome.error == "States.Runtime"
    where = f'MaxConcurrencyPath field refers to value "{shown}" which is not a valid integer: $.places'
    assert where in str(outcome.cause)
    assert "MapStateStarted" not in types(outcome)


def test_fewer_than_no_places_are_states_runtime() -> None:
    assert outcome_of("map_places", {"items": [1], "places": -1}).error == "States.Runtime"


def test_an_inline_map_takes_a_tolerance_as_aws_does() -> None:
    assert outcome_of("map_jsonata", {"items": [1, 2]}).output == [1, 2]


@pytest.mark.parametrize(("items", "kind"), [(1, "number"), ("s", "string"), (None, "null"), ({}, "object")])
def test_a_jsonata_map_over_something_else_than_an_array_fails_to_evaluate(items: Any, kind: str) -> None:
    outcome = outcome_of("map_jsonata", {"items": items})
    assert outcome.error == "States.QueryEvaluationError"
    assert (
        f"for the field 'Items' returned an unexpected result type. Expected 'array', but was '{kind}'"
        in str(outcome.cause)
    )
