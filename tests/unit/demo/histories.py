"""A recorded history to build the model from, cut and changed as a test needs it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from mayfly.demo.execution import Event, Execution, Line, State

# What the main machine wrote about data/orders/invalid_order.csv, less payloads.
REJECTED: list[Event] = [
    {**event, "timestamp": datetime.fromisoformat(event["timestamp"])}
    for event in json.loads((Path(__file__).parent / "rejected.json").read_text(encoding="utf-8"))
]
BOTH_RUN = REJECTED[:50]  # until both tasks are submitted


def after(events: list[Event], kind: str, previous: int | None = None, **details: str) -> list[Event]:
    """Return the events and one more, which follows the last or the one named."""
    last = events[-1]
    key = kind[0].lower() + kind[1:] + "EventDetails"
    return [
        *events,
        {
            "timestamp": last["timestamp"],
            "type": kind,
            "id": last["id"] + 1,
            "previousEventId": previous or last["id"],
            key: details,
        },
    ]


def execution_of(events: Iterable[Event]) -> Execution:
    execution = Execution()
    for event in events:
        execution.apply(event)
    return execution


def states_of(line: Line) -> Iterator[State]:
    for state in line.states:
        yield state
        for below in state.lines:
            yield from states_of(below)


def by_name(execution: Execution) -> dict[str, State]:
    return {state.name: state for state in states_of(execution.line)}


def statuses(execution: Execution) -> dict[str, str]:
    return {state.name: state.status.value for state in states_of(execution.line)}
