"""ECS on Fargate: clusters, task definitions, and tasks that run as processes."""

from __future__ import annotations

from local_aws.ecs.clusters import ClusterOperations
from local_aws.ecs.tags import TagOperations
from local_aws.ecs.task_definitions import TaskDefinitionOperations
from local_aws.ecs.tasks import TaskOperations


class EcsService(ClusterOperations, TaskDefinitionOperations, TaskOperations, TagOperations):
    """ECS in one region; what is not an operation of the parts is refused by name."""
