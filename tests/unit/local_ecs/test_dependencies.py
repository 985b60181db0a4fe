"""The order in which containers start and stop.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html; where it is silent,
agent/engine/dependencygraph/graph.go of https://github.com/aws/amazon-ecs-agent
"""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.ecs.records import Task


def main_after(fargate: Any, condition: str, *command: str, **more: Any) -> dict[str, Any]:
    """Return a container that depends on the container `side`."""
    dependency = {"containerName": "side", "condition": condition}
    container: dict[str, Any] = fargate.container(*command, name="main", dependsOn=[dependency], **more)
    return container


def side(fargate: Any, *command: str, **more: Any) -> dict[str, Any]:
    container: dict[str, Any] = fargate.container(*command, name="side", essential=False, **more)
    return container


def starts(fargate: Any, *containers: dict[str, Any], **more: Any) -> str:
    arn: str = fargate.start(fargate.register(*containers, **more))
    return arn


def is_waiting(task: Task) -> bool:
    """Return whether `side` runs, and another container waits for it."""
    states = {container.name: container.last_status for container in task.containers}
    return states == {"main": "PENDING", "side": "RUNNING"}


@pytest.mark.parametrize(("condition", "code"), [("COMPLETE", "3"), ("SUCCESS", "0")])
def test_a_container_starts_when_its_condition_is_met(fargate: Any, condition: str, code: str) -> None:
    arn = starts(fargate, main_after(fargate, condition, "exit", "0"), side(fargate, "exit", code))
    task = fargate.wait(arn)
    assert {one["name"]: one["exitCode"] for one in task["containers"]} == {"main": 0, "side": int(code)}
    main, first = fargate.record(arn).containers
    assert main.started_at > first.finished_at
    assert task["startedAt"].timestamp() >= main.started_at.timestamp() - 0.001  # which is rounded to 1 ms


def test_a_container_may_start_as_soon_as_another_one_runs(fargate: Any) -> None:
    arn = starts(fargate, main_after(fargate, "START", "exit", "0"), side(fargate, "wait"))
    task = fargate.wait(arn)
    assert {one["name"]: one["exitCode"] for one in task["containers"]} == {"main": 0, "side": 143}
    main, first = fargate.record(arn).containers
    assert first.started_at < main.started_at < first.finished_at


def test_a_task_is_pending_until_all_its_containers_have_started(fargate: Any) -> None:
    arn = starts(fargate, main_after(fargate, "COMPLETE", "exit", "0"), side(fargate, "wait"))
    waiting = fargate.wait_until(arn, is_waiting)
    assert waiting["lastStatus"] == "PENDING"
    assert "startedAt" not in waiting


def test_an_essential_container_that_can_never_start_ends_the_task(fargate: Any) -> None:
    arn = starts(fargate, main_after(fargate, "SUCCESS", "exit", "0"), side(fargate, "exit", "3"))
    task = fargate.wait(arn)
    main = task["containers"][0]
    assert main["exitCode"] == 143
    assert main["reason"].startswith("CannotStartContainerError: dependency graph: ")
    assert main["reason"].endswith("as dependency did not exit successfully.")
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", main["reason"])
    assert "startedAt" not in task


def test_the_task_runs_without_another_container_that_can_never_start(fargate: Any) -> None:
    dependent = main_after(fargate, "SUCCESS", "exit", "0", essential=False)
    last = fargate.container(
        "exit", "0", name="last", dependsOn=[{"containerName": "side", "condition": "COMPLETE"}]
    )
    task = fargate.wait(starts(fargate, dependent, side(fargate, "exit", "3"), last))
    assert [one["exitCode"] for one in task["containers"]] == [143, 3, 0]
    assert task["stopCode"] == "EssentialContainerExited"
    assert "startedAt" in task


def test_what_depends_on_a_container_that_never_starts_never_starts(fargate: Any) -> None:
    missing = fargate.container(name="side", image="ecs-missing", essential=False)
    task = fargate.wait(starts(fargate, main_after(fargate, "START", "exit", "0"), missing))
    assert task["containers"][0]["reason"].endswith("because dependency will never start")
    assert "exitCode" not in task["containers"][1]


def test_a_container_that_is_not_essential_need_not_start(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (essential)"""
    missing = fargate.container(name="side", image="ecs-missing", essential=False)
    task = fargate.wait(starts(fargate, fargate.container("exit", "0"), missing))
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][1]["reason"].startswith("CannotStartContainerError: ")


def test_start_timeout_bounds_the_wait_for_the_container_that_has_it(fargate: Any) -> None:
    """startTimeout: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
    arn = starts(
        fargate, main_after(fargate, "COMPLETE", "exit", "0"), side(fargate, "wait", startTimeout=120)
    )
    fargate.wait_until(arn, is_waiting)
    fargate.cloud.clock.skip(110)
    assert is_waiting(fargate.record(arn))
    fargate.cloud.clock.skip(10)
    task = fargate.wait(arn)
    assert task["containers"][0]["reason"].endswith("has timed out.")
    assert [one["exitCode"] for one in task["containers"]] == [143, 143]


def test_a_container_waits_until_another_is_healthy(fargate: Any) -> None:
    healthy = {"command": ["CMD-SHELL", "exit 0"], "interval": 300}
    arn = starts(
        fargate, main_after(fargate, "HEALTHY", "exit", "0"), side(fargate, "wait", healthCheck=healthy)
    )
    fargate.wait_until(arn, is_waiting)
    fargate.cloud.clock.skip(300)
    task = fargate.wait(arn)
    assert task["containers"][0]["exitCode"] == 0
    assert [one["healthStatus"] for one in task["containers"]] == ["UNKNOWN", "HEALTHY"]


def test_stop_task_ends_a_wait(fargate: Any) -> None:
    arn = starts(fargate, main_after(fargate, "COMPLETE", "exit", "0"), side(fargate, "wait"))
    fargate.wait_until(arn, is_waiting)
    fargate.ecs.stop_task(cluster="c", task=arn, reason="enough")
    task = fargate.wait(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert "exitCode" not in task["containers"][0]
    assert task["containers"][1]["exitCode"] == 143


def test_containers_stop_in_reverse(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (dependsOn)"""
    arn = starts(
        fargate,
        main_after(fargate, "START", "ignore SIGTERM", stopTimeout=120),
        side(fargate, "handle SIGTERM"),
    )
    for name in ("main", "side"):
        fargate.wait_for_line(arn, "ready", name)
    fargate.ecs.stop_task(cluster="c", task=arn)
    fargate.wait(arn, "STOPPING")
    fargate.cloud.clock.skip(119)
    assert fargate.lines({"taskArn": arn}, "side") == ["ready"]
    fargate.cloud.clock.skip(1)
    task = fargate.wait(arn)
    assert [one["exitCode"] for one in task["containers"]] == [137, 9]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "SUCCESS or COMPLETE condition cannot be an essential container"),
        ({"condition": "HEALTHY"}, "must have a healthCheck"),
        ({"condition": "READY"}, "Unknown condition READY"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(fargate: Any, change: dict[str, str], message: str) -> None:
    """https://github.com/boto/boto3/issues/2436 has AWS's words for the first."""
    dependency = {"containerName": "side", "condition": "SUCCESS"} | change
    with pytest.raises(fargate.ecs.exceptions.ClientException, match=message):
        fargate.register(
            fargate.container(name="main", dependsOn=[dependency]), fargate.container(name="side")
        )
