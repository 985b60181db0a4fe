"""Time, behind one interface: every wait, back-off, timeout and life-cycle delay goes through a Clock.

`Clock` is real or scaled time; `local_aws.virtual_clock` has the one that jumps.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

_FOR_EVER = 99_999_999  # seconds


@dataclass(order=True, slots=True)
class Sleeper:
    """Somebody who waits for `due` (seconds since the epoch)."""

    due: float
    order: int
    awake: asyncio.Future[None] = field(compare=False)
    background: bool = field(compare=False)
    waits: bool = field(compare=False, default=True)


class Clock:
    """A clock whose waits pass `scale` times faster than real time, but never while real work is under way.

    Waits shrink; work does not. So the clock runs at real speed while a task's process or a service call is
    under way (`at_real_speed`, `calling`), or no timeout could be believed; and when nobody waits, or it
    would run ahead for nothing.

    `sleep` and `calling` belong to the event loop's thread; everything else may be called from any thread.
    """

    def __init__(self, scale: float = 1.0) -> None:
        if scale < 1:
            raise ValueError(f"time scale is {scale}; it must be 1 (real time) or more")
        self.scale = scale
        self._lock = threading.RLock()
        self._since = time.monotonic()  # when `_base` was true
        self._base = time.time()
        self._workers = 0
        # A heap whose first waits; those that wait no longer stay until they would be the first.
        self._sleepers: list[Sleeper] = []
        self._order = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop on which to wait by this clock."""
        return asyncio.new_event_loop()

    def time(self) -> float:
        """Return seconds since the epoch, on this clock."""
        with self._lock:
            return self._base + (time.monotonic() - self._since) * self._rate()

    def now(self) -> datetime:
        """Return this clock's time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        """Wait until `seconds` have passed on this clock; at once when there is nothing to wait for.

        Three years are for ever: an execution lasts a year at most (service-quotas.html), and the time that
        a definition or an input asks for may be one that no calendar has.

        A wait in the `background`, such as a schedule's for its next turn, has no end that anybody works
        towards: virtual time passes it on its way, and does not go there by itself.
        """
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._loop = asyncio.get_running_loop()
        with self._settled():
            awake: asyncio.Future[None] = self._loop.create_future()
            sleeper = Sleeper(self._base + min(seconds, _FOR_EVER), next(self._order), awake, background)
            heapq.heappush(self._sleepers, sleeper)
        self._set_timer()
        try:
            await awake
        finally:
            with self._settled():
                sleeper.waits = False
                while self._sleepers and not self._sleepers[0].waits:
                    heapq.heappop(self._sleepers)
            self._set_timer()

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Make a call into a service that is answered on another thread."""
        with self.at_real_speed():
            yield

    @contextmanager
    def at_real_speed(self) -> Iterator[None]:
        """Hold the clock at real speed for as long as real work is under way."""
        self._count_workers(1)
        try:
            yield
        finally:
            self._count_workers(-1)

    def skip(self, seconds: float) -> None:
        """Put the clock forward: whoever waits for a time that has then passed wakes up."""
        with self._settled():
            self._base += seconds
        self._wake_loop()

    def _count_workers(self, change: int) -> None:
        with self._settled():
            self._workers += change
        self._wake_loop()

    def _rate(self) -> float:
        """Return how many seconds of this clock pass in a real one."""
        return self.scale if self._sleepers and not self._workers else 1.0

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Book the time that has passed at the old rate before anything that may change the rate."""
        with self._lock:
            self._base = self.time()
            self._since = time.monotonic()
            yield

    def _wake_loop(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set_timer)

    def _set_timer(self) -> None:
        """Wake whoever is due, and come back when the next one is (on the loop's thread)."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._settled():
            now = self._base
            while self._sleepers and (self._sleepers[0].due <= now or not self._sleepers[0].waits):
                sleeper = heapq.heappop(self._sleepers)
                if not sleeper.awake.done():
                    sleeper.awake.set_result(None)
            rate = self._rate()
            pending = self._sleepers[0].due if self._sleepers else None
        if pending is not None and rate and self._loop is not None:
            self._timer = self._loop.call_later((pending - now) / rate, self._set_timer)
