"""An account with a rule, as the tests of event delivery speak to it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Self

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
        name = f"echo-{cloud.new_id()}"
        machine = self.states.create_state_machine(name=name, definition=ECHO, roleArn=ROLE)
        self.machine = machine["stateMachineArn"]
        self.source = f"tests.{cloud.new_id()}"  # moto's rules are those of the whole process
        self.rule = f"rule-{cloud.new_id()}"
        self.rule_arn = f"arn:aws:events:{REGION}:{cloud.account}:rule/{self.rule}"
        self.events.put_rule(Name=self.rule, EventPattern=json.dumps({"source": [self.source]}))

    def remove_rule(self) -> None:
        """Remove the rule, if the test has not: moto's rules are those of the process."""
        if self.events.list_rules(NamePrefix=self.rule)["Rules"]:
            targets = self.events.list_targets_by_rule(Rule=self.rule)["Targets"]
            if targets:
                self.events.remove_targets(Rule=self.rule, Ids=[target["Id"] for target in targets])
            self.events.delete_rule(Name=self.rule)

    def target(self, **more: Any) -> None:
        target = {"Id": "t", "Arn": self.machine, "RoleArn": ROLE} | more
        given = {name: value for name, value in target.items() if value is not None}
        self.events.put_targets(Rule=self.rule, Targets=[given])

    def wants(self, pattern: Any) -> None:
        """Let the rule have another pattern."""
        self.events.put_rule(Name=self.rule, EventPattern=json.dumps(pattern))

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

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with the turns of schedules on its way."""
        self.cloud.run(self.cloud.clock.sleep(seconds))

    def executions(self) -> list[Any]:
        self.settle()
        listed = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return [self.states.describe_execution(executionArn=one["executionArn"]) for one in listed]

    def role(self, action: str, resource: str, service: str = "events.amazonaws.com") -> str:
        """Make a role for a service that may do one thing; return its ARN."""
        iam, name = self.cloud.client("iam", REGION), f"role-{self.cloud.new_id()}"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])


class Queue:
    """A queue of the account; a context manager, for moto's queues are those of the process."""

    def __init__(self, account: Account, *, fifo: bool = False) -> None:
        self.account = account
        self.name = f"queue-{account.cloud.new_id()}" + (".fifo" if fifo else "")
        self.arn = f"arn:aws:sqs:{REGION}:{account.cloud.account}:{self.name}"
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        self.url = account.sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.account.sqs.delete_queue(QueueUrl=self.url)

    def let_in(self, rule: str) -> None:
        """Let EventBridge send to the queue for a rule (an ARN)."""
        condition = {"ArnEquals": {"aws:SourceArn": rule}}
        allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
        statement = allow | {"Action": "sqs:SendMessage", "Resource": self.arn, "Condition": condition}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.account.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def messages(self) -> list[Any]:
        """Take what is in the queue when everything has been delivered."""
        self.account.settle()
        answer = self.account.sqs.receive_message(
            QueueUrl=self.url, MessageAttributeNames=["All"], AttributeNames=["All"], MaxNumberOfMessages=10
        )
        return list(answer.get("Messages", []))

    def events(self) -> list[Any]:
        """Take the messages, and return what they say."""
        return [json.loads(message["Body"]) for message in self.messages()]

    def attribute(self, name: str) -> str:
        """Take the one message, and return an attribute of it."""
        (message,) = self.messages()
        return str(message["MessageAttributes"][name]["StringValue"])


def make_role(cloud: Cloud) -> None:
    """Make the role of rule and machine, if another test has not: moto's roles are those of the process."""
    iam, name = cloud.client("iam", REGION), ROLE.rpartition("/")[2]
    if name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))
    iam.put_role_policy(RoleName=name, PolicyName="start", PolicyDocument=json.dumps(MAY_START))
