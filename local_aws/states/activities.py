"""Activities: tasks that workers ask for.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from local_aws.clock import Clock
from local_aws.states.effects import TaskCall
from local_aws.states.jsontext import Json, dumps

POLL_SECONDS = 60  # how long GetActivityTask waits for a task


@dataclass(slots=True)
class Assignment:
    """A task for some worker: `token` and `input` are what the worker gets."""

    token: str
    input: str
    started: Callable[[str | None], None]
    withdrawn: bool = False


@dataclass(slots=True)
class Activity:
    """An activity and the tasks that no worker has taken yet, oldest first."""

    arn: str
    name: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)
    _tasks: asyncio.Queue[Assignment] = field(default_factory=asyncio.Queue)

    async def done(self, call: TaskCall) -> Json:
        """Offer a task to the workers; when the attempt ends (cancelled), take it back."""
        assignment = Assignment(call.token, dumps(call.parameters), call.started)
        self._tasks.put_nowait(assignment)
        try:
            return await asyncio.get_running_loop().create_future()  # only the token ends it
        finally:
            assignment.withdrawn = True

    async def take(self, clock: Clock, worker: str | None) -> Assignment | None:
        """Return the next task, begun; None when there is none within a minute."""
        taking = asyncio.ensure_future(self._next())
        limit = asyncio.ensure_future(clock.sleep(POLL_SECONDS))
        try:
            await asyncio.wait({taking, limit}, return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                return None
            assignment = taking.result()
            assignment.started(worker)
            return assignment
        finally:
            taking.cancel()
            limit.cancel()

    async def _next(self) -> Assignment:
        while (assignment := await self._tasks.get()).withdrawn:
            pass
        return assignment
