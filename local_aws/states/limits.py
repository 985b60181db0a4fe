"""The time limits of one attempt of a Task.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html (TimeoutSeconds, HeartbeatSeconds)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from local_aws.states.effects import Effects
from local_aws.states.errors import TIMEOUT, MissedHeartbeatError, StateError
from local_aws.states.jsontext import Json


class Limits:
    """How long an attempt may take, and be silent, in seconds; both count from when it `begin`s."""

    def __init__(self, effects: Effects, timeout: int | None, heartbeat: int | None) -> None:
        self._effects = effects
        self._timeout = timeout
        self._heartbeat = heartbeat
        self._begun = asyncio.Event()
        self._heard = effects.now()

    def begin(self) -> None:
        """Let the time run: the task has started."""
        self.alive()
        self._begun.set()

    def alive(self) -> None:
        """Begin the wait for the next heartbeat anew."""
        self._heard = self._effects.now()

    async def result_of(self, work: Awaitable[Json]) -> Json:
        """Return what comes of the work; raises States.Timeout when a limit is reached first."""
        if self._timeout is None and self._heartbeat is None:
            return await work
        working = asyncio.ensure_future(work)
        limits = {asyncio.ensure_future(self._too_long(self._timeout))} if self._timeout else set()
        if self._heartbeat:
            limits.add(asyncio.ensure_future(self._too_silent(self._heartbeat)))
        try:
            await asyncio.wait({working, *limits}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise next(limit.result() for limit in limits if limit.done())
        finally:
            for one in (working, *limits):
                one.cancel()

    async def _too_long(self, seconds: int) -> StateError:
        await self._begun.wait()
        await self._effects.sleep(seconds)
        return StateError(TIMEOUT, "")

    async def _too_silent(self, seconds: int) -> StateError:
        await self._begun.wait()
        while (left := self._heard + timedelta(seconds=seconds) - self._effects.now()) > timedelta():
            await self._effects.sleep(left.total_seconds())
        return MissedHeartbeatError()
