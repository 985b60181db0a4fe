"""An execution as its history tells it: which states it entered, how each ended, and what stands inside what.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Event = dict[str, Any]  # as boto3 returns it from GetExecutionHistory
ATTEMPTS = (
    "TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "ParallelStateStarted",
    "MapStateStarted",
)  # fmt: skip
SURROUNDING = ("ParallelStateStarted", "ParallelStateFailed", "MapStateStarted", "MapStateFailed")
FAILURES = ("Failed", "TimedOut")


class Status(StrEnum):
    """How a state or an execution is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CAUGHT = "caught"
    FAILED = "failed"
    TIMED_OUT = "timed out"  # an execution only: a state that timed out has failed with States.Timeout
    ABORTED = "aborted"


@dataclass(eq=False)
class Line:
    """States that follow one another: those of the execution itself, of a branch, or of a Map's iteration."""

    within: State | None = None
    index: int | None = None  # the iteration's
    states: list[State] = field(default_factory=list)


@dataclass(eq=False)
class State:
    """A state that was entered; times are seconds since the execution's start."""

    name: str
    kind: str
    line: Line
    entered: float
    status: Status = Status.RUNNING
    left: float | None = None
    error: str = ""
    attempts: int = 0
    tasks: list[str] = field(default_factory=list)  # the ids of the ECS tasks it has run, newest last
    lines: list[Line] = field(default_factory=list)

    def around(self) -> Iterator[State]:
        """Yield the state and what it stands in, from the inside out."""
        state: State | None = self
        while state:
            yield state
            state = state.line.within

    def fail(self, error: str, seconds: float) -> None:
        """Mark the state as failed, and what still runs inside as aborted."""
        self.status, self.error, self.left = Status.FAILED, error, seconds
        for line in self.lines:
            abort(line)


@dataclass(frozen=True)
class Change:
    """Something worth telling: `what` happened to the state `name`, or, without a name, to the execution."""

    seconds: float
    what: str
    name: str = ""
    error: str = ""


class Execution:
    """The model that every rendering shares; `apply` takes each event of the history once, in order."""

    def __init__(self) -> None:
        self.line = Line()
        self.status = Status.RUNNING
        self.error = ""
        self.began: datetime | None = None
        self.seconds = 0.0  # from the start to the newest event
        self.said: dict[str, str] = {}  # the last log line of each ECS task, by the task's id
        self._states: dict[int, State] = {}  # the state each event belongs to, by the event's id
        self._next: dict[int, Line] = {}  # where a state stands that is entered after an event

    def apply(self, event: Event) -> Change | None:
        """Take an event in; return what it means to somebody who watches, if anything."""
        kind: str = event["type"]
        self.began = self.began or event["timestamp"]
        self.seconds = (event["timestamp"] - self.began).total_seconds()
        if kind.startswith("Execution"):
            return self._execution(event)
        if kind.endswith("StateEntered"):
            return self._enter(event)
        state = self._states[event["id"]] = self._state_of(event)
        if kind.endswith("StateExited"):
            return self._leave(event, state)
        if kind.endswith("Aborted"):
            self._abort_beside(state)
        elif kind == "MapIterationStarted":
            line = Line(state, _facts(event).get("index"))
            state.lines.append(line)
            self._next[event["id"]] = line
        elif kind in ATTEMPTS:
            return self._attempt(state)
        elif kind == "TaskSubmitted":
            state.tasks += _ecs_tasks(_facts(event).get("output", ""))
        elif kind.endswith(FAILURES) and not kind.startswith(("MapIteration", "MapRun")):
            return self._fail(event, state)
        return None

    def _state_of(self, event: Event) -> State:
        """Return the state that an event is about: the one it names, or the one of the event it follows.

        A Parallel or Map fails or starts again after an event of a state inside it, and names none.
        """
        kind, before = event["type"], self._states[event["previousEventId"]]
        if name := _facts(event).get("name"):
            return next(state for state in before.around() if state.name == name)
        return (_open_around(before) if kind in SURROUNDING else None) or before

    def _enter(self, event: Event) -> Change:
        previous, kind = event.get("previousEventId", 0), event["type"].removesuffix("StateEntered")
        before = self._states.get(previous)
        line = self._next.get(previous) or self.line
        if before and previous not in self._next:  # after ParallelStateStarted: the first of a branch
            line = Line(before)
            before.lines.append(line)
        state = State(_facts(event)["name"], kind, line, self.seconds)
        line.states.append(state)
        if kind == "Fail":
            state.fail("", self.seconds)
        self._states[event["id"]] = state
        return Change(self.seconds, "entered", state.name)

    def _leave(self, event: Event, state: State) -> Change:
        caught = state.status is Status.FAILED
        state.status = Status.CAUGHT if caught else Status.SUCCEEDED
        state.left = self.seconds
        self._next[event["id"]] = state.line
        return Change(self.seconds, "caught" if caught else "left", state.name, state.error)

    def _attempt(self, state: State) -> Change | None:
        state.attempts += 1
        if state.attempts == 1:
            return None
        state.status, state.error, state.left = Status.RUNNING, "", None
        state.lines = []
        return Change(self.seconds, "retried", state.name)

    def _fail(self, event: Event, state: State) -> Change:
        self._blame(self._states[event["previousEventId"]], state)
        state.fail(_facts(event).get("error", ""), self.seconds)
        return Change(self.seconds, "failed", state.name, state.error)

    def _abort_beside(self, state: State) -> None:
        """Mark as aborted what a failure in one line has stopped; the events do not say what that was."""
        if around := _open_around(state):
            for line in around.lines:
                abort(line)

    def _blame(self, origin: State | None, outermost: State | None = None) -> None:
        """Mark as failed what is open around `origin`: not every failure has an event of its own."""
        for state in origin.around() if origin else ():
            if state is outermost:
                break
            if state.status is Status.RUNNING:
                state.fail("", self.seconds)

    def _execution(self, event: Event) -> Change | None:
        end = event["type"].removeprefix("Execution")
        if end == "Started":
            return None
        self.status = Status.TIMED_OUT if end == "TimedOut" else Status(end.lower())
        self.error = _facts(event).get("error", "")
        if self.status is Status.FAILED:
            self._blame(self._states.get(event["previousEventId"]))
        abort(self.line)
        return Change(self.seconds, self.status.value, error=self.error)


def _open_around(state: State) -> State | None:
    """Return the innermost Parallel or Map at or around a state that has not failed yet."""
    return next(
        (s for s in state.around() if s.kind in ("Parallel", "Map") and s.status is Status.RUNNING), None
    )


def abort(line: Line) -> None:
    """Mark what still runs in a line as aborted."""
    for state in line.states:
        if state.status is Status.RUNNING:
            state.status = Status.ABORTED
        for below in state.lines:
            abort(below)


def _facts(event: Event) -> dict[str, Any]:
    """Return an event's details, whose key's name has the event's type in it."""
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def _ecs_tasks(output: str) -> list[str]:
    """Return the ids of the tasks in what RunTask answered: the last part of their log streams' names."""
    try:
        return [task["TaskArn"].rpartition("/")[2] for task in json.loads(output)["Tasks"]]
    except (ValueError, KeyError, TypeError):  # another service's task
        return []
