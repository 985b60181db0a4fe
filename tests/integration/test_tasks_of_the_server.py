"""Tasks of the local AWS as a process of its own, as people run it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from mayfly.local.local_server import LocalServer
from tests.e2e.pipeline import until
from tests.environment import pointed_to


@pytest.fixture
def ecs() -> Iterator[Any]:
    with LocalServer.spawned(keep=False, meanwhile=lambda: None) as server, pointed_to(server.url):
        yield boto3.client("ecs")


def test_a_stopped_task_hears_sigterm_and_ends_with_143(ecs: Any) -> None:
    """Signals that the server blocked for itself would be blocked in every task, too."""
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="f",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[
            {
                "name": "c",
                "image": "ecs-validator",
                "entryPoint": ["sh", "-c", "trap 'exit 143' TERM; while :; do sleep 0.1; done"],
            }
        ],
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    answer = ecs.run_task(cluster="c", taskDefinition="f", launchType="FARGATE", networkConfiguration=network)
    task = answer["tasks"][0]["taskArn"]

    def described() -> Any:
        return ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]

    until(lambda: described()["lastStatus"] == "RUNNING", "the task to run")
    ecs.stop_task(cluster="c", task=task, reason="enough")
    until(lambda: described()["lastStatus"] == "STOPPED", "the task to stop", seconds=20)
    assert described()["containers"][0]["exitCode"] == 143
    assert described()["stoppedReason"] == "enough"
