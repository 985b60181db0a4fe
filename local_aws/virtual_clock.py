"""Virtual time: when everybody waits, the clock jumps to the next moment that anybody waits for.

A three-minute back-off then costs nothing, and ten parallel waits of a minute take one minute, in order.
"""

from __future__ import annotations

import asyncio
import collections
import selectors
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from local_aws.clock import Clock


class NothingLeftError(RuntimeError):
    """Everybody waits, and nothing is left that could wake anybody."""


class VirtualClock(Clock):
    """A clock that stands still, but for its jumps, and while a task's process runs (`at_real_speed`).

    Everything on the loop happens in one order: calls into services are made one at a time, the next one when
    the loop has nothing else to do. So, without processes, the same seed and start give the same history.
    """

    def __init__(self, start: datetime | None = None, *, alone: bool = False) -> None:
        """Begin at `start` (default: now). `alone`: no other thread will ever wake the loop."""
        super().__init__()
        if start is not None:
            self._base = start.timestamp()
        self._alone = alone
        self._turns: collections.deque[asyncio.Future[None]] = collections.deque()
        self._calling = False
        self._moment, self._now = self._base, datetime.fromtimestamp(self._base, UTC)

    def time(self) -> float:
        """Return seconds since the epoch, on this clock."""
        return super().time() if self._workers else self._base

    def now(self) -> datetime:
        """Return this clock's time as an aware datetime in UTC; often the same as the last time."""
        moment = self.time()
        if moment != self._moment:
            self._moment, self._now = moment, datetime.fromtimestamp(moment, UTC)
        return self._now

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop that lets this clock go on when there is nothing to do."""
        return asyncio.SelectorEventLoop(_IdleSelector(self._go_on))

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Wait for one's turn to make a call; meanwhile time stands still."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        await turn
        self._calling = True
        try:
            yield
        finally:
            self._calling = False

    def _rate(self) -> float:
        return 1.0 if self._workers else 0.0

    def _go_on(self) -> bool:
        """Let the next call be made, or jump, for the loop has nothing to do; tell whether there is now.

        Raises NothingLeftError when it will never have.
        """
        if self._calling:
            return False
        while self._turns and self._turns[0].done():
            self._turns.popleft()  # given up while waiting
        if self._turns:
            self._turns.popleft().set_result(None)
            return True
        if self._workers:
            return False
        if any(sleeper.waits and not sleeper.background for sleeper in self._sleepers):
            with self._settled():
                self._base = max(self._base, self._sleepers[0].due)
            self._set_timer()
            return True
        if self._alone:
            raise NothingLeftError("everybody waits, and there is no time that anybody waits for")
        return False


class _IdleSelector(selectors.DefaultSelector):  # which one depends on the system
    """Says when the loop has nothing to do."""

    def __init__(self, idle: Callable[[], bool]) -> None:
        super().__init__()
        self._idle = idle

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; wait for it only when being idle led to nothing."""
        ready = super().select(0)
        if ready or timeout == 0 or self._idle():
            return ready
        return super().select(timeout)
