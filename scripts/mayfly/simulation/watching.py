"""Executions as one who uploads files sees them: found by key, waited for, and their history read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeVar

from mayfly.stage import Stage

PAGE = 100
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """Seconds: how long to wait for an execution's start, its end and what follows it, and between two looks.

    `repeat` is how long an upload that started nothing is waited for before it is made again.
    """

    start: float
    end: float
    settle: float
    poll: float
    repeat: float


LOCAL_PACE = Pace(start=30, end=300, settle=2, poll=0.2, repeat=5)
# A bucket's events take about five minutes to begin after they were switched on.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
AWS_PACE = Pace(start=600, end=1200, settle=120, poll=3, repeat=15)


def until(look: Callable[[], T], seconds: float, poll: float) -> T:
    """Look again and again until what is seen is true, or time is up; return what was seen last."""
    deadline = time.monotonic() + seconds
    pause = Event()
    while not (seen := look()) and time.monotonic() < deadline:
        pause.wait(poll)
    return seen


class Executions:
    """The executions of one machine that have begun since this was made."""

    def __init__(self, stage: Stage, machine: str) -> None:
        self._states: Any = stage.client("stepfunctions")
        self._machine = machine
        # Newest first, so that everything new stands before these.
        # https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        listed = self._states.list_executions(stateMachineArn=machine, maxResults=PAGE)["executions"]
        self._older = {item["executionArn"] for item in listed}
        self._descriptions: dict[str, dict[str, Any]] = {}

    def about(self, prefix: str) -> list[dict[str, Any]]:
        """Return the descriptions of those whose key begins so, oldest first."""
        for arn in self._new():
            known = self._descriptions.get(arn)
            if known is None or (known["status"] == "RUNNING" and _key(known).startswith(prefix)):
                self._descriptions[arn] = self._states.describe_execution(executionArn=arn)
        found = [item for item in self._descriptions.values() if _key(item).startswith(prefix)]
        return sorted(found, key=lambda item: str(item["startDate"]))

    def history(self, arn: str) -> list[dict[str, Any]]:
        """Return an execution's events."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def stop(self, arn: str, cause: str) -> None:
        """End an execution as it stands: nothing in it catches that."""
        self._states.stop_execution(executionArn=arn, error="Stopped", cause=cause)

    def _new(self) -> list[str]:
        found: list[str] = []
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._machine, PaginationConfig={"PageSize": PAGE}
        )
        for page in pages:
            new = [item["executionArn"] for item in page["executions"]]
            found += [arn for arn in new if arn not in self._older]
            if self._older.intersection(new):
                break
        return found


def input_of(execution: dict[str, Any]) -> dict[str, Any]:
    """Return what an execution was started with; nothing when that was no object."""
    document = json.loads(execution.get("input", "{}"))
    return document if isinstance(document, dict) else {}


def _key(execution: dict[str, Any]) -> str:
    return str(input_of(execution).get("key", ""))


def states_entered(history: list[dict[str, Any]]) -> list[str]:
    """Return the names of the states an execution has entered, in order."""
    return [
        event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
    ]


def failures_of(history: list[dict[str, Any]], state: str) -> list[tuple[str, str]]:
    """Return error and cause of each time that a Task has failed."""
    return [
        (details.get("error", ""), details.get("cause", ""))
        for event, name in _with_states(history)
        if name == state and (details := event.get("taskFailedEventDetails"))
    ]


def fate_of(history: list[dict[str, Any]], state: str) -> str:
    """Return how a Task of an ended execution did: succeeded, failed, timed out, not entered, or stopped.

    Stopped is one without an end of its own: the event TaskStateAborted does not say which state it is about.
    """
    fate = "not entered"
    for event, name in _with_states(history):
        if name == state:
            entered = "stateEnteredEventDetails" in event
            fate = _FATES.get(event["type"], "stopped" if entered else fate)
    return fate


def _with_states(history: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each event with the state in which it happened: the one that its predecessors entered last."""
    belongs: dict[int, str] = {}
    for event in history:
        entered = event.get("stateEnteredEventDetails", {}).get("name")
        belongs[event["id"]] = entered or belongs.get(event.get("previousEventId", 0), "")
        yield event, belongs[event["id"]]


_FATES = {
    "TaskSucceeded": "succeeded",
    "TaskFailed": "failed",
    "TaskSubmitFailed": "failed",
    "TaskStartFailed": "failed",
    "TaskTimedOut": "timed out",
}
