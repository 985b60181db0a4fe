"""Roles of an account, and calls made as one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local_aws.cloud import Cloud
from local_aws.iam.roles import Session, acting_as

REGION = "eu-west-1"
ACCOUNT = "123456789012"
TASKS = "ecs-tasks.amazonaws.com"


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return allow(*actions, on=on, **more) | {"Effect": "Deny"}


def trust(service: str, **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return statement | ({"Condition": conditions} if conditions else {})


def make_role(cloud: Cloud, *statements: dict[str, Any], trusting: dict[str, Any] | None = None) -> str:
    """Make a role with these statements in its one policy; return its ARN."""
    iam, name = cloud.client("iam", REGION), f"role-{cloud.new_id()}"
    trusted = {"Version": "2012-10-17", "Statement": [trusting or trust(TASKS)]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))["Role"]
    if statements:
        change_policy(cloud, role["Arn"], *statements)
    return str(role["Arn"])


def change_policy(cloud: Cloud, role: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    cloud.client("iam", REGION).put_role_policy(
        RoleName=role.rpartition("/")[2], PolicyName="policy", PolicyDocument=json.dumps(document)
    )


class Actor:
    """A session of a role; calls of its clients are made as the role."""

    def __init__(self, cloud: Cloud, role: str) -> None:
        self.cloud = cloud
        self.session: Session = cloud.enforcer.roles.begin(
            role, TASKS, f"arn:aws:ecs:{REGION}:{ACCOUNT}:*", "the-session"
        )

    def call(self, service: str, method: str, **parameters: Any) -> Any:
        with acting_as(self.session.access_key):
            return getattr(self.cloud.client(service, REGION), method)(**parameters)


def actor(cloud: Cloud, *statements: dict[str, Any]) -> Actor:
    return Actor(cloud, make_role(cloud, *statements))


def machine_text(name: str) -> str:
    """Return the definition of a machine of this folder."""
    return (Path(__file__).parent / "machines" / f"{name}.json").read_text(encoding="utf-8")


def wait_for(cloud: Cloud, execution: str) -> None:
    """Wait for the end of an execution."""

    async def ended() -> None:
        await cloud.states(REGION)._execution(execution).ended()

    cloud.run(ended())
