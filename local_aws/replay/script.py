"""Effects that reach nowhere: time is virtual, ids are counted, and tasks answer what they are said to."""

from __future__ import annotations

import asyncio
import collections
import itertools
import random
from datetime import UTC, datetime
from typing import Any

from local_aws.states.effects import TaskCall
from local_aws.states.errors import TIMEOUT, StateError
from local_aws.states.jsontext import Json
from local_aws.virtual_clock import VirtualClock

START = datetime(2024, 1, 1, tzinfo=UTC)
_FOR_EVER = 99_999_999  # seconds, the longest time that a state may be given


class Script:
    """Carries out an execution's effects, on the loop of its `clock`.

    `results` has an entry for each attempt of a task, in the order in which a state's attempts are made:
    `state`, `iteration` (the indexes of the Maps around it, outermost first; without it the entry serves
    whichever iteration comes first), `submitted` (a job's first answer), and `returns`, or `throws` with
    `error` and `cause`, or `timed_out` when no answer came.
    """

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.clock = VirtualClock(START, alone=True)
        self.random = random.Random(0)  # noqa: S311 - no secret
        self._ids = itertools.count(1)
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

    async def call(self, task: TaskCall) -> Json:
        """Answer a task with its next result; raises StateError, or LookupError when none is left."""
        await asyncio.sleep(0)
        queue = self._results[task.state, task.iteration] or self._results[task.state, ()]
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
