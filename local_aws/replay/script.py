"""Effects that reach nowhere: time is virtual, chance has a seed, and tasks answer what they are told to."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime
from typing import Any

from local_aws.replay.objects import Objects
from local_aws.replay.results import Results
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
    `state` and `iteration` as `Results` has them, `submitted` (a job's first answer), and `returns`, or
    `throws` with `error` and `cause`, after as many `seconds` (none without that), or `timed_out` when no
    answer came. `input` is what the task is called with: a task
    token is taken from it, so that it is the one that the results speak of.

    `objects` stand in S3 for Maps to read (`bucket`, `key`, `body`).
    """

    def __init__(
        self, results: list[dict[str, Any]], objects: list[dict[str, Any]] | None = None, *, seed: int = 0
    ) -> None:
        self.clock = VirtualClock(START, alone=True)
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self._objects = Objects(objects or [])
        self._results = Results(results)

    def now(self) -> datetime:
        """Return the virtual time; it begins at `START`."""
        return self.clock.now()

    def new_id(self) -> str:
        """Return the next UUID of the seed's."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        await self.clock.sleep(seconds)

    def begin(self, resource: Resource, state: str, iteration: tuple[int, ...]) -> str:
        """Return the token that the attempt's result has in its `input`, or a new one.

        Raises States.Runtime for an activity without a result: no other activities are there.
        """
        result = self._results.peek(state, iteration)
        if resource.kind == "Activity" and result is None:
            raise no_such_activity(resource.text)
        return (_token_in(result.get("input")) if result else None) or self.new_id()

    def begin_map_run(self, run: MapRun) -> None:
        """Let every Map Run begin."""

    def check(self, resource: Resource, parameters: Json) -> None:
        """Take any parameters: whoever gave the results knows what they are results of."""

    async def call(self, task: TaskCall) -> Json:
        """Answer a task with its next result; raises StateError, or NoResultError when none is left."""
        await asyncio.sleep(0)
        task.started(None)
        if self._objects.has_answer(task):
            return self._objects.answer(task)
        result = self._results.take(task.state, task.iteration)
        if "submitted" in result:
            task.submitted(result["submitted"])
        if result.get("timed_out"):
            await self.sleep(_FOR_EVER)  # until the state's own time limit
            raise StateError(TIMEOUT, "")
        await self.sleep(result.get("seconds", 0))
        if "throws" in result:
            raise StateError(result["throws"].get("error"), result["throws"].get("cause"))
        return result["returns"]


def _token_in(value: Json) -> str | None:
    """Return the text that stands under a key which ends in `token`, wherever in the value."""
    members = list(value.items()) if isinstance(value, dict) else []
    members += [("", item) for item in value] if isinstance(value, list) else []
    for key, member in members:
        found = member if key.lower().endswith("token") and isinstance(member, str) else _token_in(member)
        if found is not None:
            return found
    return None
