"""How long the stages of a run take, and how much memory it took, for its last log line."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.clock import Clock


class Stages:
    """Adds up the seconds spent in each stage. A stage within a stage counts for itself alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._since = clock.monotonic()
        self._current: str | None = None
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block for this stage, and no longer for the one around it."""
        outer = self._switch(name)
        try:
            yield
        finally:
            self._switch(outer)

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each stage that has ended, to the millisecond."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}

    def total(self) -> float:
        """Return the seconds since the run began, to the millisecond."""
        return round(self._clock.monotonic() - self._began, 3)

    def _switch(self, name: str | None) -> str | None:
        now, before = self._clock.monotonic(), self._current
        if before is not None:
            self._seconds[before] = self._seconds.get(before, 0.0) + now - self._since
        self._current, self._since = name, now
        return before


def peak_memory_bytes() -> int:
    """Return the most memory this process has held so far, in bytes.

    By Linux's VmHWM (proc(5)): getrusage's ru_maxrss begins with what the process held that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:  # not Linux; macOS counts bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
