"""Retry and Catch (concepts-error-handling.html)."""

from __future__ import annotations

from tests.unit.states.running import outcome_of, parameters, returns, seconds, throws, types


def test_each_retrier_counts_its_own_attempts_and_caps_its_delay() -> None:
    failures = [throws("Call", error) for error in ("A", "B", "B")]
    outcome = outcome_of("retry_order", {}, *failures, returns("Call", {}))
    assert outcome.status == "SUCCEEDED"
    assert seconds(outcome) == 10 + 100 + 250


def test_a_retrier_that_is_used_up_does_not_give_way_to_a_later_one() -> None:
    outcome = outcome_of("retry_order", {}, throws("Call", "A"), throws("Call", "A"), returns("Call", {}))
    assert (outcome.status, outcome.error) == ("FAILED", "A")


def test_no_attempts_means_never_though_a_later_retrier_would_match() -> None:
    outcome = outcome_of("never_retry", {}, throws("Call", "Bad"), returns("Call", {}))
    assert (outcome.status, outcome.error, seconds(outcome)) == ("FAILED", "Bad", 0)


def test_task_failed_matches_every_error_but_a_timeout() -> None:
    caught = outcome_of("catch_task_failed", {}, throws("Call", "S3.S3Exception", "no"))
    assert caught.output == {"error": {"Error": "S3.S3Exception", "Cause": "no"}}
    timed_out = outcome_of("catch_task_failed", {}, throws("Call", "States.Timeout"))
    assert (timed_out.status, timed_out.error) == ("FAILED", "States.Timeout")
    assert "TaskTimedOut" in types(timed_out)


def test_a_missing_path_is_states_runtime_and_nothing_catches_it() -> None:
    outcome = outcome_of("catch_all", {}, returns("Call", {}))
    assert (outcome.status, outcome.error) == ("FAILED", "States.Runtime")
    assert "'$.missing' specified for the field 'x.$' could not be found" in (outcome.cause or "")


def test_states_all_catches_an_error_of_the_task() -> None:
    outcome = outcome_of("catch_all", {"kept": 1}, throws("Call", "S3.S3Exception", "no"))
    assert outcome.output == {"kept": 1, "error": {"Error": "S3.S3Exception", "Cause": "no"}}


def test_each_attempt_sees_how_often_it_was_retried() -> None:
    outcome = outcome_of("retry_count", {}, throws("Call", "A"), throws("Call", "B"), returns("Call", {}))
    assert [one["Key"] for one in parameters(outcome)] == ["0", "1", "2"]


def test_full_jitter_waits_less_than_the_whole_delay() -> None:
    outcome = outcome_of("full_jitter", {}, throws("Call", "A"), returns("Call", {}))
    assert 0 < seconds(outcome) < 100


def test_a_back_off_that_outgrows_all_numbers_is_waited_for_and_not_a_crash() -> None:
    outcome = outcome_of("steep_back_off", {}, *[throws("Call", "S3.S3Exception")] * 4)
    assert (outcome.status, outcome.error) == ("FAILED", "S3.S3Exception")
    assert seconds(outcome) == 1 + 2 * 99_999_999


def test_a_task_result_that_is_too_large_can_be_caught_by_name() -> None:
    outcome = outcome_of("big_output", {}, returns("Call", "x" * 262_143))
    assert outcome.output == {"caught": True}
    assert outcome_of("big_output", {}, returns("Call", "x" * 262_142)).status == "SUCCEEDED"
