"""The order in which a task's containers start, and stop.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html; what becomes of a
container whose turn never comes is as in the agent that AWS runs on its hosts
(https://github.com/aws/amazon-ecs-agent, agent/engine/dependencygraph/graph.go).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from local_aws.ecs.container import ContainerRun
from local_aws.ecs.process import first_of
from local_aws.ecs.records import Container
from local_aws.wire import AwsError, Json

NEVER_STARTED = 143  # the exit code that the agent gives a container whose dependency cannot be met


class UnresolvableError(Exception):
    """A container can never start, because of another; the message says which and why."""


def check_dependencies(containers: list[dict[str, Json]]) -> None:
    """Raise AwsError ClientException for dependencies that AWS refuses."""
    by_name = {container["name"]: container for container in containers}
    for container in containers:
        for dependency in container.get("dependsOn") or []:
            name, condition = dependency["containerName"], dependency["condition"]
            if name not in by_name:
                raise AwsError(
                    "ClientException",
                    f"Container '{container['name']}' depends on '{name}', which is not in the definition.",
                )
            _check_condition(by_name[name], condition)
    names = {
        name: {one["containerName"] for one in of.get("dependsOn") or []} for name, of in by_name.items()
    }
    try:
        TopologicalSorter(names).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise AwsError(
            "ClientException", f"The containers depend on each other in a circle: {circle}"
        ) from error


def _check_condition(dependency: dict[str, Json], condition: str) -> None:
    if condition not in ("START", "COMPLETE", "SUCCESS", "HEALTHY"):
        raise AwsError("ClientException", f"Unknown condition {condition} of a container dependency.")
    if condition in ("COMPLETE", "SUCCESS") and dependency.get("essential", True):
        raise AwsError(
            "ClientException",
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
        )
    if condition == "HEALTHY" and not dependency.get("healthCheck"):
        raise AwsError(
            "ClientException",
            f"Container '{dependency['name']}' must have a healthCheck for the condition HEALTHY.",
        )


def dependencies(container: Container) -> dict[str, str]:
    """Return the names of the containers that a container waits for, each with its condition."""
    asked = container.definition.get("dependsOn") or []
    return {one["containerName"]: one["condition"] for one in asked}


async def until_met(target: ContainerRun, runs: Mapping[str, ContainerRun]) -> None:
    """Wait until a container may start; raise UnresolvableError when it never will."""
    conditions = dependencies(target.container).items()
    waits = [
        asyncio.ensure_future(_until_met(target, runs[name], condition)) for name, condition in conditions
    ]
    try:
        await asyncio.gather(*waits)
    finally:
        for wait in waits:
            wait.cancel()


async def _until_met(target: ContainerRun, dependency: ContainerRun, condition: str) -> None:
    """Wait for one condition; its time limit, `startTimeout`, is the dependency's and runs from its start.

    As on AWS a dependency that ends without ever having been HEALTHY is waited for until the task is stopped.
    """
    which = (
        f"container ordering dependency [{dependency.container.name}] for target [{target.container.name}]"
    )
    await first_of(dependency.started.wait(), dependency.finished.wait())
    started = dependency.container.started_at
    if started is None:
        raise UnresolvableError(f"failed to resolve {which} because dependency will never start")
    if condition == "START":
        return
    met = dependency.healthy if condition == "HEALTHY" else dependency.finished
    timeout = dependency.container.definition.get("startTimeout")
    if timeout:
        clock = target.cloud.clock
        left = started.timestamp() + timeout - clock.time()
        await first_of(met.wait(), clock.sleep(left))
        if not met.is_set() and not dependency.finished.is_set():
            raise UnresolvableError(f"{which} has timed out.")
    await met.wait()
    if condition == "SUCCESS" and dependency.container.exit_code != 0:
        raise UnresolvableError(f"failed to resolve {which} as dependency did not exit successfully.")


async def stop_in_order(target: ContainerRun, runs: Mapping[str, ContainerRun]) -> None:
    """Stop a container once all that depend on it have stopped."""
    for other in runs.values():
        if target.container.name in dependencies(other.container):
            await other.finished.wait()
    await target.stop()
