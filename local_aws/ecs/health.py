"""A container's health check, as Docker makes it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
https://docs.docker.com/reference/dockerfile/#healthcheck
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from local_aws.clock import Clock
from local_aws.ecs.process import first_of
from local_aws.wire import AwsError, Json

# What each member may be, in seconds or attempts, and what it is by default.
_RANGES: Final[dict[str, tuple[int, int, int]]] = {
    "interval": (5, 300, 30),
    "timeout": (2, 60, 5),
    "retries": (1, 10, 3),
    "startPeriod": (0, 300, 0),
}


def check_health_check(check: dict[str, Json]) -> None:
    """Raise AwsError ClientException for a health check that AWS would refuse."""
    command = check.get("command") or []
    if len(command) < 2 or command[0] not in ("CMD", "CMD-SHELL"):
        raise AwsError(
            "ClientException",
            f"healthCheck.command must begin with CMD or CMD-SHELL and name a command, found {command}.",
        )
    for name, (least, most, _) in _RANGES.items():
        if check.get(name) is not None and not least <= check[name] <= most:
            raise AwsError(
                "ClientException",
                f"healthCheck.{name} must be between {least} and {most}, found {check[name]}.",
            )


async def keep_checking(
    check: dict[str, Json], execute: Callable[[Sequence[str]], Awaitable[int]], clock: Clock
) -> AsyncIterator[str]:
    """Check for ever, first after one interval; yield HEALTHY and UNHEALTHY as the container becomes so.

    Failures in the start period do not count, unless a check has succeeded in it.
    """
    interval, timeout, retries, start_period = (
        check.get(name) or default for name, (_, _, default) in _RANGES.items()
    )
    began = clock.time()
    health, failures = "UNKNOWN", 0
    while True:
        await clock.sleep(interval)
        if await _passes(execute(_command(check["command"])), timeout, clock):
            now, failures = "HEALTHY", 0
        else:
            if health == "HEALTHY" or clock.time() - began >= start_period:
                failures += 1
            now = "UNHEALTHY" if failures >= retries else health
        if now != health:
            health = now
            yield health


def _command(command: list[str]) -> list[str]:
    return command[1:] if command[0] == "CMD" else ["/bin/sh", "-c", *command[1:]]


async def _passes(execution: Awaitable[int], timeout: float, clock: Clock) -> bool:
    """Return whether a check exits with 0 within its time, in seconds."""
    checking = asyncio.ensure_future(execution)
    try:
        await first_of(asyncio.wait([checking]), clock.sleep(timeout))
        return checking.done() and checking.result() == 0
    finally:
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)
