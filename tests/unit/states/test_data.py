"""How data moves through states, in both query languages, and the limits on it."""

from __future__ import annotations

import pytest

from local_aws.states.errors import StateError
from local_aws.states.variables import check_variables
from tests.unit.states.running import outcome_of, parameters, returns


def test_the_five_filters_apply_in_order_and_the_result_goes_into_the_whole_input() -> None:
    given = {"in": {"bucket": "data"}, "made": {"before": 1}}
    outcome = outcome_of("result_path", given, returns("Call", {"ContentLength": 7, "ETag": "e"}))
    assert parameters(outcome) == [{"Bucket": "data", "Key": "k"}]
    assert outcome.output == {"before": 1, "here": {"size": 7}}


def test_a_choice_without_a_match_and_a_default_fails_by_name() -> None:
    assert outcome_of("no_choice", {"n": 5}).error == "States.NoChoiceMatched"


def test_a_choice_on_a_missing_variable_is_states_runtime() -> None:
    assert outcome_of("no_choice", {}).error == "States.Runtime"


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        ('{"ExitCode":65,"Name":"v"}', "ValidationError"),
        ('{"Name":"v","ExitCode":65}', "ValidationError"),
        ('{"ExitCode":650}', "States.TaskFailed"),
    ],
)
def test_a_choice_can_read_an_exit_code_out_of_a_cause_without_parsing_it(cause: str, error: str) -> None:
    outcome = outcome_of("exit_code", {"Error": "States.TaskFailed", "Cause": cause})
    assert outcome.error == error
    assert outcome.cause in (cause, f"first: {cause}")


def test_one_state_may_speak_jsonata_and_hand_a_variable_to_jsonpath() -> None:
    result = {"CopyObjectResult": {"ETag": "e"}}
    outcome = outcome_of("jsonata_source", {"key": "in/ü b+1%.csv"}, returns("Copy", result))
    assert parameters(outcome)[0]["CopySource"] == "b/in/%C3%BC%20b%2B1%25.csv"
    assert outcome.output == {"etag": "e", "key": "in/ü b+1%.csv"}


def test_jsonata_that_finds_nothing_is_a_query_evaluation_error() -> None:
    assert outcome_of("jsonata_missing", {}).error == "States.QueryEvaluationError"


def test_a_state_whose_output_exceeds_256_kib_ends_the_execution() -> None:
    assert outcome_of("doubling", {"a": "x" * 1000}).error == "States.DataLimitExceeded"


def test_an_endless_loop_ends_at_25000_events() -> None:
    outcome = outcome_of("endless", {})
    assert (outcome.status, outcome.error, len(outcome.events)) == ("FAILED", "States.Runtime", 25_000)


def test_one_assign_holds_at_most_256_kib() -> None:
    assert outcome_of("keep_twice", {"text": "x" * 131_000}).status == "SUCCEEDED"
    assert outcome_of("keep_twice", {"text": "x" * 131_100}).error == "States.DataLimitExceeded"


def test_all_variables_hold_at_most_10_mib() -> None:
    part = "x" * 262_000
    check_variables("Keep", {"last": part}, {str(number): part for number in range(40)})
    with pytest.raises(StateError, match="10 MiB"):
        check_variables("Keep", {"last": part}, {str(number): part for number in range(41)})
