"""What RegisterTaskDefinition accepts: AWS's own rules, and what a process can honour.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import re
from typing import Final

from local_aws.ecs.dependencies import check_dependencies
from local_aws.ecs.health import check_health_check
from local_aws.ecs.sizes import check_fargate_size, mebibytes
from local_aws.wire import AwsError, Json, not_modelled

HONOURED: Final = {
    "name",
    "image",
    "essential",
    "entryPoint",
    "command",
    "environment",
    "mountPoints",
    "stopTimeout",
    "logConfiguration",
    "dependsOn",
    "startTimeout",
    "healthCheck",
    "memory",
}
# Accepted because a process with no container around it is the same with and without; each with the reason.
ACCEPTED_WITHOUT_EFFECT: Final = {
    "cpu": "a process is not held to a share of the processor",
    "memoryReservation": "memory is not reserved",
    "portMappings": "a process listens on the host's own ports",
    "user": "a process runs as whoever runs the local AWS",
    "readonlyRootFilesystem": "a process sees the host's file system, and its own scratch folders",
    "linuxParameters": "initProcessEnabled: a process is never PID 1, so signals reach it as under an init",
    "ulimits": "a process has the host's limits",
    "interactive": "a task's standard input is empty either way",
    "privileged": "Fargate has no privileged containers (true is refused by AWS)",
    "dockerLabels": "there is no Docker that would show them",
    "systemControls": "a process has the host's kernel parameters",
    "versionConsistency": "an image here has no digest that could change",
}
_LOG_OPTIONS: Final = {
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "mode",  # blocking and non-blocking differ only when CloudWatch Logs cannot be reached
    "max-buffer-size",
}
_LEAST_MEMORY: Final = 6  # MiB
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,255}")


def check_definition(request: dict[str, Json]) -> None:
    """Raise AwsError unless `request` (RegisterTaskDefinition's) is what AWS takes and we can honour."""
    if not _NAME.fullmatch(request["family"]):
        raise _client_error("Family contains invalid characters.")
    containers = request["containerDefinitions"]
    if not 1 <= len(containers) <= 10:
        raise _client_error(f"A task definition has 1 to 10 containers, found {len(containers)}.")
    volumes = {_check_volume(volume) for volume in request.get("volumes") or []}
    for container in containers:
        _check_container(container, volumes)
    names = [container["name"] for container in containers]
    if len(names) != len(set(names)):
        raise _client_error("Container names must be unique within a task definition.")
    if not any(container.get("essential", True) for container in containers):
        raise _client_error("A task definition must have at least one essential container.")
    check_dependencies(containers)
    if "FARGATE" in (request.get("requiresCompatibilities") or []):
        _check_fargate(request)


def _check_container(container: dict[str, Json], volumes: set[str]) -> None:
    for member in ("name", "image"):
        if not container.get(member):
            raise _client_error(f"Container.{member} should not be null or empty.")
    if not _NAME.fullmatch(container["name"]):
        raise _client_error("Container.name contains invalid characters.")
    asked = {name for name, value in container.items() if value not in (None, [], {})}
    for lacking in sorted(asked - HONOURED - set(ACCEPTED_WITHOUT_EFFECT)):
        raise not_modelled(f"{lacking} of a container definition")
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            raise _client_error(f"Unknown volume '{mount.get('sourceVolume')}'.")
        if not str(mount.get("containerPath", "")).startswith("/"):
            raise _client_error("A mount point's containerPath must be an absolute path.")
    if not 0 <= container.get("stopTimeout", 30) <= 120:
        raise _client_error("Invalid stopTimeout: on Fargate it is at most 120 seconds.")
    if not 2 <= container.get("startTimeout", 2) <= 120:
        raise _client_error("Invalid startTimeout: on Fargate it is 2 to 120 seconds.")
    if container.get("healthCheck"):
        check_health_check(container["healthCheck"])
    _check_memory(container)
    _check_logging(container.get("logConfiguration"))


def _check_memory(container: dict[str, Json]) -> None:
    hard, soft = container.get("memory"), container.get("memoryReservation")
    for size in (hard, soft):
        if size is not None and size < _LEAST_MEMORY:
            raise _client_error(
                f"Invalid memory setting for container '{container['name']}': the least is "
                f"{_LEAST_MEMORY} MiB, found {size}."
            )
    if hard is not None and soft is not None and soft > hard:
        raise _client_error(
            f"Invalid setting for container '{container['name']}': memoryReservation {soft} is above "
            f"memory {hard}."
        )


def _check_logging(logging: dict[str, Json] | None) -> None:
    if not logging:
        return
    if logging["logDriver"] != "awslogs":
        raise not_modelled(f"the log driver {logging['logDriver']}")
    if logging.get("secretOptions"):
        raise not_modelled("secretOptions of a log configuration")
    options = logging.get("options") or {}
    for lacking in sorted(set(options) - _LOG_OPTIONS):
        raise not_modelled(f"{lacking} of the log driver awslogs")
    for required in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
        if not options.get(required):
            raise _client_error(f"Log driver awslogs requires options: {required}.")


def _check_volume(volume: dict[str, Json]) -> str:
    """Return the volume's name."""
    for lacking in sorted(name for name, value in volume.items() if value and name not in ("name", "host")):
        raise not_modelled(f"{lacking} of a volume")
    if (volume.get("host") or {}).get("sourcePath"):
        raise _client_error("host.sourcePath should not be set for volumes in Fargate.")
    return str(volume["name"])


def _check_fargate(request: dict[str, Json]) -> None:
    if request.get("networkMode") != "awsvpc":
        raise _client_error("Fargate only supports network mode 'awsvpc'.")
    for member in ("cpu", "memory"):
        if not request.get(member):
            raise _client_error(f"Fargate requires that '{member}' be defined at the task level.")
    check_fargate_size(request["cpu"], request["memory"])
    reserved = sum(
        one.get("memoryReservation") or one.get("memory") or 0 for one in request["containerDefinitions"]
    )
    if reserved > mebibytes(request["memory"]):
        raise _client_error(
            f"The containers reserve {reserved} MiB of memory, more than the task's {request['memory']}."
        )
    for container in request["containerDefinitions"]:
        if container.get("privileged"):
            raise _client_error("Fargate does not support privileged containers.")
        if request.get("executionRoleArn"):
            continue
        if container.get("logConfiguration"):
            raise _client_error(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs."
            )
        if re.match(r"\d{12}\.dkr\.ecr\.", container["image"]):
            raise _client_error(
                "Fargate requires task definition to have execution role ARN to support ECR images."
            )


def _client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)
