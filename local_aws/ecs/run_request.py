"""What RunTask accepts, before anything is made.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

from __future__ import annotations

import json
from typing import Final

from local_aws.ecs.records import TaskDefinition
from local_aws.ecs.sizes import check_fargate_size
from local_aws.ecs.store import check_tags
from local_aws.wire import AwsError, Json, not_modelled

_LONGEST_OVERRIDES: Final = 8192  # characters, the JSON around the values included
_OVERRIDES: Final = {"containerOverrides", "cpu", "memory", "executionRoleArn", "taskRoleArn"}
_CONTAINER_OVERRIDES: Final = {"name", "command", "environment", "cpu", "memory", "memoryReservation"}


def check_run(request: dict[str, Json], definition: TaskDefinition) -> None:
    """Raise AwsError unless a task of `definition` can be run as `request` (RunTask's) asks."""
    _check_definition(definition, request.get("launchType") or "EC2")
    _check_network(request.get("networkConfiguration"), definition)
    if not 1 <= (request.get("count") or 1) <= 10:
        raise _invalid("count should be between 1 and 10")
    if request.get("enableExecuteCommand"):
        raise not_modelled("enableExecuteCommand of ecs:RunTask")
    if (request.get("platformVersion") or "LATEST") not in ("LATEST", "1.4.0"):
        raise AwsError("PlatformUnknownException", "The specified platform version does not exist.")
    if (request.get("propagateTags") or "NONE") not in ("NONE", "TASK_DEFINITION"):
        raise _invalid("Tags can only be propagated from the task definition when a task is run.")
    if len(request.get("startedBy") or "") > 128:
        raise _invalid("startedBy is longer than 128 characters.")
    check_tags(request.get("tags") or [])
    _check_overrides(request.get("overrides") or {}, definition)


def _check_definition(definition: TaskDefinition, launch_type: str) -> None:
    if definition.status != "ACTIVE":
        raise AwsError("ClientException", "TaskDefinition is inactive")
    if launch_type != "FARGATE":
        raise _invalid("No Container Instances were found in your cluster.")
    if "FARGATE" not in (definition.body.get("requiresCompatibilities") or []):
        raise _invalid("Task definition does not support launch_type FARGATE.")


def _check_network(network: Json, definition: TaskDefinition) -> None:
    vpc = (network or {}).get("awsvpcConfiguration")
    if not vpc:
        raise _invalid(
            "Network Configuration must be provided when networkMode "
            f"'{definition.body['networkMode']}' is specified."
        )
    if not 1 <= len(vpc.get("subnets") or []) <= 16:
        raise _invalid("subnets can not be empty, and at most 16 can be given.")
    if len(vpc.get("securityGroups") or []) > 5:
        raise _invalid("at most 5 security groups can be given.")


def _check_overrides(overrides: dict[str, Json], definition: TaskDefinition) -> None:
    asked = {name for name, value in overrides.items() if value not in (None, [], {})}
    for lacking in sorted(asked - _OVERRIDES):
        raise not_modelled(f"{lacking} of a task's overrides")
    if len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)) > _LONGEST_OVERRIDES:
        raise _invalid(f"Container Overrides length must be at most {_LONGEST_OVERRIDES}")
    names = {container["name"] for container in definition.body["containerDefinitions"]}
    for override in overrides.get("containerOverrides") or []:
        for lacking in sorted(set(override) - _CONTAINER_OVERRIDES):
            raise not_modelled(f"{lacking} of a container's overrides")
        if override.get("name") not in names:
            raise _invalid(
                f"Override for container named {override.get('name')} is not a container in "
                "the TaskDefinition."
            )
    if overrides.get("cpu") or overrides.get("memory"):
        body = definition.body
        check_fargate_size(overrides.get("cpu") or body["cpu"], overrides.get("memory") or body["memory"])


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
