"""One container of a task: its environment, its log stream, its health and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from local_aws.ecs.awslogs import LogStream, discard
from local_aws.ecs.health import keep_checking
from local_aws.ecs.images import Image
from local_aws.ecs.metadata import variables
from local_aws.ecs.process import first_of
from local_aws.ecs.records import Container, Task
from local_aws.ecs.runtime import Host, Running

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

DEFAULT_STOP_TIMEOUT = 30.0
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class ContainerRun:
    """A container from its start to its exit code; `changed` is called when its state has changed."""

    def __init__(
        self, cloud: Cloud, task: Task, container: Container, image: Image, changed: Callable[[], None]
    ) -> None:
        self.cloud = cloud
        self.task = task
        self.container = container
        self.image = image
        self.logs: LogStream | None = None
        self.started = asyncio.Event()
        self.healthy = asyncio.Event()
        self.finished = asyncio.Event()  # never started, or started and ended
        self._changed = changed
        self._running: Running | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self, host: Host) -> None:
        """Start the container; raise CannotStartError."""
        self._running = await host.start(self.container, self.image, self._environment())
        self.container.last_status = "RUNNING"
        self.container.started_at = self.cloud.clock.now()
        self.started.set()
        self._following = asyncio.create_task(self._follow(self._running))
        self._changed()

    def give_up(self, reason: str | None = None, exit_code: int | None = None) -> None:
        """Say that the container will never start, and why."""
        self.container.reason = reason
        self._finish(exit_code)

    async def stop(self) -> None:
        """End the container as StopTask does: SIGTERM, and SIGKILL after `stopTimeout` seconds."""
        if self.finished.is_set():
            return
        if self._running is None:
            self._finish(None)
            return
        await self._running.terminate()
        timeout = float(self.container.definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT)
        await first_of(self.finished.wait(), self.cloud.clock.sleep(timeout))
        await self.kill()

    async def kill(self) -> None:
        """End the container at once; its last lines are still delivered."""
        if self._running is not None and self._following is not None and not self._following.done():
            await self._running.kill()
            await self._following

    async def _follow(self, running: Running) -> None:
        forwarding = asyncio.create_task(
            self.logs.forward(running.read) if self.logs else discard(running.read)
        )
        checking = asyncio.create_task(self._check_health(running))
        try:
            end = await running.wait()
            await forwarding
        finally:
            for other in (forwarding, checking):
                other.cancel()
            await asyncio.gather(forwarding, checking, return_exceptions=True)
            running.close()
        if end.out_of_memory:
            self.container.reason = OUT_OF_MEMORY
        self._finish(end.exit_code)

    async def _check_health(self, running: Running) -> None:
        check = self.container.definition.get("healthCheck")
        if check:
            async for health in keep_checking(check, running.execute, self.cloud.clock):
                self.container.health = health
                if health == "HEALTHY":
                    self.healthy.set()
                self._changed()

    def _finish(self, exit_code: int | None) -> None:
        self.container.exit_code = exit_code
        self.container.last_status = "STOPPED"
        self.container.finished_at = self.cloud.clock.now()
        self.finished.set()
        self._changed()

    def _environment(self) -> dict[str, str]:
        """Return what Fargate and the definition put into a container's environment; nothing of the caller's.

        The definition may name another region; where metadata and credentials are is not its business
        (https://github.com/aws/amazon-ecs-agent, agent/api/container/container.go).
        """
        definition, override = self.container.definition, self.container.override
        asked = (definition.get("environment") or []) + (override.get("environment") or [])
        region = self.task.arn.split(":")[3]
        return {
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            **{pair["name"]: pair.get("value", "") for pair in asked},
            **variables(self.cloud.endpoint_url, self.task, self.container),
        }
