"""What ECS keeps: clusters, task definitions, tasks and their containers, and how each is described."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from local_aws.ecs.sizes import mebibytes
from local_aws.iam.roles import Session
from local_aws.wire import Json

Tags = list[dict[str, str]]
_MEBIBYTE = 1 << 20
ADDRESS = "127.0.0.1"  # of every task


@dataclass
class Cluster:
    """A cluster: a name that tasks are grouped by."""

    arn: str
    name: str
    settings: list[dict[str, str]]
    tags: Tags
    status: str = "ACTIVE"

    def describe(self, tasks: list[Task], include: list[str]) -> Json:
        """Return the API's Cluster, given the tasks in it."""
        states = Counter(task.last_status for task in tasks)
        return {
            "clusterArn": self.arn,
            "clusterName": self.name,
            "status": self.status,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": states["RUNNING"],
            "pendingTasksCount": states["PROVISIONING"] + states["PENDING"] + states["ACTIVATING"],
            "activeServicesCount": 0,
            "statistics": [],
            "tags": self.tags if "TAGS" in include else [],
            "settings": self.settings if "SETTINGS" in include else [],
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
        }


@dataclass
class TaskDefinition:
    """One revision of a family; `body` is what was registered, with AWS's defaults put in."""

    arn: str
    family: str
    revision: int
    body: dict[str, Json]
    tags: Tags
    registered_at: datetime
    status: str = "ACTIVE"
    deregistered_at: datetime | None = None
    delete_requested_at: datetime | None = None

    def describe(self) -> Json:
        """Return the API's TaskDefinition."""
        return self.body | {
            "taskDefinitionArn": self.arn,
            "family": self.family,
            "revision": self.revision,
            "status": self.status,
            "registeredAt": self.registered_at,
            **({"deregisteredAt": self.deregistered_at} if self.deregistered_at else {}),
            **({"deleteRequestedAt": self.delete_requested_at} if self.delete_requested_at else {}),
        }


@dataclass
class Container:
    """One container of a task. Without an exit code it never ran to an end."""

    arn: str
    definition: dict[str, Json]
    override: dict[str, Json]
    runtime_id: str
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    health: str = "UNKNOWN"
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def name(self) -> str:
        """Return the container's name in the task definition."""
        return str(self.definition["name"])

    @property
    def essential(self) -> bool:
        """Return whether the task ends with this container."""
        return bool(self.definition["essential"])

    @property
    def cpu(self) -> int:
        """Return the container's share of processors, in CPU units."""
        return int(self.override.get("cpu") or self.definition["cpu"])

    @property
    def memory_limit(self) -> int | None:
        """Return how much memory the container may have, in bytes; None for as much as its task."""
        limit = self.override.get("memory") or self.definition.get("memory")
        return int(limit) * _MEBIBYTE if limit else None

    def describe(self, task: Task) -> Json:
        """Return the API's Container, of `task`."""
        known = {
            "exitCode": self.exit_code,
            "reason": self.reason,
            "runtimeId": self.runtime_id if task.is_attached else None,
        }
        return {
            "containerArn": self.arn,
            "taskArn": task.arn,
            "name": self.name,
            "image": self.definition["image"],
            "lastStatus": self.last_status,
            "networkInterfaces": (
                [{"attachmentId": task.attachment["id"], "privateIpv4Address": ADDRESS}]
                if task.is_attached
                else []
            ),
            "healthStatus": self.health,
            "cpu": str(self.cpu),
            **{
                name: str(value)
                for name in ("memory", "memoryReservation")
                if (value := self.override.get(name, self.definition.get(name))) is not None
            },
            **{name: value for name, value in known.items() if value is not None},
        }


@dataclass
class Task:
    """A task and where it stands in its life."""

    arn: str
    id: str
    cluster: Cluster
    definition: TaskDefinition
    containers: list[Container]
    request: dict[str, Json]
    tags: Tags
    created_at: datetime
    attachment: dict[str, Json]
    role: Session | None  # of the task's own code
    execution_role: Session | None  # of ECS, for pulling images and writing logs
    credentials_id: str  # by which its containers ask for its role's credentials
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    stop_code: str | None = None
    stopped_reason: str | None = None
    version: int = 1
    times: dict[str, datetime] = field(default_factory=dict)  # startedAt, stoppedAt, ... as they happen
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, code: str, reason: str) -> None:
        """Say why the task ends; the first reason stays."""
        if self.stop_code is None:
            self.stop_code, self.stopped_reason = code, reason
        self.desired_status = "STOPPED"

    def attach(self) -> None:
        """Give the task its network interface, which is this machine's own."""
        self.attachment["status"] = "ATTACHED"
        self.attachment["details"].append({"name": "privateIPv4Address", "value": ADDRESS})

    @property
    def is_attached(self) -> bool:
        """Return whether the task has, or had, its network interface."""
        return bool(self.attachment["status"] != "PRECREATED")

    @property
    def cpu(self) -> str:
        """Return the task's share of processors, as it was asked for."""
        return str(self.overrides.get("cpu") or self.definition.body["cpu"])

    @property
    def memory(self) -> str:
        """Return the task's memory, as it was asked for."""
        return str(self.overrides.get("memory") or self.definition.body["memory"])

    @property
    def memory_limit(self) -> int:
        """Return how much memory all containers together may have, in bytes."""
        return mebibytes(self.memory) * _MEBIBYTE

    @property
    def availability_zone(self) -> str:
        """Return the zone, the first one of the region."""
        return f"{self.arn.split(':')[3]}a"

    @property
    def overrides(self) -> dict[str, Json]:
        """Return RunTask's overrides."""
        return self.request.get("overrides") or {}

    @property
    def health(self) -> str:
        """Return the task's health, which is that of the least healthy of its essential containers.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
        """
        found = {container.health for container in self.containers if container.essential}
        return next(health for health in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if health in found)

    def describe(self, include: list[str]) -> Json:
        """Return the API's Task."""
        known = {
            "startedBy": self.request.get("startedBy"),
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            **self.times,
        }
        return {
            "attachments": [self.attachment],
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "availabilityZone": self.availability_zone,
            "clusterArn": self.cluster.arn,
            **({"connectivity": "CONNECTED"} if self.is_attached else {}),
            "containers": [container.describe(self) for container in self.containers],
            "cpu": self.cpu,
            "createdAt": self.created_at,
            "desiredStatus": self.desired_status,
            "enableExecuteCommand": False,
            "group": self.request.get("group") or f"family:{self.definition.family}",
            "healthStatus": self.health,
            "lastStatus": self.last_status,
            "launchType": "FARGATE",
            "memory": self.memory,
            "overrides": {
                **self.overrides,
                "containerOverrides": [{"name": one.name} | one.override for one in self.containers],
                "inferenceAcceleratorOverrides": [],
            },
            "platformFamily": "Linux",
            "platformVersion": "1.4.0",
            "tags": self.tags if "TAGS" in include else [],
            "taskArn": self.arn,
            "taskDefinitionArn": self.definition.arn,
            "version": self.version,
            "ephemeralStorage": {"sizeInGiB": 20},
            **{name: value for name, value in known.items() if value is not None},
        }
