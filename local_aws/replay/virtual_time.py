"""Virtual time: when everybody waits, it jumps to the next moment that anybody waits for.

So two waits of ten seconds side by side take ten seconds of this time, in order, and none of ours.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
from datetime import datetime, timedelta


class NothingLeftError(RuntimeError):
    """Everybody waits, and nobody for a time."""


class VirtualTime:
    """A clock that begins at `start`, for whoever runs on its `loop`. Threads have no part in it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return a new event loop in this time; only `sleep` waits in it, asyncio's own timers do not."""
        return asyncio.SelectorEventLoop(_Selector(self))

    def now(self) -> datetime:
        """Return the time, to the microsecond."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed; others get their turn in any case."""
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        moment = self._now + timedelta(seconds=max(seconds, 0))
        heapq.heappush(self._sleepers, (moment, next(self._order), awake))
        await awake

    def jump(self) -> None:
        """Go on to the next moment that anybody waits for, and wake all who wait for it.

        Raises NothingLeftError when there is none.
        """
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].done()]
        heapq.heapify(self._sleepers)
        if not self._sleepers:
            raise NothingLeftError("everybody waits for something that can no longer happen")
        self._now = self._sleepers[0][0]
        while self._sleepers and self._sleepers[0][0] == self._now:
            heapq.heappop(self._sleepers)[2].set_result(None)


class _Selector(selectors.DefaultSelector):
    """Tells the clock when its loop has nothing more to do."""

    def __init__(self, clock: VirtualTime) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; where an ordinary selector would wait, time passes instead."""
        ready = super().select(0)
        if not ready and timeout != 0:
            self._clock.jump()
        return ready
