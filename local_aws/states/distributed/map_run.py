"""A Map Run, and the child workflow executions that it consists of.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from local_aws.states.errors import StateError
from local_aws.states.history import UNTRUNCATED, History, Thread, failure_details
from local_aws.states.jsontext import Json, loads, timestamp

PENDING: Final = "PENDING"
RUNNING: Final = "RUNNING"
SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"
TIMED_OUT: Final = "TIMED_OUT"
ABORTED: Final = "ABORTED"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many items may fail, and how many of a hundred; what is None was not given and sets no limit."""

    count: int | None
    percentage: float | None

    def exceeded(self, failed: int, items: int) -> bool:
        """Tell whether too many items have failed or timed out; where no limit was given, one is too many.

        https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html
        """
        if self.percentage is not None and failed * 100 > self.percentage * items:
            return True
        count = 0 if self.count is None and self.percentage is None else self.count
        return count is not None and failed > count


class MapRun:
    """One run of a distributed Map."""

    def __init__(self, arn: str, context: Json, definition: str, at_once: int, tolerance: Tolerance) -> None:
        self.arn = arn
        self.execution_arn: str = context["Execution"]["Id"]
        self.role_arn: str = context["Execution"]["RoleArn"]
        self.machine_name: str = context["StateMachine"]["Name"]
        self.definition = definition
        self.max_concurrency = at_once
        self.tolerance = tolerance
        self.status = RUNNING
        self.started: datetime | None = None
        self.stopped: datetime | None = None
        self.written = False  # its results are
        self.children: list[Child] = []

    @property
    def id(self) -> str:
        """Return the last part of the ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def label(self) -> str:
        """Return the Map's label."""
        return self.arn.rpartition("/")[2].partition(":")[0]

    @property
    def machine_arn(self) -> str:
        """Return the ARN that the child workflow executions name as their state machine."""
        return self.arn.rpartition(":")[0].replace(":mapRun:", ":stateMachine:")

    @property
    def too_many_failed(self) -> bool:
        """Tell whether more has failed than is tolerated."""
        failed = sum(child.items for child in self.children if child.status in (FAILED, TIMED_OUT))
        return self.tolerance.exceeded(failed, sum(child.items for child in self.children))

    def end(self, status: str, now: datetime) -> None:
        """Come to an end."""
        self.status, self.stopped = status, now

    def count(self, status: str, *, by_item: bool) -> int:
        """Return how many child workflow executions, or how many items in them, have a status."""
        return sum(child.items if by_item else 1 for child in self.children if child.status == status)


class Child:
    """A child workflow execution, from the moment that it is known what it will work on."""

    def __init__(self, run: MapRun, name: str, given: str, items: int, now: Callable[[], datetime]) -> None:
        self.run = run
        self.name = name
        self.input = given
        self.items = items
        self.status = PENDING
        self.started: datetime | None = None
        self.stopped: datetime | None = None
        self.output: str | None = None
        self.failure: StateError | None = None
        self.history = History(now)
        self.thread = Thread()
        self.stopping: Callable[[StateError], Awaitable[None]] | None = None  # while it runs
        self._now = now

    @property
    def arn(self) -> str:
        """Return the ARN of the execution."""
        return f"{self.run.machine_arn.replace(':stateMachine:', ':execution:')}:{self.name}"

    async def stop(self, reason: StateError) -> None:
        """Stop it, if it runs, and return when it has ended."""
        if self.stopping is not None:
            await self.stopping(reason)

    def begin(self) -> Json:
        """Begin, and return what `$$` is to show of this execution and its machine."""
        self.status, self.started = RUNNING, self._now()
        details = {"input": self.input, "inputDetails": UNTRUNCATED, "roleArn": self.run.role_arn}
        self.history.add(self.thread, "ExecutionStarted", details)
        return {
            "Execution": {
                "Id": self.arn,
                "Input": loads(self.input),
                "StartTime": timestamp(self.started),
                "Name": self.name,
                "RoleArn": self.run.role_arn,
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": self.run.machine_arn, "Name": self.run.machine_name},
        }

    def succeed(self, output: str) -> None:
        """End with an output."""
        self._end(SUCCEEDED)
        self.output = output
        self.history.add(self.thread, "ExecutionSucceeded", {"output": output, "outputDetails": UNTRUNCATED})

    def fail(self, failure: StateError) -> None:
        """End with an error of its own."""
        self._end(FAILED)
        self.failure = failure
        self.history.add(self.thread, "ExecutionFailed", failure_details(failure))

    def cut_short(self, status: str, reason: StateError) -> None:
        """End from outside; as recorded, no event tells what was going on, and the end follows none."""
        self._end(status)
        self.failure = reason
        kind = "ExecutionTimedOut" if status == TIMED_OUT else "ExecutionAborted"
        self.history.add_after(self.thread, 0, kind, failure_details(reason))

    def abort(self) -> None:
        """End with the Map Run."""
        cause = f"The map run execution [{self.run.arn}] which was managing this resource was aborted"
        self.cut_short(ABORTED, StateError(None, cause))

    def _end(self, status: str) -> None:
        self.status, self.stopped = status, self._now()
