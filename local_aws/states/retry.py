"""Retriers: which one answers an error, how often, and after how long.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

from local_aws.states.errors import StateError, matches


@dataclass(frozen=True, slots=True)
class Retrier:
    """One element of a state's Retry."""

    error_equals: tuple[str, ...]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None
    full_jitter: bool = False

    def delay(self, attempt: int, chance: random.Random) -> float:
        """Return the seconds to wait before retry number `attempt` (from 0)."""
        try:
            delay = self.interval_seconds * self.backoff_rate**attempt
        except OverflowError:  # longer than any clock knows
            delay = sys.float_info.max
        if self.max_delay_seconds is not None:
            delay = min(delay, self.max_delay_seconds)
        return chance.uniform(0, delay) if self.full_jitter else delay


class Retries:
    """The counters of one state while it is being tried: each retrier has its own."""

    def __init__(self, retriers: tuple[Retrier, ...], chance: random.Random) -> None:
        self._retriers = retriers
        self._chance = chance
        self._attempts = [0] * len(retriers)

    @property
    def count(self) -> int:
        """Return how often the state was retried so far (`$$.State.RetryCount`)."""
        return sum(self._attempts)

    def next_delay(self, failure: StateError) -> float | None:
        """Return the seconds until the next attempt, or None when there is none.

        The first retrier that matches decides: when its attempts are used up, no later one is tried.
        """
        for index, retrier in enumerate(self._retriers):
            if matches(retrier.error_equals, failure):
                attempt = self._attempts[index]
                if attempt >= retrier.max_attempts:
                    return None
                self._attempts[index] += 1
                return retrier.delay(attempt, self._chance)
        return None
