"""The life of one task, from PROVISIONING to STOPPED.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from datetime import datetime
from typing import TYPE_CHECKING

from local_aws.ecs.awslogs import LogStream, ResourceInitializationError
from local_aws.ecs.container import ContainerRun, Scratch
from local_aws.ecs.process import CannotStartError, first_of
from local_aws.ecs.records import Lifecycle, Task
from local_aws.ecs.task_roles import CannotPullError, pull
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

log = logging.getLogger(__name__)


class _NotStartedError(Exception):
    """The task ends before it has run; the message is its stopped reason."""


class _StopAskedError(Exception):
    """StopTask came before the task was RUNNING."""


class TaskLife:
    """Takes one task through its states, and says so on the event bus at each."""

    def __init__(self, cloud: Cloud, region: str, task: Task, lifecycle: Lifecycle) -> None:
        self.cloud = cloud
        self.region = region
        self.task = task
        self.lifecycle = lifecycle
        self._runs: list[ContainerRun] = []

    async def live(self) -> None:
        """Run the task to its end, whatever happens to it; only cancellation (a shutdown) cuts it short."""
        self.publish()
        try:
            await self._prepare()
            await self._run()
        except _NotStartedError as failure:
            self.task.end("TaskFailedToStart", str(failure))
        except _StopAskedError:
            pass  # StopTask has said why
        except Exception:  # a fault of ours must not leave a task that never ends
            log.exception("task %s ended by a fault of the local AWS", self.task.arn)
            self.task.end("TaskFailedToStart", "InternalError: see the log of the local AWS")
        await self._remove()

    def publish(self) -> None:
        """Put the task as it is on the bus.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
        """
        bus = self.cloud.events(self.region)
        detail = _iso_times(self.task.describe([]) | {"updatedAt": self.cloud.clock.now()})
        bus.publish(bus.event("aws.ecs", "ECS Task State Change", detail, [self.task.arn]))

    async def _prepare(self) -> None:
        """PROVISIONING, PENDING: the network interface, the images, the log streams."""
        await self._pause(self.lifecycle.provisioning)
        self._enter("PENDING", "pullStartedAt")
        self.task.attachment["status"] = "ATTACHED"
        await self._pause(self.lifecycle.pending)
        for container in self.task.containers:
            try:
                image = pull(self.cloud.ecs(self.region), self.task, container.definition["image"])
            except CannotPullError as error:
                container.reason = str(error)
                raise _NotStartedError(str(error)) from error
            self._runs.append(ContainerRun(self.cloud, self.region, container, image, self.task.role))
        self.task.times["pullStoppedAt"] = self.cloud.clock.now()
        for run in self._runs:
            await self._open_logs(run)
        self._enter("ACTIVATING")
        await self._pause(self.lifecycle.activating)

    async def _open_logs(self, run: ContainerRun) -> None:
        logging_to = run.container.definition.get("logConfiguration")
        if not logging_to:
            return
        options, role = logging_to["options"], self.task.execution_role
        run.logs = LogStream(self.cloud, options, run.container.name, self.task.id, role)
        try:
            await run.logs.open()
        except ResourceInitializationError as error:
            raise _NotStartedError(f"ResourceInitializationError: {error}") from error

    async def _run(self) -> None:
        """Be RUNNING until an essential container exits or StopTask comes; then stop the rest."""
        with (
            self.cloud.clock.at_real_speed(),
            tempfile.TemporaryDirectory(prefix="task-", ignore_cleanup_errors=True) as root,
        ):
            try:
                await self._start_containers(Scratch(root))
                self._enter("RUNNING", "startedAt", "connectivityAt")
                await self._until_end()
                self._enter("DEACTIVATING", "stoppingAt")
                await self.cloud.clock.sleep(self.lifecycle.deactivating)
                self._enter("STOPPING")
                await asyncio.gather(*(run.stop() for run in self._runs))
            finally:
                await asyncio.gather(*(run.kill() for run in self._runs))
            self.task.times["executionStoppedAt"] = self.cloud.clock.now()

    async def _start_containers(self, scratch: Scratch) -> None:
        for run in self._runs:
            run.container.runtime_id = f"{self.task.id}-{self.cloud.random.randrange(10**9, 10**10)}"
            try:
                await run.start(scratch, self._container_stopped)
            except CannotStartError as error:
                reason = (
                    "CannotStartContainerError: ResourceInitializationError: failed to create new container "
                    "runtime task: failed to create shim task: OCI runtime create failed: runc create "
                    f"failed: unable to start container process: {error}"
                )
                run.container.reason = reason
                raise _NotStartedError(reason) from error

    def _container_stopped(self) -> None:
        if self.task.last_status == "RUNNING":
            self.task.version += 1
            self.publish()

    async def _until_end(self) -> None:
        essential = [run.ended for run in self._runs if run.container.essential and run.ended]
        stopping = asyncio.create_task(self.task.stop_asked.wait())
        await asyncio.wait([*essential, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not self.task.stop_asked.is_set():
            self.task.end("EssentialContainerExited", "Essential container in task exited")

    async def _remove(self) -> None:
        """DEPROVISIONING, STOPPED: the network interface goes."""
        for container in self.task.containers:
            container.last_status = "STOPPED"
        self._enter("DEPROVISIONING", *([] if "stoppingAt" in self.task.times else ["stoppingAt"]))
        await self.cloud.clock.sleep(self.lifecycle.deprovisioning)
        self.task.attachment["status"] = "DELETED"
        self._enter("STOPPED", "stoppedAt")

    def _enter(self, status: str, *times: str) -> None:
        self.task.last_status = status
        self.task.version += 1
        for name in times:
            self.task.times[name] = self.cloud.clock.now()
        self.publish()

    async def _pause(self, seconds: float) -> None:
        """Wait before the task runs; StopTask ends the wait and the task."""
        if not self.task.stop_asked.is_set():
            await first_of(self.cloud.clock.sleep(seconds), self.task.stop_asked.wait())
        if self.task.stop_asked.is_set():
            raise _StopAskedError


def _iso_times(value: Json) -> Json:
    """Return a description with its times as events carry them (ISO 8601, milliseconds, UTC)."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _iso_times(member) for name, member in value.items()}
    return [_iso_times(member) for member in value] if isinstance(value, list) else value
