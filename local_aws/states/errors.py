"""The errors of an execution, and what the names in Retry and Catch match.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterable

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
PERMISSIONS = "States.Permissions"
RUNTIME = "States.Runtime"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
NO_CHOICE_MATCHED = "States.NoChoiceMatched"
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"


class StateError(Exception):
    """An error of a state: name and cause (a Fail may lack either); `fatal` when nothing can catch it."""

    def __init__(self, error: str | None, cause: str | None = None, *, fatal: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.fatal = fatal or error == RUNTIME


class MissedHeartbeatError(StateError):
    """No heartbeat came in time: AWS records States.Timeout, and lets Retry and Catch tell the two apart."""

    def __init__(self) -> None:
        super().__init__(TIMEOUT, "")


class EvaluationError(StateError):
    """An error of the state's own making, not of what it called: its cause says in which state it arose.

    `location` is the field at fault, where AWS tells it.
    """

    def __init__(self, error: str, cause: str, location: str | None = None) -> None:
        super().__init__(error, cause)
        self.location = location


def query_error(cause: str, location: str | None = None) -> EvaluationError:
    """Return States.QueryEvaluationError: JSONata failed, or gave nothing, or what its field cannot take."""
    return EvaluationError(QUERY_EVALUATION_ERROR, cause, location)


def runtime_error(cause: str) -> EvaluationError:
    """Return States.Runtime, which no Retry and no Catch ever matches."""
    return EvaluationError(RUNTIME, cause)


def no_such_activity(arn: str) -> EvaluationError:
    """Return the States.Runtime of a Task whose activity is not there."""
    return runtime_error(f"The activity {arn} does not exist.")


def matches(error_equals: Iterable[str], failure: StateError) -> bool:
    """Tell whether a retrier's or catcher's ErrorEquals matches.

    States.TaskFailed matches every name but States.Timeout; States.ALL matches every name; neither they nor
    the exact name match States.Runtime. A task's result that is too large was caught by States.ALL on AWS,
    although the documentation says otherwise; a state's own input or output that is too large ends the
    execution (`fatal`).
    """
    if failure.fatal:
        return False
    names = {ALL, failure.error}
    if isinstance(failure, MissedHeartbeatError):
        names.add(HEARTBEAT_TIMEOUT)
    return any(name in names or (name == TASK_FAILED and failure.error != TIMEOUT) for name in error_equals)
