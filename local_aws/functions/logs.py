"""The log stream of an execution environment, in CloudWatch Logs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local_aws.ecs.awslogs import batches
from local_aws.iam.roles import Session, acting_as
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

log = logging.getLogger(__name__)


class LogStream:
    """Made with its first event, by the function's role; what the role may not write is lost, as on AWS."""

    def __init__(self, cloud: Cloud, region: str, function: str, role: Session) -> None:
        self.group = f"/aws/lambda/{function}"
        self.name = f"{cloud.clock.now():%Y/%m/%d}/[$LATEST]{cloud.new_id().replace('-', '')}"
        self._cloud = cloud
        self._region = region
        self._role = role
        self._made = False

    async def write(self, events: list[bytes]) -> None:
        """Add events; a failure to do so is a warning and no more."""
        try:
            if not self._made:
                await self._make("create_log_group", logGroupName=self.group)
                await self._make("create_log_stream", logGroupName=self.group, logStreamName=self.name)
                self._made = True
            for batch in batches(events, self._cloud.clock):
                place = {"logGroupName": self.group, "logStreamName": self.name}
                await self._call("put_log_events", **place, logEvents=batch)
        except ClientError as error:
            log.warning("%d log events of %s are lost: %s", len(events), self.group, error)

    async def _make(self, method: str, **place: str) -> None:
        """Create the group or stream; a role need not have the right to, when it is there."""
        try:
            await self._call(method, **place)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code != "ResourceAlreadyExistsException" and method != "create_log_group":
                raise

    async def _call(self, method: str, **parameters: Json) -> None:
        with acting_as(self._role.access_key):
            await self._cloud.call("logs", self._region, method, **parameters)
