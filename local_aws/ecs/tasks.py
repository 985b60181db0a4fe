"""Tasks: run, stop, describe, list."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING

from local_aws.ecs.events import publish
from local_aws.ecs.life import TaskLife
from local_aws.ecs.records import Cluster, Container, Task, TaskDefinition
from local_aws.ecs.run_request import check_run
from local_aws.ecs.sizes import cpu_units
from local_aws.ecs.store import EcsStore, check_tags
from local_aws.ecs.task_roles import session_of
from local_aws.wire import AwsError, Json, operation

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

NO_VCPUS_LEFT = "You've reached the limit on the number of vCPUs you can run concurrently"


class TaskOperations(EcsStore):
    """The operations on tasks."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        super().__init__(cloud, region)
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._tokens: dict[tuple[str, str], tuple[Json, list[str]]] = {}

    @operation(
        "cluster",
        "taskDefinition",
        "count",
        "launchType",
        "networkConfiguration",
        "overrides",
        "group",
        "startedBy",
        "tags",
        "propagateTags",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "platformVersion",
        "clientToken",
        "referenceId",
    )
    def RunTask(self, request: dict[str, Json]) -> Json:
        """Start tasks; the same `clientToken` with the same request returns those it started.

        Subnets and security groups are recorded, not looked up.
        """
        cluster = self.find_cluster(request.get("cluster"))
        if again := self._started_by_token(cluster, request):
            return {"tasks": again, "failures": []}
        definition = self.find_definition(request["taskDefinition"])
        if definition is None:
            raise AwsError("ClientException", "TaskDefinition not found.")
        check_run(request, definition)
        started, failures = self._start_many(cluster, definition, request)
        if token := request.get("clientToken"):
            self._tokens[cluster.arn, token] = (copy.deepcopy(request), [task.id for task in started])
        return {"tasks": [task.describe(["TAGS"]) for task in started], "failures": failures}

    @operation("cluster", "task", "reason")
    def StopTask(self, request: dict[str, Json]) -> Json:
        """Begin to stop a task: SIGTERM, and SIGKILL after stopTimeout; a stopped one stays as it is.

        Its tags are deleted.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
        """
        task = self.find_task(self.find_cluster(request.get("cluster")), request["task"])
        if task is None:
            raise AwsError("InvalidParameterException", "The referenced task was not found.")
        if task.desired_status != "STOPPED":
            task.end("UserInitiated", request.get("reason") or "Task stopped by user")
            task.tags = []
            task.version += 1
            publish(self.cloud, task)
            task.stop_asked.set()
        return {"task": task.describe(["TAGS"])}

    @operation("cluster", "tasks", "include")
    def DescribeTasks(self, request: dict[str, Json]) -> Json:
        """Describe tasks, stopped ones for an hour; one that is not there is a failure, not an error."""
        cluster = self.find_cluster(request.get("cluster"))
        if not 1 <= len(request["tasks"]) <= 100:
            raise AwsError("InvalidParameterException", "Tasks cannot be empty, nor more than 100.")
        found, failures = [], []
        for named in request["tasks"]:
            task = self.find_task(cluster, named)
            if task is None:
                arn = named if named.startswith("arn:") else self.arn(f"task/{cluster.name}/{named}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(task.describe(request.get("include") or []))
        return {"tasks": found, "failures": failures}

    @operation("cluster", "family", "desiredStatus", "startedBy", "launchType", "nextToken", "maxResults")
    def ListTasks(self, request: dict[str, Json]) -> Json:
        """List tasks whose *desired* status is RUNNING (the default) or STOPPED."""
        desired = request.get("desiredStatus") or "RUNNING"
        if desired not in ("RUNNING", "STOPPED", "PENDING"):
            raise AwsError("InvalidParameterException", f"Invalid desiredStatus {desired}.")
        family, started_by = request.get("family"), request.get("startedBy")
        arns = [
            task.arn
            for task in self.tasks_of(self.find_cluster(request.get("cluster")))
            if task.desired_status == desired
            and family in (None, task.definition.family)
            and started_by in (None, task.request.get("startedBy"))
            and request.get("launchType") in (None, "FARGATE")
        ]
        page, following = self.page(arns, request)
        return {"taskArns": page, **following}

    async def kill_all(self) -> None:
        """End every task's processes at once, as at a shutdown."""
        lives = list(self._lives.values())
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)

    def _start_many(
        self, cluster: Cluster, definition: TaskDefinition, request: dict[str, Json]
    ) -> tuple[list[Task], list[Json]]:
        """Start as many tasks as the account has vCPUs for; return them, and a failure for each other one.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
        """
        started: list[Task] = []
        failures: list[Json] = []
        for _ in range(request.get("count") or 1):
            if self._has_room_for(definition, request):
                started.append(self._start(cluster, definition, request))
            else:
                failures.append({"reason": NO_VCPUS_LEFT})
        return started, failures

    def _has_room_for(self, definition: TaskDefinition, request: dict[str, Json]) -> bool:
        if self.settings.vcpus is None:
            return True
        asked = (request.get("overrides") or {}).get("cpu") or definition.body["cpu"]
        used = sum(cpu_units(task.cpu) for task in self.tasks.values() if task.last_status != "STOPPED")
        return used + cpu_units(asked) <= self.settings.vcpus * 1024

    def _start(self, cluster: Cluster, definition: TaskDefinition, request: dict[str, Json]) -> Task:
        task = self._make(cluster, definition, copy.deepcopy(request))
        self._tasks[task.id] = task
        life = asyncio.create_task(TaskLife(self, task).live())
        self._lives[task.id] = life
        life.add_done_callback(lambda _: self._lives.pop(task.id, None))
        return task

    def _make(self, cluster: Cluster, definition: TaskDefinition, request: dict[str, Json]) -> Task:
        task_id = self.cloud.new_id().replace("-", "")
        overrides = {
            one["name"]: one for one in (request.get("overrides") or {}).get("containerOverrides") or []
        }
        containers = [
            Container(
                arn=self.arn(f"container/{cluster.name}/{task_id}/{self.cloud.new_id()}"),
                definition=one,
                override=overrides.get(one["name"], {}),
                runtime_id=f"{task_id}-{self.cloud.random.randrange(10**9, 10**10)}",
            )
            for one in definition.body["containerDefinitions"]
        ]
        return Task(
            arn=self.arn(f"task/{cluster.name}/{task_id}"),
            id=task_id,
            cluster=cluster,
            definition=definition,
            containers=containers,
            request=request,
            tags=_tags(cluster, definition, request),
            created_at=self.cloud.clock.now(),
            role=session_of(self, definition, request, "taskRoleArn", task_id),
            execution_role=session_of(self, definition, request, "executionRoleArn", task_id),
            credentials_id=self.cloud.new_id(),
            attachment={
                "id": self.cloud.new_id(),
                "type": "ElasticNetworkInterface",
                "status": "PRECREATED",
                "details": [
                    {
                        "name": "subnetId",
                        "value": request["networkConfiguration"]["awsvpcConfiguration"]["subnets"][0],
                    }
                ],
            },
        )

    def _started_by_token(self, cluster: Cluster, request: dict[str, Json]) -> list[Json]:
        key = (cluster.arn, request.get("clientToken") or "")
        if key not in self._tokens:
            return []
        earlier, ids = self._tokens[key]
        if earlier != request:
            raise AwsError(
                "ConflictException", "The clientToken was used with another request.", resourceIds=ids
            )
        return [self.tasks[one].describe(["TAGS"]) for one in ids if one in self.tasks]


def _tags(cluster: Cluster, definition: TaskDefinition, request: dict[str, Json]) -> list[dict[str, str]]:
    """Return a new task's tags; its own win over those of its definition."""
    own = check_tags(request.get("tags") or [])
    names = {tag["key"] for tag in own}
    inherited = definition.tags if request.get("propagateTags") == "TASK_DEFINITION" else []
    managed = (
        [{"key": "aws:ecs:clusterName", "value": cluster.name}] if request.get("enableECSManagedTags") else []
    )
    return [tag for tag in inherited if tag["key"] not in names] + own + managed
