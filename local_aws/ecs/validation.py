"""What RegisterTaskDefinition accepts: AWS's own rules, and what a process can honour.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import re
from typing import Final

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
}
# Accepted because a process with no container around it is the same with and without; each with the reason.
ACCEPTED_WITHOUT_EFFECT: Final = {
    "cpu": "a process is not held to a share of the processor",
    "memory": "a process is not held to a limit of memory",
    "memoryReservation": "memory is not reserved",
    "portMappings": "a process listens on the host's own ports",
    "user": "a process runs as whoever runs the local AWS",
    "readonlyRootFilesystem": "a process sees the host's file system, and its own scratch folders",
    "linuxParameters": "initProcessEnabled: a process is never PID 1, so signals reach it as under an init",
    "ulimits": "a process has the host's limits",
    "healthCheck": "a container's health is reported as UNKNOWN, as before its first check",
    "interactive": "a task's standard input is empty either way",
    "privileged": "Fargate has no privileged containers (true is refused by AWS)",
    "dockerLabels": "there is no Docker that would show them",
    "systemControls": "a process has the host's kernel parameters",
    "versionConsistency": "an image here has no digest that could change",
    "startTimeout": "it bounds the wait of dependsOn, which is refused",
}
_LOG_OPTIONS: Final = {
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "mode",  # blocking and non-blocking differ only when CloudWatch Logs cannot be reached
    "max-buffer-size",
}
# vCPU units: the memory sizes in MiB.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
_FARGATE_SIZES: Final[dict[int, list[int]]] = {
    256: [512, 1024, 2048],
    512: list(range(1024, 4096 + 1, 1024)),
    1024: list(range(2048, 8192 + 1, 1024)),
    2048: list(range(4096, 16384 + 1, 1024)),
    4096: list(range(8192, 30720 + 1, 1024)),
    8192: list(range(16384, 61440 + 1, 4096)),
    16384: list(range(32768, 122880 + 1, 8192)),
}
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
    _check_logging(container.get("logConfiguration"))


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


def check_fargate_size(cpu: str, memory: str) -> None:
    """Raise AwsError ClientException unless Fargate has tasks of this size."""
    units, mebibytes = _number(cpu, "vCPU"), _number(memory, "GB")
    if mebibytes not in _FARGATE_SIZES.get(units, []):
        raise _client_error(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")


def _number(text: str, unit: str) -> int:
    """Return a size, given in units or with its `unit` of 1,024 (`0.5 GB`)."""
    found = re.fullmatch(rf"\s*([0-9]*\.?[0-9]+)\s*({unit})?\s*", str(text), re.IGNORECASE)
    if not found:
        raise _client_error(f"Invalid size '{text}' for a task.")
    return round(float(found[1]) * (1024 if found[2] else 1))


def _client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)
