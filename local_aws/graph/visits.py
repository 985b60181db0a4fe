"""What an execution did, state by state, from its history.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Event = dict[str, Any]
_ATTEMPTS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "StateStarted")
_FAILURES = ("Failed", "TimedOut")
_OF_OTHERS = ("MapIterationFailed", "ExecutionTimedOut")  # a failure, but not of the state before it


class Outcome(StrEnum):
    """How the last visit to a state ended."""

    SUCCEEDED = "succeeded"
    CAUGHT = "caught"
    FAILED = "failed"
    ABORTED = "aborted"
    RUNNING = "running"


@dataclass(slots=True)
class Visit:
    """What became of a state: how often it was entered and tried again, and for how long in all (seconds)."""

    outcome: Outcome
    times: int = 0
    retries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as a picture shows it.

    `visits` has each state that was entered; `steps` are the ways that were taken: from, to, by a Catch.
    """

    status: str
    seconds: float
    error: str = ""
    visits: dict[str, Visit] = field(default_factory=dict)
    steps: frozenset[tuple[str, str, bool]] = frozenset()


def execution_of(events: Iterable[Event]) -> Execution:
    """Return what a history tells; raises ValueError when it is none.

    Events are, oldest first, as GetExecutionHistory gives them or as `python -m local_aws run` prints them.
    """
    history = [_flat(event) for event in events]
    if not history or not all({"id", "type", "timestamp"} <= event.keys() for event in history):
        raise ValueError("it has no events with an id, a type and a timestamp")
    entries = _Entries(history)
    last = history[-1]
    ended = last["type"].removeprefix("Execution")
    status = {"Succeeded": "SUCCEEDED", "Failed": "FAILED", "TimedOut": "TIMED_OUT", "Aborted": "ABORTED"}
    return Execution(
        status.get(ended, "RUNNING"),
        _seconds(history[0], last),
        str(last.get("error", "")) if ended in status else "",
        entries.visits(over=ended in status, until=last),
        frozenset(entries.steps),
    )


def _flat(event: Event) -> Event:
    """Return an event whose details stand beside its id and type."""
    details: Event = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return {"previous": event.get("previousEventId", 0), **details, **event}


@dataclass(slots=True)
class _Entry:
    """One time that a state was entered."""

    name: str
    kind: str
    entered: Event
    parent: _Entry | None
    exited: Event | None = None
    attempts: int = 0
    failures: list[Event] = field(default_factory=list)
    has_failed: bool = False  # its latest attempt

    def outcome(self, *, over: bool) -> Outcome:
        """Return how it ended; `over` when the execution has, or what is around the state."""
        if self.exited is not None:
            return Outcome.CAUGHT if self.has_failed else Outcome.SUCCEEDED
        over = over or (self.parent is not None and self.parent.exited is not None)
        if not over:
            return Outcome.RUNNING
        return Outcome.FAILED if self.kind == "Fail" or self.has_failed else Outcome.ABORTED

    def end(self, last: Event) -> Event:
        """Return the event that ended it: its own, or the failure of what is around it; else the `last`."""
        if self.exited is not None:
            return self.exited
        if self.kind == "Fail":
            return self.entered
        around: _Entry | None = self
        while around is not None:
            for failure in around.failures[-1:] if around is self else around.failures:
                if failure["id"] > self.entered["id"]:
                    return failure
            around = around.parent
        return last


class _Entries:
    """Each event belongs to the state that the events before it, one after the other, lead to."""

    def __init__(self, history: list[Event]) -> None:
        self._entries: list[_Entry] = []
        self._owner: dict[int, _Entry] = {}
        self.steps: set[tuple[str, str, bool]] = set()
        for event in history:
            self._take(event)

    def _take(self, event: Event) -> None:
        kind, before = event["type"], event["previous"]
        owner = self._owner.get(before)
        if kind.endswith("StateEntered"):
            owner = self._enter(event, owner)
        elif owner is None:
            return
        elif kind.endswith("StateExited"):
            owner = _around(owner, lambda entry: entry.name == event["name"])
            owner.exited = event
        else:
            owner = self._count(owner, event)
        self._owner[event["id"]] = owner

    def _count(self, before: _Entry, event: Event) -> _Entry:
        """Count an attempt or a failure; return whose it is."""
        kind, is_failure = event["type"], event["type"].endswith(_FAILURES)
        owner = _around(
            before,
            lambda entry: kind.startswith(f"{entry.kind}State") and not (is_failure and entry.has_failed),
        )
        if kind.endswith(_ATTEMPTS):
            owner.attempts += 1
            owner.has_failed = False
        elif is_failure and kind not in _OF_OTHERS:
            ended = [owner]
            while kind == "ExecutionFailed" and ended[-1].parent is not None:
                ended.append(ended[-1].parent)
            for entry in ended:
                entry.failures.append(event)
                entry.has_failed = True
        return owner

    def _enter(self, event: Event, before: _Entry | None) -> _Entry:
        name = event["name"]
        parent = before
        if before is not None and before.exited is not None:
            if before.exited["id"] == event["previous"]:
                caught = before.outcome(over=False) is Outcome.CAUGHT
                self.steps.add((before.name, name, caught))
            parent = before.parent
        entry = _Entry(name, event["type"].removesuffix("StateEntered"), event, parent)
        self._entries.append(entry)
        return entry

    def visits(self, *, over: bool, until: Event) -> dict[str, Visit]:
        """Return each state's visits together."""
        visits: dict[str, Visit] = {}
        for entry in self._entries:
            outcome = entry.outcome(over=over)
            visit = visits.setdefault(entry.name, Visit(outcome))
            if visit.outcome is not Outcome.FAILED:  # of iterations side by side, a failed one counts
                visit.outcome = outcome
            visit.times += 1
            visit.retries += max(entry.attempts - 1, 0)
            visit.seconds += _seconds(entry.entered, entry.end(until))
        return visits


def _around(entry: _Entry, wanted: Callable[[_Entry], bool]) -> _Entry:
    """Return the wanted state, this or one around it: a Parallel's or Map's event follows one within it."""
    found: _Entry | None = entry
    while found is not None and not wanted(found):
        found = found.parent
    return found or entry


def _seconds(first: Event, last: Event) -> float:
    """Return the time between two events."""
    return float((_moment(last["timestamp"]) - _moment(first["timestamp"])).total_seconds())


def _moment(told: datetime | str | float) -> datetime:
    """Return an event's time as boto3 has it; the AWS CLI prints text (version 2) or seconds (version 1)."""
    if isinstance(told, str):
        return datetime.fromisoformat(told)
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int | float) else told
