"""ECS on Fargate: clusters, task definitions, and tasks that run as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.ecs.clusters import ClusterOperations
from local_aws.ecs.rate_limits import RateLimits
from local_aws.ecs.tags import TagOperations
from local_aws.ecs.task_definitions import TaskDefinitionOperations
from local_aws.ecs.tasks import TaskOperations
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class EcsService(ClusterOperations, TaskDefinitionOperations, TaskOperations, TagOperations):
    """ECS in one region; what is not an operation of the parts is refused by name."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        super().__init__(cloud, region)
        self._limits = RateLimits(cloud.clock) if self.settings.rate_limits else None

    async def answer(self, name: str, request: dict[str, Json]) -> dict[str, Json]:
        """Carry out one operation, unless it is one too many; raise AwsError for every refusal."""
        if self._limits is not None:
            self._limits.take(name, request)
        return await super().answer(name, request)
