"""Tells an execution as it happens: states entered, retried, caught and left, and the tasks' log lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FAILED = (
    "TaskFailed",
    "TaskTimedOut",
    "TaskSubmitFailed",
    "TaskStartFailed",
    "ParallelStateFailed",
    "MapStateFailed",
)
ENDED = ("ParallelStateSucceeded", "ParallelStateFailed", "MapStateSucceeded", "MapStateFailed")
TRIED_AGAIN = ("TaskScheduled", "ParallelStateStarted", "MapStateStarted")


@dataclass
class Narrator:
    """Follows one execution by GetExecutionHistory and its tasks' logs; every line is told once."""

    label: str
    arn: str
    log_group: str
    states: Any  # boto3 clients
    logs: Any
    _seen: int = 0
    _names: dict[int, str] = field(default_factory=dict)  # event id -> the state it belongs to
    _failed: dict[int, str] = field(default_factory=dict)  # event id -> the error it names
    _came_from: dict[int, tuple[str, int]] = field(default_factory=dict)  # event id -> type, previous
    _told: set[str] = field(default_factory=set)  # log event ids
    _started: datetime | None = None

    def news(self) -> Iterator[str]:
        """Yield a line for everything that happened since the last call."""
        yield from self._state_news()
        yield from self._log_news()

    def _state_news(self) -> Iterator[str]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        for event in (event for page in pages for event in page["events"]):
            if event["id"] <= self._seen:
                continue
            self._seen = event["id"]
            self._started = self._started or event["timestamp"]
            if text := self._tell(event):
                yield f"{self.label}{(event['timestamp'] - self._started).total_seconds():7.1f} s  {text}"

    def _tell(self, event: dict[str, Any]) -> str | None:
        kind, previous = event["type"], event.get("previousEventId", 0)
        self._came_from[event["id"]] = (kind, previous)
        entered, left = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
        details = entered or left
        name = details["name"] if details else self._names.get(previous, "")
        if kind in ("ParallelStateFailed", "MapStateFailed"):
            name = self._names.get(self._begin_of(previous), "")
        self._names[event["id"]] = name
        failure = self._failed.get(previous)
        if kind in FAILED:
            facts: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
            self._failed[event["id"]] = f" {facts['error']}" if facts.get("error") else ""
            return f"x {name} failed{self._failed[event['id']]}"
        if failure is not None and kind in TRIED_AGAIN:
            return f"~ {name} retried"
        if left:
            return f"< {name}" + (f" caught{failure}" if failure is not None else "")
        if entered:
            return f"> {name}"
        if kind.startswith("Execution") and kind != "ExecutionStarted":
            return f"= {kind.removeprefix('Execution').lower()}"
        return None

    def _begin_of(self, event_id: int) -> int:
        """Return the event with which the Parallel or Map that an event stands in has begun."""
        depth = 0
        while event_id:
            kind, previous = self._came_from[event_id]
            if kind in (
                "ParallelStateSucceeded",
                "ParallelStateFailed",
                "MapStateSucceeded",
                "MapStateFailed",
            ):
                depth += 1  # one inside, or an earlier attempt: its beginning is passed over
            elif kind in ("ParallelStateStarted", "MapStateStarted"):
                if not depth:
                    return event_id
                depth -= 1
            event_id = previous
        return 0

    def _log_news(self) -> Iterator[str]:
        execution = self.arn.rpartition(":")[2]
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.log_group)
        for event in (event for page in pages for event in page["events"]):
            container, _, rest = event["logStreamName"].partition("/")
            if event["eventId"] not in self._told and rest.startswith(f"{execution}/"):
                self._told.add(event["eventId"])
                yield f"{self.label}            {container}: {plain(event['message'])}"


def plain(line: str) -> str:
    """Return a task's log line as text, `INFO message field=value ...`; what is no JSON object as it is."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return line
    if not isinstance(entry, dict):
        return line
    fields = {k: v for k, v in entry.items() if k not in {"time", "level", "message", "execution_id"}}
    return " ".join(
        [
            entry.get("level", ""),
            entry.get("message", ""),
            *(f"{key}={value}" for key, value in fields.items()),
        ]
    ).strip()
