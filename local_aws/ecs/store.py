"""The state ECS keeps in one region, and how what a request names is found in it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from local_aws.ecs.docker import Docker
from local_aws.ecs.processes import Processes
from local_aws.ecs.records import Cluster, Tags, Task, TaskDefinition
from local_aws.ecs.runtime import Runtime
from local_aws.wire import AwsError, Json, Service

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
STOPPED_TASKS_STAY = timedelta(hours=1)


def _runtime(cloud: Cloud) -> Runtime:
    engine = cloud.ecs_settings.engine
    return Docker(cloud.images, cloud.clock, engine) if engine else Processes(cloud.images, cloud.clock)


class EcsStore(Service):
    """What all operations share."""

    name = "ecs"

    def __init__(self, cloud: Cloud, region: str) -> None:
        super().__init__(cloud, region)
        self.settings = cloud.ecs_settings
        self.runtime = _runtime(cloud)
        self.clusters: dict[str, Cluster] = {}
        self.families: dict[str, list[TaskDefinition]] = {}
        self.revisions: dict[str, int] = {}  # the counter of a family outlives its definitions
        self._tasks: dict[str, Task] = {}
        self._pages: dict[str, list[str]] = {}

    @property
    def tasks(self) -> dict[str, Task]:
        """Return the tasks by id; a stopped one is forgotten after an hour."""
        horizon = self.cloud.clock.now() - STOPPED_TASKS_STAY
        for task in list(self._tasks.values()):
            if "stoppedAt" in task.times and task.times["stoppedAt"] < horizon:
                del self._tasks[task.id]
        return self._tasks

    def tasks_of(self, cluster: Cluster) -> list[Task]:
        """Return the tasks of a cluster, the stopped ones included."""
        return [task for task in self.tasks.values() if task.cluster is cluster]

    def find_cluster(self, named: str | None) -> Cluster:
        """Return the active cluster of this name or ARN, or `default`; raise ClusterNotFoundException."""
        cluster = self.clusters.get(short_name(named or "default"))
        if cluster is None:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        if cluster.status != "ACTIVE":
            raise AwsError("ClusterNotFoundException", "The referenced cluster was inactive.")
        return cluster

    def find_task(self, cluster: Cluster, named: str) -> Task | None:
        """Return the task of this id or ARN in `cluster`."""
        task = self.tasks.get(short_name(named))
        return task if task is not None and task.cluster is cluster else None

    def find_definition(self, named: str) -> TaskDefinition | None:
        """Return the task definition of this ARN, `family:revision`, or the newest active one of a family."""
        found = re.fullmatch(r"(?:arn:.*:task-definition/)?(?P<family>[^:/]+)(?::(?P<revision>\d+))?", named)
        self.purge_definitions()
        revisions = self.families.get(found["family"], []) if found else []
        if found and found["revision"]:
            return next((one for one in revisions if one.revision == int(found["revision"])), None)
        return next((one for one in reversed(revisions) if one.status == "ACTIVE"), None)

    def purge_definitions(self) -> None:
        """Forget the definitions that are to be deleted and that no task refers to."""
        used = {task.definition.arn for task in self._tasks.values() if task.last_status != "STOPPED"}
        for family, revisions in list(self.families.items()):
            self.families[family] = [
                one for one in revisions if one.status != "DELETE_IN_PROGRESS" or one.arn in used
            ]

    def page(self, items: list[str], request: dict[str, Json]) -> tuple[list[str], dict[str, str]]:
        """Return one page of `items` and the `nextToken` member, if any.

        What follows is kept as it is now, so a listing stays right while the caller deletes what it lists.
        """
        size = int(request.get("maxResults") or 100)
        if not 1 <= size <= 100:
            raise AwsError(
                "InvalidParameterException", f"maxResults must be between 1 and 100, found {size}."
            )
        if token := request.get("nextToken"):
            if token not in self._pages:
                raise AwsError("InvalidParameterException", "Invalid token.")
            items = self._pages.pop(token)
        if len(items) <= size:
            return items, {}
        following = self.cloud.new_id()
        self._pages[following] = items[size:]
        return items[:size], {"nextToken": following}


def short_name(named: str) -> str:
    """Return what stands last in a name or ARN."""
    return named.rpartition("/")[2]


def check_tags(tags: Tags) -> Tags:
    """Return a copy of `tags`; raise AwsError InvalidParameterException for what AWS would refuse.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
    """
    keys = [tag.get("key", "") for tag in tags]
    if len(keys) != len(set(keys)):
        raise AwsError("InvalidParameterException", "Duplicate tag keys found.")
    if len(keys) > 50:
        raise AwsError(
            "InvalidParameterException", f"A resource can have at most 50 tags, found {len(keys)}."
        )
    for tag in tags:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise AwsError(
                "InvalidParameterException", f"Tag keys have 1 to 128, values up to 256 characters: {key}"
            )
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterException", f"Tag keys must not start with aws: {key}")
    return [{"key": tag["key"], "value": tag.get("value", "")} for tag in tags]
