"""EventBridge Scheduler over moto, which keeps schedules and groups; their rules and turns are ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from moto.scheduler.models import ScheduleGroup, scheduler_backends
from werkzeug.wrappers import Request, Response

from local_aws.iam.roles import NotTrustedError
from local_aws.over_moto.requests import with_body
from local_aws.scheduler.checks import check_schedule
from local_aws.scheduler.schedules import Schedules
from local_aws.wire import AwsError, Json, json_error

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_OPERATIONS = {"POST": "CreateSchedule", "PUT": "UpdateSchedule"}
Forward = Callable[[Request], Response]


class Scheduler:
    """Stands before moto's EventBridge Scheduler."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._schedules: dict[str, Schedules] = {}

    def answer(self, request: Request, region: str, forward: Forward) -> Response:
        """Answer one request (called with moto's lock held)."""
        schedules = self._schedules.setdefault(region, Schedules(self.cloud, region))
        kind, _, name = request.path[1:].partition("/")
        try:
            if kind == "schedules" and name and request.method in _OPERATIONS:
                return self._put_schedule(request, schedules, name, forward)
            if kind == "schedule-groups" and name:
                self._check_group(request, region, name)
        except AwsError as error:
            return json_error(error)
        response = forward(request)
        if request.method == "DELETE" and response.status_code < 300:
            schedules.changed()
        return response

    def _put_schedule(self, request: Request, schedules: Schedules, name: str, forward: Forward) -> Response:
        """Check a schedule, have moto keep it, and mend what moto judges by the host's time or leaves out."""
        body = json.loads(request.get_data())
        now = self.cloud.clock.time()
        check_schedule(_OPERATIONS[request.method], {**body, "Name": name}, now)
        group = self._group(schedules.region, body.get("GroupName") or "default")
        self._check_role(schedules, body["Target"]["RoleArn"], group.name)
        start = body.pop("StartDate", None)
        response = forward(with_body(request, json.dumps(body).encode()))
        if response.status_code < 300:
            kept = group.get_schedule(name)
            kept.start_date = start
            kept.state = kept.state or "ENABLED"
            kept.action_after_completion = body.get("ActionAfterCompletion") or "NONE"
            kept.last_modified_date = now
            if request.method == "POST":
                kept.creation_date = now
            schedules.changed()
        return response

    def _check_role(self, schedules: Schedules, role: str, group: str) -> None:
        try:
            iam = self.cloud.client("iam", schedules.region)
            iam.get_role(RoleName=role.rpartition("/")[2])
            schedules.begin_session(role, group)
        except (ClientError, NotTrustedError) as error:
            raise AwsError(
                "ValidationException",
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
            ) from error

    def _group(self, region: str, name: str) -> ScheduleGroup:
        groups = scheduler_backends[self.cloud.account][region].schedule_groups
        if name not in groups:
            raise AwsError("ResourceNotFoundException", f"Schedule group {name} does not exist.", 404)
        group: ScheduleGroup = groups[name]
        return group

    def _check_group(self, request: Request, region: str, name: str) -> None:
        """Refuse what moto would overwrite, or fail on."""
        groups: Json = scheduler_backends[self.cloud.account][region].schedule_groups
        if request.method == "POST" and name in groups:
            raise AwsError("ConflictException", f"Schedule group {name} already exists.", 409)
        if request.method == "DELETE":
            self._group(region, name)
            if name == "default":
                raise AwsError("ValidationException", "Cannot delete the default schedule group.")
