"""The two roles of a task, and what the execution role is for: pulling the images.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

import re
from typing import Final

from local_aws.ecs.images import Image, ImageNotFoundError
from local_aws.ecs.records import Task, TaskDefinition
from local_aws.ecs.store import EcsStore
from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.policies import Need
from local_aws.iam.roles import NotTrustedError, Session
from local_aws.wire import AwsError, Json

_IN_ECR: Final = re.compile(
    r"(?P<host>(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)"
    r"/(?P<name>[^:@]+)[:@]?(?P<tag>.*)"
)
_PULLING: Final = ("ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")


class CannotPullError(Exception):
    """An image cannot be pulled; the message is the task's stopped reason."""


def session_of(
    service: EcsStore, definition: TaskDefinition, request: dict[str, Json], name: str, task_id: str
) -> Session | None:
    """Return the session of the role `name` (taskRoleArn, executionRoleArn) of a task, if it has the role.

    Raises ClientException when the role does not trust ECS, on whose behalf no single cluster can be named.
    """
    role = (request.get("overrides") or {}).get(name) or definition.body.get(name)
    if not role:
        return None
    try:
        roles = service.cloud.enforcer.roles
        return roles.begin(role, "ecs-tasks.amazonaws.com", service.arn("*"), task_id)
    except NotTrustedError as error:
        raise AwsError(
            "ClientException",
            f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that "
            "the role being passed has the proper trust relationship and permissions and that your IAM user "
            f"has permissions to pass this role. ({error})",
        ) from error


async def pull(service: EcsStore, task: Task, reference: str) -> Image:
    """Return an image as ECS gets it with the task's execution role; raise CannotPullError.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
    """
    private = _IN_ECR.fullmatch(reference)
    if private is not None and task.execution_role is not None:
        _check_pull(service, task.execution_role, reference, private)
    try:
        return await service.runtime.find(reference)
    except ImageNotFoundError as error:
        raise CannotPullError(
            f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {error}"
        ) from error


def _check_pull(service: EcsStore, session: Session, reference: str, image: re.Match[str]) -> None:
    enforcer = service.cloud.enforcer
    try:
        enforcer.demand(session, Need("ecr:GetAuthorizationToken"), image["region"])
    except AccessDeniedError as denied:
        raise CannotPullError(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 "
            f"time(s): AccessDeniedException: {denied}"
        ) from denied
    repository = f"arn:aws:ecr:{image['region']}:{image['account']}:repository/{image['name']}"
    try:
        for action in _PULLING:
            enforcer.demand(session, Need(action, repository), image["region"])
    except AccessDeniedError as denied:
        raise CannotPullError(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            f"{reference}: pulling from host {image['host']} failed with status code [manifests "
            f"{image['tag'] or 'latest'}]: 403 Forbidden"
        ) from denied
