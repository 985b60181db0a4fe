"""Reading an execution's history, and waiting for what is not there yet."""

from __future__ import annotations

from typing import Any

import pytest

from mayfly.simulation.watching import failures_of, fate_of, states_entered, until


def entered(number: int, state: str, previous: int = 0) -> dict[str, Any]:
    details = {"name": state}
    return {
        "id": number,
        "type": "TaskStateEntered",
        "previousEventId": previous,
        "stateEnteredEventDetails": details,
    }


def event(number: int, kind: str, previous: int, **details: str) -> dict[str, Any]:
    return {
        "id": number,
        "type": kind,
        "previousEventId": previous,
        f"{kind[0].lower()}{kind[1:]}EventDetails": details,
    }


#: Two branches whose events mix, as those of a Parallel do.
HISTORY = [
    entered(1, "Left"),
    entered(2, "Right"),
    event(3, "TaskScheduled", 1),
    event(4, "TaskScheduled", 2),
    event(5, "TaskFailed", 3, error="First", cause="because"),
    entered(6, "Left", 5),
    event(7, "TaskScheduled", 6),
    event(8, "TaskSucceeded", 7),
    event(9, "TaskStateExited", 8),
]


@pytest.mark.parametrize(
    ("state", "events", "fate"),
    [
        ("Left", HISTORY, "succeeded"),
        ("Left", HISTORY[:5], "failed"),
        ("Left", [*HISTORY[:4], event(5, "TaskTimedOut", 3)], "timed out"),
        ("Right", HISTORY, "stopped"),
        ("Nowhere", HISTORY, "not entered"),
    ],
)
def test_the_fate_of_a_task_is_that_of_its_last_attempt(
    state: str, events: list[dict[str, Any]], fate: str
) -> None:
    assert fate_of(events, state) == fate


def test_failures_are_told_of_the_state_they_happened_in() -> None:
    assert failures_of(HISTORY, "Left") == [("First", "because")]
    assert failures_of(HISTORY, "Right") == []
    assert states_entered(HISTORY) == ["Left", "Right", "Left"]


def test_what_is_there_is_not_waited_for() -> None:
    looks = iter([0, 0, 3, 4])

    assert until(lambda: next(looks), 60, 0) == 3


def test_what_never_comes_is_given_up() -> None:
    assert until(list, 0, 0) == []
