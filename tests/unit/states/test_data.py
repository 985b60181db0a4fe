"""How data moves through states, in both query languages, and the limits on it."""

from __future__ import annotations

import base64
import hashlib
import time

import pytest

from local_aws.states.errors import StateError
from local_aws.states.fields import DefinitionError
from local_aws.states.jsontext import loads
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


def test_a_choice_rule_that_the_language_does_not_have_is_refused_where_it_stands() -> None:
    with pytest.raises(DefinitionError) as refused:
        outcome_of("faulty_rules", {})
    assert [(fault.location, fault.message) for fault in refused.value.problems] == [
        (
            "/States/Decide/Choices[0]",
            "And and Or take a list of choice rules, which cannot be empty",
        ),
        (
            "/States/Decide/Choices[1]",
            "A choice rule within And, Or or Not has no Next and no Assign",
        ),
        ("/States/Decide/Choices[2]", "A choice rule must be an object"),
        ("/States/Decide/Choices[3]", "The value of IsPresent must be true or false"),
        (
            "/States/Decide/Choices[4]",
            "A choice rule needs a Variable and exactly one comparison operator",
        ),
    ]


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


def test_a_variable_may_have_a_name_of_any_letters() -> None:
    assert outcome_of("foreign_variable", {}).output == 1


def test_half_a_surrogate_pair_is_a_question_mark_where_bytes_are_made_of_it() -> None:
    output = outcome_of("hostile_text", {"text": "\ud800" * 6_000}).output
    assert output["hash"] == hashlib.sha1(b"?" * 6_000).hexdigest()  # noqa: S324 - no secret
    assert base64.b64decode(output["encoded"]) == b"?" * 6_000
    too_long = outcome_of("hostile_text", {"text": "\ud800" * 262_144})
    assert too_long.error == "States.DataLimitExceeded"


def test_what_occurs_once_is_found_without_comparing_everything_with_everything() -> None:
    mixed = [1, 1.0, True, "1", {"x": 1}, {"x": True}, {"x": 1}, None, None, False, 0]
    expected = [1, True, "1", {"x": 1}, {"x": True}, None, False, 0]
    assert list(map(repr, outcome_of("unique", {"items": mixed}).output)) == list(map(repr, expected))
    began = time.process_time()
    assert outcome_of("unique", {"items": list(range(40_000))}).output == list(range(40_000))
    assert time.process_time() - began < 10  # each with all others takes minutes


@pytest.mark.parametrize("text", ["1e400", '{"a": -1e999}', "Infinity", "[" * 200_000])
def test_json_that_could_not_be_written_again_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match=r"not JSON|too large a number|nested too deeply"):
        loads(text)


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
