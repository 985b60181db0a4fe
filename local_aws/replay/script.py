"""Effects that reach nowhere: time is virtual, ids are counted, and tasks answer what they are said to."""

from __future__ import annotations

import asyncio
import collections
import itertools
import random
from datetime import UTC, datetime
from typing import Any

from local_aws.replay.objects import Objects
from local_aws.states.distributed.map_run import MapRun
from local_aws.states.effects import TaskCall
from local_aws.states.errors import TIMEOUT, StateError, no_such_activity
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource
from local_aws.virtual_clock import VirtualClock

START = datetime(2024, 1, 1, tzinfo=UTC)
_FOR_EVER = 99_999_999  # seconds, the longest time that a state may be given


class Script:
    """Carries out an execution's effects, on the loop of its `clock`.

    `results` has an entry for each attempt of a task, in the order in which a state's attempts are made:
    `state`, `iteration` (the indexes of the Maps around it, outermost first; without it the entry serves
    whichever iteration comes first), `submitted` (a job's first answer), and `returns`, or `throws` with
    `error` and `cause`, or `timed_out` when no answer came. `input` is what the task is called with: a task
    token is taken from it, so that it is the one that the results speak of.

    `objects` stand in S3 for Maps to read (`bucket`, `key`, `body`).
    """

    def __init__(
        self, results: list[dict[str, Any]], objects: list[dict[str, Any]] | None = None
    ) -> None:
        self.clock = VirtualClock(START, alone=True)
        self.random = random.Random(0)  # noqa: S311 - no secret
        self._ids = itertools.count(1)
        self._objects = Objects(objects or [])
        self._results: dict[Any, collections.deque[dict[str, Any]]] = collections.defaultdict(
            collections.deque
        )
        for result in results:
            self._results[result["state"], tuple(result.get("iteration") or ())].append(result)

    def now(self) -> datetime:
        """Return the virtual time; it begins at `START`."""
        return self.clock.now()

    def new_id(self) -> str:
        """Return the next UUID."""
        return f"00000000-0000-4000-8000-{next(self._ids):012}"

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        await self.clock.sleep(seconds)

    def begin(self, resource: Resource, state: str, iteration: tuple[int, ...]) -> str:
        """Return the token that the attempt's result has in its `input`, or a new one.

        Raises States.Runtime for an activity without a result: no other activities are there.
        """
        queue = self._queue(state, iteration)
        if resource.kind == "Activity" and not queue:
            raise no_such_activity(resource.text)
        return (_token_in(queue[0].get("input")) if queue else None) or self.new_id()

    def begin_map_run(self, run: MapRun) -> None:
        """Let every Map Run begin."""

    async def call(self, task: TaskCall) -> Json:
        """Answer a task with its next result; raises StateError, or LookupError when none is left."""
        await asyncio.sleep(0)
        task.started(None)
        if self._objects.has_answer(task):
            return self._objects.answer(task)
        queue = self._queue(task.state, task.iteration)
        if not queue:
            raise LookupError(f"no recorded result of {task.state} is left")
        result = queue.popleft()
        if "submitted" in result:
            task.submitted(result["submitted"])
        if result.get("timed_out"):
            await self.sleep(_FOR_EVER)  # until the state's own time limit
            raise StateError(TIMEOUT, "")
        if "throws" in result:
            raise StateError(result["throws"].get("error"), result["throws"].get("cause"))
        return result["returns"]

    def _queue(self, state: str, iteration: tuple[int, ...]) -> collections.deque[dict[str, Any]]:
        return self._results[state, iteration] or self._results[state, ()]


def _token_in(value: Json) -> str | None:
    """Return the text that stands under a key which ends in `token`, wherever in the value."""
    members = list(value.items()) if isinstance(value, dict) else []
    members += [("", item) for item in value] if isinstance(value, list) else []
    for key, member in members:
        found = member if key.lower().endswith("token") and isinstance(member, str) else _token_in(member)
        if found is not None:
            return found
    return None
