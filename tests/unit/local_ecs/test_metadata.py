"""What a container learns about itself, and how it gets its role's credentials."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/task"
METADATA = "ECS_CONTAINER_METADATA_URI_V4"
CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@pytest.fixture
def running(fargate: Any) -> str:
    """Return a task that runs until it is stopped."""
    check = {"command": ["CMD", "true"]}
    worker = fargate.container("wait", memory=256, cpu=10, healthCheck=check)
    definition = fargate.register(worker, taskRoleArn=ROLE, tags=[{"key": "a", "value": "1"}])
    arn: str = fargate.start(definition, propagateTags="TASK_DEFINITION")
    fargate.wait(arn, "RUNNING")
    return arn


def test_the_environment_says_where_to_ask(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html

    The definition's own word for it does not count, as with the agent on AWS's hosts.
    """
    mine = [{"name": METADATA, "value": "mine"}]
    task = fargate.run("environment", environment=mine)
    found = json.loads(fargate.lines(task)[0])
    assert found[METADATA] == f"{fargate.cloud.endpoint_url}/v4/{task['containers'][0]['runtimeId']}"


def test_a_container_learns_about_itself(fargate: Any, running: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html"""
    container = fargate.ask(running, METADATA).json
    described = fargate.describe(running)["containers"][0]
    assert container["DockerId"] == described["runtimeId"]
    assert container["ContainerARN"] == described["containerArn"]
    assert (container["Name"], container["Image"]) == ("worker", "ecs-worker")
    assert (container["DesiredStatus"], container["KnownStatus"]) == ("RUNNING", "RUNNING")
    assert container["Limits"] == {"CPU": 10, "Memory": 256}
    assert container["Labels"]["com.amazonaws.ecs.task-arn"] == running
    assert container["LogOptions"]["awslogs-stream"] == f"p/worker/{running.rpartition('/')[2]}"
    assert container["Health"] == {"status": "UNKNOWN"}
    assert container["StartedAt"].endswith("Z")
    assert "ExitCode" not in container


def test_a_container_learns_about_its_task(fargate: Any, running: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html"""
    task = fargate.ask(running, METADATA, "/task").json
    assert (task["TaskARN"], task["Family"], task["Revision"]) == (running, "f", "1")
    assert task["Cluster"] == fargate.describe(running)["clusterArn"]
    assert task["Limits"] == {"CPU": 0.25, "Memory": 512}
    assert (task["LaunchType"], task["KnownStatus"]) == ("FARGATE", "RUNNING")
    assert task["Containers"] == [fargate.ask(running, METADATA).json]
    assert fargate.ask(running, METADATA, "/taskWithTags").json["TaskTags"] == {"a": "1"}


def test_what_the_metadata_endpoint_lacks_is_refused(fargate: Any, running: str) -> None:
    stats = fargate.ask(running, METADATA, "/stats")
    assert stats.status_code == 501
    assert "does not model /stats of the task metadata endpoint" in stats.json["message"]
    assert fargate.ask(running, METADATA, "/nothing").status_code == 404


def test_credentials_are_a_roles_and_last(fargate: Any, running: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    credentials = fargate.ask(running, CREDENTIALS).json
    assert credentials["RoleArn"] == ROLE
    left = datetime.fromisoformat(credentials["Expiration"]) - datetime.now(UTC)
    assert timedelta(hours=5, minutes=59) < left <= timedelta(hours=6)
    assert fargate.ask(running, CREDENTIALS).json == credentials


def test_credentials_are_renewed_before_they_expire(fargate: Any, running: str) -> None:
    old = fargate.ask(running, CREDENTIALS).json
    task = fargate.service.tasks[running.rpartition("/")[2]]
    task.role = dataclasses.replace(task.role, expires=datetime.now(UTC) + timedelta(minutes=59))
    new = fargate.ask(running, CREDENTIALS).json
    assert new["AccessKeyId"] != old["AccessKeyId"]
    assert datetime.fromisoformat(new["Expiration"]) - datetime.now(UTC) > timedelta(hours=5)
    roles = fargate.cloud.enforcer.roles
    assert roles.session_of(new["AccessKeyId"]).arn == roles.session_of(old["AccessKeyId"]).arn


def test_credentials_and_metadata_end_with_the_task(fargate: Any, running: str) -> None:
    """As the agent does (agent/engine/task_manager.go of https://github.com/aws/amazon-ecs-agent)."""
    fargate.ecs.stop_task(cluster="c", task=running)
    fargate.wait(running)
    refused = fargate.ask(running, CREDENTIALS)
    assert (refused.status_code, refused.json["code"]) == (400, "InvalidIdInRequest")
    assert fargate.ask(running, METADATA).status_code == 404
