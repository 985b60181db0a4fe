"""The history of an execution: AWS's event types and details, ids, and for each event the one it followed.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime

from local_aws.states.errors import StateError, runtime_error
from local_aws.states.jsontext import Json, dumps

MAX_EVENTS = 25_000  # service-quotas.html, "Maximum execution history size"
UNTRUNCATED = {"truncated": False}
_ENDINGS = ("Aborted", "Failed", "TimedOut")  # what has failed is still told
_WITHOUT_DETAILS = frozenset(
    {
        "ParallelStateStarted",
        "ParallelStateSucceeded",
        "ParallelStateFailed",
        "MapStateSucceeded",
        "MapStateFailed",
    }
    | {"LambdaFunctionStarted"}
    | {kind + "StateAborted" for kind in ("Task", "Wait", "Parallel", "Map", "Pass", "Choice")}
)


class Thread:
    """One line of events: the execution itself, a branch, or an iteration. `last` is the event to follow."""

    __slots__ = ("children", "last", "open")

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self.open = ""  # the type of the state that was entered and not yet left
        self.children: list[tuple[Thread, dict[str, Json] | None]] = []  # what runs below, and its iteration


class History:
    """Records events."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.events: list[dict[str, Json]] = []
        self._now = now
        self._written: tuple[Json, str] = (None, "null")

    def add(self, thread: Thread, kind: str, details: dict[str, Json] | None = None) -> int:
        """Record an event of `kind` in a line of events; returns its id."""
        return self.add_after(thread, thread.last, kind, details)

    def add_after(
        self, thread: Thread, previous: int, kind: str, details: dict[str, Json] | None = None
    ) -> int:
        """Record an event that follows event `previous`, and let the line go on from it.

        Raises States.Runtime when only the execution's own end still fits into the history.
        """
        number = len(self.events) + 1
        if number >= MAX_EVENTS and not kind.startswith("Execution") and not kind.endswith(_ENDINGS):
            raise runtime_error(f"The execution reached the maximum number of history events ({MAX_EVENTS}).")
        event: dict[str, Json] = {
            "timestamp": self._now(),
            "type": kind,
            "id": number,
            "previousEventId": previous,
        }
        if details is not None and kind not in _WITHOUT_DETAILS:
            event[_details_key(kind)] = details
        self.events.append(event)
        thread.last = number if len(self.events) > 1 else 0  # on AWS the first state follows event 0
        return number

    def written(self, value: Json) -> str:
        """Return JSON text; one state's output is the next one's input, so the last text is remembered."""
        if self._written[0] is not value or not isinstance(value, dict | list):
            self._written = (value, dumps(value))
        return self._written[1]

    def abort(self, thread: Thread, after: int, failed: Thread | None = None) -> None:
        """Record that what still runs in a line of events was stopped; all of it follows event `after`.

        Of the line that failed, and so stopped the others, the state is aborted but not the iteration.
        """
        for child, iteration in thread.children:
            if iteration is not None and child.open and child is not failed:
                self.add_after(Thread(), after, "MapIterationAborted", iteration)
            self.abort(child, after)
        thread.children = []
        if thread.open in ("Task", "Wait", "Parallel", "Map"):
            self.add_after(Thread(), after, f"{thread.open}StateAborted")
        elif thread.open == "MapRun":
            self.add_after(Thread(), after, "MapRunAborted")
        thread.open = ""


def failure_details(failure: StateError) -> dict[str, Json]:
    """Return an error's name and cause, without what it lacks; a timeout has an empty cause, not shown."""
    both = {"error": failure.error, "cause": failure.cause}
    return {key: value for key, value in both.items() if value}


@functools.cache
def _details_key(kind: str) -> str:
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return kind[0].lower() + kind[1:] + "EventDetails"


def without_data(event: Json) -> Json:
    """Return an event without payloads."""
    data = {"input", "output", "parameters", "cause", "error", "inputDetails", "outputDetails"}
    return {
        key: {name: member for name, member in value.items() if name not in data}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }
