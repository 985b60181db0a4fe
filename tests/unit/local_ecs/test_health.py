"""Health checks: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from local_aws.ecs.health import keep_checking
from local_aws.virtual_clock import VirtualClock

HANGS = -1


def changes(results: list[int], **check: Any) -> list[tuple[float, str]]:
    """Return when (seconds after the start) the health became what, given each check's exit code."""
    clock = VirtualClock()
    left = iter(results)

    async def execute(command: Sequence[str]) -> int:
        assert command == ["/bin/sh", "-c", "look"]
        result = next(left, None)
        if result is None:
            raise asyncio.CancelledError
        if result == HANGS:
            await clock.sleep(3600)
        return result

    async def run() -> list[tuple[float, str]]:
        began = clock.time()
        found: list[tuple[float, str]] = []
        try:
            async for health in keep_checking({"command": ["CMD-SHELL", "look"], **check}, execute, clock):
                found.append((round(clock.time() - began), health))
        except asyncio.CancelledError:
            pass
        return found

    loop = clock.new_event_loop()
    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()


def test_a_container_is_healthy_after_one_check_that_passes() -> None:
    assert changes([1, 0, 0]) == [(60, "HEALTHY")]


def test_a_container_is_unhealthy_after_so_many_failures_in_a_row() -> None:
    assert changes([0, 1, 1, 0, 1, 1, 1, 1, 0], interval=10) == [
        (10, "HEALTHY"),
        (70, "UNHEALTHY"),
        (90, "HEALTHY"),
    ]


def test_a_check_that_takes_too_long_has_failed() -> None:
    assert changes([HANGS, HANGS], retries=2, timeout=7) == [(74, "UNHEALTHY")]


@pytest.mark.parametrize(
    ("results", "unhealthy"),
    [([1, 1, 1, 1, 1], 40), ([1, 0, 1, 1], 40)],  # the second is healthy from 20 on: then failures count
)
def test_failures_in_the_start_period_do_not_count(results: list[int], unhealthy: int) -> None:
    found = changes(results, interval=10, retries=2, startPeriod=25)
    assert found[-1] == (unhealthy, "UNHEALTHY")


def test_a_task_goes_on_though_it_is_unhealthy(fargate: Any) -> None:
    """A task that was run by hand continues its life cycle regardless of its health (API_HealthCheck)."""
    check = {"command": ["CMD", "test", "-e", "/shared/nothing"], "retries": 1, "interval": 300}
    worker = fargate.container("wait", healthCheck=check)
    arn = fargate.start(fargate.register(worker, fargate.container("wait", name="other")))
    assert fargate.wait(arn, "RUNNING")["healthStatus"] == "UNKNOWN"
    fargate.cloud.clock.skip(300)
    task = fargate.wait_until(arn, lambda task: task.containers[0].health == "UNHEALTHY")
    assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "UNHEALTHY")


def test_a_health_check_sees_the_containers_volumes(fargate: Any) -> None:
    check = {"command": ["CMD", "test", "-e", "/shared/file"], "interval": 300}
    mount = [{"sourceVolume": "v", "containerPath": "/shared"}]
    worker = fargate.container("write and wait", "/shared", healthCheck=check, mountPoints=mount)
    arn = fargate.start(fargate.register(worker, volumes=[{"name": "v"}]))
    fargate.wait_for_line(arn, "ready")
    fargate.cloud.clock.skip(300)
    fargate.wait_until(arn, lambda task: task.health == "HEALTHY")
