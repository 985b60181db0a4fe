"""How long a delivery is tried: the limits are those of AWS's page on retry policies.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from datetime import UTC, datetime

import pytest

from local_aws.events.retries import Failure, RetryPolicy, may_pass, persist
from local_aws.virtual_clock import VirtualClock
from local_aws.wire import AwsError, not_modelled

THROTTLED = AwsError("ThrottlingException", "Rate exceeded")
START = datetime(2026, 1, 1, tzinfo=UTC)


def tried(
    policy: RetryPolicy, error: AwsError, failures: float = math.inf, seed: int = 1
) -> tuple[Failure | None, list[float]]:
    """Fail so many times, then succeed; return the outcome, and when it was tried (in seconds)."""
    clock = VirtualClock(START, alone=True)
    times: list[float] = []

    async def send(attempt: int) -> None:
        times.append(clock.time() - START.timestamp())
        assert attempt == len(times)
        if attempt <= failures:
            raise error

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        failure = runner.run(persist(send, policy, clock, random.Random(seed), may_pass))  # noqa: S311
    return failure, times


def test_a_throttled_target_is_tried_again_until_it_answers() -> None:
    failure, times = tried(RetryPolicy(), THROTTLED, failures=3)
    assert failure is None
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert [0.5 <= wait <= 1 for wait in (waits[0], waits[1] / 2, waits[2] / 4)] == [True] * 3


def test_no_two_seeds_wait_the_same() -> None:
    one, other = (tried(RetryPolicy(), THROTTLED, failures=1, seed=seed)[1] for seed in (1, 2))
    assert one != other


def test_by_default_185_retries_take_most_of_a_day() -> None:
    failure, times = tried(RetryPolicy(), THROTTLED)
    assert failure == Failure(THROTTLED, 185, "MaximumRetryAttempts")
    assert len(times) == 186
    assert 18 * 3600 < times[-1] < 24 * 3600


def test_the_limits_of_the_target_hold() -> None:
    assert tried(RetryPolicy(attempts=0), THROTTLED)[0] == Failure(THROTTLED, 0, "MaximumRetryAttempts")
    failure, times = tried(RetryPolicy(age=60), THROTTLED)
    assert failure is not None
    assert failure.exhausted == "MaximumEventAgeInSeconds"
    assert failure.retries == len(times) - 1 > 2
    assert times[-1] <= 60


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (THROTTLED, True),
        (AwsError("TooManyRequestsException", "", 429), True),
        (AwsError("ServiceException", "", 500), True),
        (AwsError("ServiceUnavailable", "", 503), True),
        (AwsError("AccessDeniedException", ""), False),
        (AwsError("ResourceNotFoundException", "", 404), False),
        (not_modelled("something"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: AwsError, again: bool) -> None:
    assert may_pass(error) is again
    assert len(tried(RetryPolicy(attempts=2), error)[1]) == (3 if again else 1)
