"""Time as the containers see it. Whoever runs them decides what it is: they wait only here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a container may ask of time."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from some fixed moment; it never runs backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since the machine started, about."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep so many seconds."""
        time.sleep(seconds)


def utc_text(moment: datetime) -> str:
    """Return the moment as ``2025-07-01T10:00:00Z``: whole seconds, as in S3; sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
