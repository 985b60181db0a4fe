"""What a container can ask about itself, and for its role's credentials.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html

On Fargate both are at 169.254.170.2, which no process here can be given; so they are at the local AWS's own
address, where SDKs look just as well (AWS_CONTAINER_CREDENTIALS_FULL_URI, for a loopback address).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

from local_aws.ecs.records import ADDRESS, Container, Task
from local_aws.ecs.sizes import cpu_units, mebibytes
from local_aws.wire import AwsError, Json, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_CREDENTIALS: Final = "/v2/credentials/"
_METADATA: Final = "/v4/"
# The agent on AWS's hosts knows three states of a task.
_KNOWN: Final = {
    "PROVISIONING": "PENDING",
    "ACTIVATING": "PENDING",
    "DEACTIVATING": "RUNNING",
    "STOPPING": "RUNNING",
    "DEPROVISIONING": "STOPPED",
}


def variables(url: str, task: Task, container: Container) -> dict[str, str]:
    """Return the variables of the environment that say where to ask; no credentials without a task role."""
    known = {"ECS_CONTAINER_METADATA_URI_V4": f"{url}{_METADATA}{container.runtime_id}"}
    if task.role is not None:
        known["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{url}{_CREDENTIALS}{task.credentials_id}"
    return known


class TaskMetadata:
    """Answers containers."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def is_for(self, request: Request) -> bool:
        """Return whether a request is a container's; no bucket has so short a name."""
        return request.path.startswith((_CREDENTIALS, _METADATA))

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            status, body = self._cloud.run(self._answer(request.path))
        except AwsError as error:
            status, body = error.status, {"code": error.code, "message": error.message}
        return Response(json.dumps(body), status=status, mimetype="application/json")

    async def _answer(self, path: str) -> tuple[int, Json]:
        if path.startswith(_CREDENTIALS):
            return self._credentials(path.removeprefix(_CREDENTIALS))
        runtime_id, _, what = path.removeprefix(_METADATA).partition("/")
        found = self._find(runtime_id)
        if found is None:
            return 404, f"V4 container metadata handler: unable to find container {runtime_id}"
        task, container = found
        match what:
            case "":
                return 200, _container(task, container)
            case "task":
                return 200, _task(task)
            case "taskWithTags":
                return 200, _task(task) | {"TaskTags": {tag["key"]: tag["value"] for tag in task.tags}}
            case "stats" | "task/stats":
                raise not_modelled(f"/{what} of the task metadata endpoint")
        return 404, "404 page not found"

    def _credentials(self, credentials_id: str) -> tuple[int, Json]:
        """Return a running task's credentials; new ones in time before they expire."""
        for task in self._tasks():
            if task.credentials_id == credentials_id and task.role and task.last_status != "STOPPED":
                task.role = self._cloud.enforcer.roles.fresh(task.role)
                return 200, {
                    "RoleArn": task.role.role_arn,
                    "AccessKeyId": task.role.access_key,
                    "SecretAccessKey": task.role.secret_key,
                    "Token": task.role.token,
                    "Expiration": _time(task.role.expires),
                }
        message = "CredentialsV2Request: Credentials not found"
        return 400, {"code": "InvalidIdInRequest", "message": message, "HTTPErrorCode": 400}

    def _find(self, runtime_id: str) -> tuple[Task, Container] | None:
        for task in self._tasks():
            for container in task.containers:
                if container.runtime_id == runtime_id and task.last_status != "STOPPED":
                    return task, container
        return None

    def _tasks(self) -> list[Task]:
        return [task for service in self._cloud.all_ecs() for task in service.tasks.values()]


def _task(task: Task) -> Json:
    return {
        "Cluster": task.cluster.arn,
        "TaskARN": task.arn,
        "Family": task.definition.family,
        "Revision": str(task.definition.revision),
        "DesiredStatus": task.desired_status,
        "KnownStatus": _KNOWN.get(task.last_status, task.last_status),
        "Limits": {"CPU": cpu_units(task.cpu) / 1024, "Memory": mebibytes(task.memory)},
        **_times(
            PullStartedAt=task.times.get("pullStartedAt"), PullStoppedAt=task.times.get("pullStoppedAt")
        ),
        "AvailabilityZone": task.availability_zone,
        "LaunchType": "FARGATE",
        "Containers": [_container(task, container) for container in task.containers],
    }


def _container(task: Task, container: Container) -> Json:
    """Return a container's metadata; without an image's id, for an image here has none."""
    return {
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": container.name,
        "Image": container.definition["image"],
        "ImageID": "",
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster.arn,
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": task.definition.family,
            "com.amazonaws.ecs.task-definition-version": str(task.definition.revision),
        },
        "DesiredStatus": task.desired_status,
        "KnownStatus": container.last_status,
        **({"ExitCode": container.exit_code} if container.exit_code is not None else {}),
        "Limits": _limits(container),
        **_times(
            CreatedAt=container.started_at, StartedAt=container.started_at, FinishedAt=container.finished_at
        ),
        "Type": "NORMAL",
        **({"Health": {"status": container.health}} if container.definition.get("healthCheck") else {}),
        **_logging(task, container),
        "ContainerARN": container.arn,
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": [ADDRESS]}],
    }


def _limits(container: Container) -> Json:
    memory = container.memory_limit
    return {"CPU": container.cpu, **({"Memory": memory >> 20} if memory is not None else {})}


def _logging(task: Task, container: Container) -> Json:
    configuration = container.definition.get("logConfiguration")
    if not configuration:
        return {}
    stream = f"{configuration['options']['awslogs-stream-prefix']}/{container.name}/{task.id}"
    shown = ("awslogs-group", "awslogs-region", "awslogs-create-group")
    options = {name: value for name, value in configuration["options"].items() if name in shown}
    return {"LogDriver": "awslogs", "LogOptions": options | {"awslogs-stream": stream}}


def _times(**times: datetime | None) -> dict[str, str]:
    return {name: _time(time) for name, time in times.items() if time is not None}


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
