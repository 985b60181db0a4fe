"""The model of an execution, built from histories."""

from __future__ import annotations

import pytest

from mayfly.demo.execution import Status
from tests.unit.demo.histories import (
    BOTH_RUN,
    REJECTED,
    after,
    by_name,
    execution_of,
    states_of,
    statuses,
)
from tests.unit.states.running import outcome_of, returns, throws


def test_states_stand_inside_the_parallel_that_runs_them_each_branch_for_itself() -> None:
    execution = execution_of(BOTH_RUN)
    both = by_name(execution)["ProcessTasksInParallel"]
    assert execution.line.states[-1] is both
    assert [[state.name for state in line.states] for line in both.lines] == [
        ["RegisterValidatorTask", "ValidateFile"],
        ["RegisterTransformerTask", "TransformFile"],
    ]
    assert [state.name for state in states_of(both.lines[0])][-1] == "RunValidator"
    assert [state.name for state in by_name(execution)["RunTransformer"].around()] == [
        "RunTransformer",
        "TransformFile",
        "ProcessTasksInParallel",
    ]


def test_what_was_entered_and_not_left_is_running() -> None:
    execution = execution_of(BOTH_RUN)
    running = {name for name, status in statuses(execution).items() if status == "running"}
    assert running == {
        "ProcessTasksInParallel", "ValidateFile", "RunValidator", "TransformFile", "RunTransformer",
    }  # fmt: skip
    assert execution.status is Status.RUNNING
    assert by_name(execution)["RunValidator"].left is None


def test_a_state_that_ran_ecs_tasks_names_them() -> None:
    states = by_name(execution_of(BOTH_RUN))
    assert states["RunValidator"].tasks == ["validator-task"]
    assert states["RunTransformer"].tasks == ["transformer-task"]
    assert states["CreateCluster"].tasks == []


def test_a_rejection_is_caught_and_what_ran_beside_it_is_aborted() -> None:
    execution = execution_of(REJECTED)
    found = statuses(execution)
    assert {name: status for name, status in found.items() if status != "succeeded"} == {
        "ProcessTasksInParallel": "caught",
        "ValidateFile": "failed",
        "RunValidator": "caught",
        "ValidatorRejectedFile": "failed",
        "TransformFile": "aborted",
        "RunTransformer": "aborted",
        "WorkflowFailed": "failed",
    }
    assert by_name(execution)["RunValidator"].error == "States.TaskFailed"
    assert (execution.status, execution.error) == (Status.FAILED, "ValidationError")


def test_a_state_of_a_map_knows_its_iteration() -> None:
    outcome = outcome_of("map", {"items": ["a", "b", "c"], "name": "n"})
    execution = execution_of(outcome.events)
    around = next(state for state in execution.line.states if state.kind == "Map")
    assert [line.index for line in around.lines] == [0, 1, 2]
    assert all(line.states and line.within is around for line in around.lines)
    assert execution.status is Status.SUCCEEDED


def test_a_task_that_is_tried_again_counts_its_attempts_and_forgets_its_error() -> None:
    outcome = outcome_of("retry_count", {}, throws("Call", "A"), throws("Call", "B"), returns("Call", {}))
    call = by_name(execution_of(outcome.events))["Call"]
    assert (call.attempts, call.status, call.error) == (3, Status.SUCCEEDED, "")


def test_a_task_that_waits_for_its_next_attempt_has_failed() -> None:
    until_first = [event for event in REJECTED if event["id"] <= 138]
    delete = by_name(execution_of(until_first))["DeleteCluster"]
    assert (delete.status, delete.error) == (Status.FAILED, "Ecs.ClusterContainsTasksException")


def test_a_parallel_that_is_tried_again_shows_its_new_attempt_only() -> None:
    left = [returns("Left", 1), returns("Left", 2)]
    outcome = outcome_of("parallel_retry", {}, *left, throws("Right", "Flaky"), returns("Right", 3))
    execution = execution_of(outcome.events)
    both = by_name(execution)["Both"]
    assert both.attempts == 2
    assert [[state.name for state in line.states] for line in both.lines] == [["Left"], ["Right"]]
    assert set(statuses(execution).values()) == {"succeeded"}


def test_before_it_is_tried_again_what_a_parallel_stopped_is_aborted() -> None:
    stopped = after(BOTH_RUN, "TaskFailed", by_submission("validator-task"), error="Flaky")
    execution = execution_of(after(stopped, "TaskStateAborted"))
    found = statuses(execution)
    assert (found["RunValidator"], found["ValidateFile"]) == ("failed", "running")
    execution = execution_of(after(after(stopped, "ParallelStateFailed"), "TaskStateAborted"))
    assert statuses(execution)["RunTransformer"] == "aborted"
    assert statuses(execution)["ProcessTasksInParallel"] == "running"


def test_a_caught_error_is_named() -> None:
    outcome = outcome_of("catch_all", {"kept": 1}, throws("Call", "S3.S3Exception", "no"))
    call = by_name(execution_of(outcome.events))["Call"]
    assert (call.status, call.error) == (Status.CAUGHT, "S3.S3Exception")


def test_a_failure_that_has_no_event_of_its_own_is_the_state_s_that_the_end_follows() -> None:
    outcome = outcome_of("catch_all", {}, returns("Call", {}))
    assert outcome.error == "States.Runtime"
    execution = execution_of(outcome.events)
    last = list(states_of(execution.line))[-1]
    assert last.status is Status.FAILED
    assert (execution.status, execution.error) == (Status.FAILED, "States.Runtime")


def by_submission(task: str) -> int:
    """Return the id of the event that says that a task was submitted."""
    submissions = [event for event in BOTH_RUN if event["type"] == "TaskSubmitted"]
    number: int = next(one["id"] for one in submissions if task in one["taskSubmittedEventDetails"]["output"])
    return number


def test_a_task_out_of_time_has_failed_and_is_the_one_that_the_event_follows() -> None:
    events = after(BOTH_RUN, "TaskTimedOut", by_submission("validator-task"), error="States.Timeout")
    found = by_name(execution_of(events))
    assert (found["RunValidator"].status, found["RunValidator"].error) == (Status.FAILED, "States.Timeout")
    assert found["RunTransformer"].status is Status.RUNNING


def test_a_parallel_fails_with_the_state_that_its_failure_follows_and_ends_what_runs_in_it() -> None:
    inner = after(BOTH_RUN, "ParallelStateFailed", by_submission("validator-task"))
    found = statuses(execution_of(inner))
    assert (found["ValidateFile"], found["RunValidator"]) == ("failed", "failed")
    assert (found["ProcessTasksInParallel"], found["RunTransformer"]) == ("running", "running")
    found = statuses(execution_of(after(inner, "ParallelStateFailed")))
    assert (found["ProcessTasksInParallel"], found["RunTransformer"]) == ("failed", "aborted")


@pytest.mark.parametrize(
    ("kind", "status"), [("ExecutionAborted", Status.ABORTED), ("ExecutionTimedOut", Status.TIMED_OUT)]
)
def test_the_end_of_an_execution_aborts_what_still_ran(kind: str, status: Status) -> None:
    execution = execution_of(after(BOTH_RUN, kind))
    assert execution.status is status
    found = statuses(execution)
    assert {found["ProcessTasksInParallel"], found["RunValidator"], found["RunTransformer"]} == {"aborted"}
    assert found["CreateCluster"] == "succeeded"


def test_times_are_the_history_s_own() -> None:
    execution = execution_of(REJECTED)
    first, last = REJECTED[0]["timestamp"], REJECTED[-1]["timestamp"]
    assert execution.began == first
    assert execution.seconds == pytest.approx((last - first).total_seconds())
    validator = by_name(execution)["RunValidator"]
    assert validator.left is not None
    assert validator.left - validator.entered > 20
