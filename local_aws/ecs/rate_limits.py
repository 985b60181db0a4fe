"""How fast ECS may be called: token buckets, one set an account and region.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html (what Fargate adds)
"""

from __future__ import annotations

from typing import Final

from local_aws.clock import Clock
from local_aws.wire import AwsError, Json

# The size of a bucket, how many tokens a second it gets back, and the operations that take one from it.
_BUCKETS: Final[list[tuple[int, int, set[str]]]] = [
    (20, 1, {"CreateCluster", "DeleteCluster"}),
    (50, 20, {"DescribeClusters", "ListClusters"}),
    (20, 1, {"RegisterTaskDefinition", "DeregisterTaskDefinition"}),
    (5, 1, {"DeleteTaskDefinitions"}),
    (50, 20, {"DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"}),
    (100, 40, {"RunTask", "StopTask"}),
    (100, 20, {"DescribeTasks", "ListTasks"}),
    (20, 20, {"RunTask"}),  # calls on Fargate
]
_LAUNCHES: Final = (100, 20)  # tasks on Fargate


class TokenBucket:
    """So many tokens at most, and so many a second."""

    def __init__(self, clock: Clock, size: int, per_second: int) -> None:
        self._clock = clock
        self._size = size
        self._per_second = per_second
        self._tokens = float(size)
        self._since = clock.time()

    def take(self, tokens: int = 1) -> None:
        """Take tokens; raise AwsError ThrottlingException when there are not as many, and take none."""
        now = self._clock.time()
        self._tokens = min(self._size, self._tokens + (now - self._since) * self._per_second)
        self._since = now
        if self._tokens < tokens:
            raise AwsError("ThrottlingException", "Rate exceeded")
        self._tokens -= tokens


class RateLimits:
    """All buckets of ECS in one region. Tags have no bucket here: AWS publishes one, we do not know it."""

    def __init__(self, clock: Clock) -> None:
        self._buckets = [(TokenBucket(clock, size, rate), names) for size, rate, names in _BUCKETS]
        self._launches = TokenBucket(clock, *_LAUNCHES)

    def take(self, operation: str, request: dict[str, Json]) -> None:
        """Count a request; raise AwsError ThrottlingException when it is one too many."""
        for bucket, operations in self._buckets:
            if operation in operations:
                bucket.take()
        if operation == "RunTask":
            self._launches.take(request.get("count") or 1)
