"""Trying again: which failures of a delivery may pass, how long to wait, and when to give up.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from local_aws.clock import Clock
from local_aws.wire import AwsError, Json

THROTTLES: Final = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
# "EventBridge retries responses sent with a 5xx or 429 HTTP status code", https://repost.aws/knowledge-center/
# eventbridge-resolve-failedinvocation-errors. 501 is ours, for what is not modelled.
_PASSING: Final = {429, 500, 502, 503, 504}
# AWS publishes "exponential back off and jitter" and no numbers. With these 185 retries take a day, so that
# both default limits come near together, as the page says of them.
_FIRST_WAIT: Final = 1.0  # seconds, doubled each time
_LONGEST_WAIT: Final = 600.0
_JITTER: Final = 0.5  # of a wait, at most, is left out


@dataclass(frozen=True)
class RetryPolicy:
    """How often and for how long (in seconds) to try again; the defaults are AWS's, and its most."""

    attempts: int = 185
    age: float = 86_400

    @classmethod
    def of(cls, target: dict[str, Json]) -> RetryPolicy:
        """Return the policy of a target, as PutTargets and CreateSchedule take it."""
        given = target.get("RetryPolicy") or {}
        return cls(
            given.get("MaximumRetryAttempts", cls.attempts), given.get("MaximumEventAgeInSeconds", cls.age)
        )


@dataclass(frozen=True)
class Failure:
    """How a delivery has failed for good: the last error, the retries, and the limit that ended them."""

    error: AwsError
    retries: int
    exhausted: str | None  # None: the error was of a kind that is not tried again


async def persist(
    send: Callable[[int], Awaitable[None]],
    policy: RetryPolicy,
    clock: Clock,
    chance: random.Random,
    passes: Callable[[AwsError], bool],
) -> Failure | None:
    """Call `send` (with the number of the attempt, from 1) until it succeeds; return how it failed, or None.

    An error of which `passes` says that it will not pass is not tried again.
    """
    began, retries = clock.time(), 0
    while True:
        try:
            await send(retries + 1)
        except AwsError as error:
            if not passes(error):
                return Failure(error, retries, None)
            if retries >= policy.attempts:
                return Failure(error, retries, "MaximumRetryAttempts")
            longest = min(_FIRST_WAIT * 2**retries, _LONGEST_WAIT)
            wait = longest * (1 - _JITTER * chance.random())
            if clock.time() + wait - began > policy.age:
                return Failure(error, retries, "MaximumEventAgeInSeconds")
            retries += 1
            await clock.sleep(wait)
        else:
            return None


def may_pass(error: AwsError) -> bool:
    """Tell whether a later attempt may succeed: the target is throttled, or not there for the moment."""
    return error.code in THROTTLES or error.status in _PASSING
