"""A schedule whose target is a queue, as the tests of EventBridge Scheduler speak to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from local_aws.cloud import Cloud

REGION = "eu-west-1"
OFF = {"Mode": "OFF"}


class Scheduling:
    """The scheduler of an account, a queue, and a role that may send to any queue."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.scheduler = cloud.client("scheduler", REGION)
        self.sqs = cloud.client("sqs", REGION)
        self.name = f"s-{cloud.new_id()}"
        self.queue, self.url = self.new_queue()
        self.role = self.new_role("sqs:SendMessage")

    @property
    def now(self) -> datetime:
        """Return the time, in whole seconds."""
        return datetime.fromtimestamp(int(self.cloud.clock.time()), UTC)

    def new_queue(self) -> tuple[str, str]:
        """Make a queue; return its ARN and its URL."""
        name = f"q-{self.cloud.new_id()}"
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return f"arn:aws:sqs:{REGION}:{self.cloud.account}:{name}", url

    def new_role(self, action: str, service: str = "scheduler.amazonaws.com", **condition: Any) -> str:
        """Make a role for a service that may do one thing; return its ARN."""
        iam, name = self.cloud.client("iam", REGION), f"role-{self.cloud.new_id()}"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"} | condition
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])

    def create(self, expression: str, target: dict[str, Any] | None = None, **more: Any) -> str:
        """Create the schedule; return its ARN."""
        return str(self.scheduler.create_schedule(**self._asked(expression, target, more))["ScheduleArn"])

    def update(self, expression: str, target: dict[str, Any] | None = None, **more: Any) -> None:
        self.scheduler.update_schedule(**self._asked(expression, target, more))

    def _asked(self, expression: str, target: dict[str, Any] | None, more: dict[str, Any]) -> dict[str, Any]:
        to = {"Arn": self.queue, "RoleArn": self.role} | (target or {})
        asked = {"Name": self.name, "ScheduleExpression": expression, "FlexibleTimeWindow": OFF, "Target": to}
        return asked | more

    def remove(self) -> None:
        """Remove all schedules: they are those of the process."""
        for one in self.scheduler.list_schedules()["Schedules"]:
            self.scheduler.delete_schedule(Name=one["Name"], GroupName=one["GroupName"])
        self.sqs.delete_queue(QueueUrl=self.url)

    def names(self) -> list[str]:
        return [one["Name"] for one in self.scheduler.list_schedules()["Schedules"]]

    def after(self, seconds: float | timedelta) -> list[str]:
        """Let time pass; return what the queue has got in it."""
        passed = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        self.cloud.run(self.cloud.clock.sleep(passed))
        return [message["Body"] for message in self.messages(self.url)]

    def messages(self, url: str) -> list[Any]:
        """Take what is in a queue, once the work under way is done."""
        self.cloud.run(self._settle())
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(answer.get("Messages", []))

    async def _settle(self) -> None:
        """Wait until nothing is left to be invoked: virtual time passes a millisecond when all else waits."""
        for _ in range(3):
            await self.cloud.clock.sleep(0.001)
