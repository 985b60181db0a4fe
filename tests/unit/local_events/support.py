"""An account with a rule, as the tests of event delivery speak to it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from local_aws.cloud import Cloud

ECHO = (Path(__file__).parent / "echo.json").read_text()
REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/rule-and-machine"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": ["events.amazonaws.com", "states.amazonaws.com"]},
    "Action": "sts:AssumeRole",
}
MAY_START = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "states:StartExecution", "Resource": "*"}],
}


class Account:
    """A rule that starts a machine which ends with its input."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.events = cloud.client("events", REGION)
        self.states = cloud.client("stepfunctions", REGION)
        self.sqs = cloud.client("sqs", REGION)
        make_role(cloud)
        machine = self.states.create_state_machine(name="echo", definition=ECHO, roleArn=ROLE)
        self.machine = machine["stateMachineArn"]
        self.source = f"tests.{cloud.new_id()}"  # moto's rules are those of the whole process
        self.rule = f"rule-{cloud.new_id()}"
        self.events.put_rule(Name=self.rule, EventPattern=json.dumps({"source": [self.source]}))

    def target(self, **more: Any) -> None:
        target = {"Id": "t", "Arn": self.machine, "RoleArn": ROLE} | more
        given = {name: value for name, value in target.items() if value is not None}
        self.events.put_targets(Rule=self.rule, Targets=[given])

    def put(self, detail: Any = None, **more: Any) -> Any:
        entry = {"Source": self.source, "DetailType": "Test", "Detail": json.dumps(detail or {})} | more
        return self.events.put_events(Entries=[entry])

    def settle(self) -> None:
        """Wait until what has been published has been delivered."""

        async def settle() -> None:
            bus = self.cloud.events(REGION)
            await asyncio.sleep(0)
            while bus._deliveries:
                await asyncio.gather(*bus._deliveries)

        self.cloud.run(settle())

    def executions(self) -> list[Any]:
        self.settle()
        listed = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return [self.states.describe_execution(executionArn=one["executionArn"]) for one in listed]


def make_role(cloud: Cloud) -> None:
    """Make the role of rule and machine, if another test has not: moto's roles are those of the process."""
    iam, name = cloud.client("iam", REGION), ROLE.rpartition("/")[2]
    if name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))
    iam.put_role_policy(RoleName=name, PolicyName="start", PolicyDocument=json.dumps(MAY_START))
