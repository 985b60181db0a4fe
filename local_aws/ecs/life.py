"""The life of one task, from PROVISIONING to STOPPED.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from local_aws.ecs.awslogs import LogStream, ResourceInitializationError
from local_aws.ecs.container import ContainerRun
from local_aws.ecs.dependencies import NEVER_STARTED, UnresolvableError, stop_in_order, until_met
from local_aws.ecs.events import publish
from local_aws.ecs.process import first_of
from local_aws.ecs.records import Task
from local_aws.ecs.runtime import CannotStartError, Host
from local_aws.ecs.task_roles import CannotPullError, pull

if TYPE_CHECKING:
    from local_aws.cloud import Cloud
    from local_aws.ecs.store import EcsStore

log = logging.getLogger(__name__)


class _NotStartedError(Exception):
    """The task ends before it has run; the message is its stopped reason."""


class _StopAskedError(Exception):
    """StopTask came before any container was started."""


class TaskLife:
    """Takes one task through its states, and says so on the event bus at each."""

    def __init__(self, service: EcsStore, task: Task) -> None:
        self.cloud: Cloud = service.cloud
        self.service = service
        self.task = task
        self.lifecycle = service.settings.lifecycle
        self._runs: dict[str, ContainerRun] = {}
        self._ending: asyncio.Task[None] | None = None

    async def live(self) -> None:
        """Run the task to its end, whatever happens to it; only cancellation (a shutdown) cuts it short."""
        publish(self.cloud, self.task)
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

    async def _prepare(self) -> None:
        """PROVISIONING, PENDING: the network interface, the images, the log streams."""
        await self._pause(self.lifecycle.provisioning)
        self.task.attach()
        self._enter("PENDING", "connectivityAt")
        pull_started = self.cloud.clock.now()
        await self._pause(self.lifecycle.pending)
        for container in self.task.containers:
            try:
                with self.cloud.clock.at_real_speed():
                    image = await pull(self.service, self.task, container.definition["image"])
            except CannotPullError as error:
                raise _NotStartedError(str(error)) from error
            run = ContainerRun(self.cloud, self.task, container, image, self._container_changed)
            self._runs[container.name] = run
        self.task.times |= {"pullStartedAt": pull_started, "pullStoppedAt": self.cloud.clock.now()}
        for run in self._runs.values():
            await self._open_logs(run)

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
        """Start the containers, be RUNNING until an essential one exits or StopTask comes; stop the rest."""
        with self.cloud.clock.at_real_speed():
            async with self.service.runtime.host(self.task) as host:
                self._ending = asyncio.create_task(self._until_end())
                try:
                    await asyncio.gather(*(self._start(run, host) for run in self._runs.values()))
                    if self._is_up():
                        await self._activate()
                    await self._ending
                    self._say_why()
                    self._enter("DEACTIVATING", "stoppingAt")
                    await self.cloud.clock.sleep(self.lifecycle.deactivating)
                    self._enter("STOPPING")
                    await asyncio.gather(*(stop_in_order(run, self._runs) for run in self._runs.values()))
                finally:
                    self._ending.cancel()
                    await asyncio.gather(*(run.kill() for run in self._runs.values()))
            self.task.times["executionStoppedAt"] = self.cloud.clock.now()

    async def _start(self, run: ContainerRun, host: Host) -> None:
        """Start a container when its turn comes, unless the task ends before."""
        assert self._ending is not None  # noqa: S101 - it is made before
        waiting = asyncio.create_task(until_met(run, self._runs))
        try:
            await asyncio.wait({waiting, self._ending}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
                await run.start(host)
        except UnresolvableError as error:
            run.give_up(f"CannotStartContainerError: dependency graph: {error}", NEVER_STARTED)
        except CannotStartError as error:
            run.give_up(
                "CannotStartContainerError: ResourceInitializationError: failed to create new container "
                "runtime task: failed to create shim task: OCI runtime create failed: runc create "
                f"failed: unable to start container process: {error}"
            )
        finally:
            waiting.cancel()

    def _is_up(self) -> bool:
        """Return whether every container has had its start, and every essential one has started."""
        runs = self._runs.values()
        return not self.task.stop_asked.is_set() and all(
            run.started.is_set() or (run.finished.is_set() and not run.container.essential) for run in runs
        )

    async def _activate(self) -> None:
        """ACTIVATING, RUNNING; StopTask may come between."""
        self._enter("ACTIVATING")
        await first_of(self.cloud.clock.sleep(self.lifecycle.activating), self.task.stop_asked.wait())
        if not self.task.stop_asked.is_set():
            self._enter("RUNNING", "startedAt")

    async def _until_end(self) -> None:
        essential = [run.finished.wait() for run in self._runs.values() if run.container.essential]
        await first_of(*essential, self.task.stop_asked.wait())

    def _say_why(self) -> None:
        """Give the reason why the task ends, unless StopTask has given one."""
        if self.task.stop_asked.is_set():
            return
        for run in self._runs.values():
            if run.container.essential and run.finished.is_set() and not run.started.is_set():
                self.task.end("TaskFailedToStart", run.container.reason or "Task failed to start")
                return
        self.task.end("EssentialContainerExited", "Essential container in task exited")

    def _container_changed(self) -> None:
        """Say that a container has changed, while the task has not."""
        waiting = any(not run.started.is_set() and not run.finished.is_set() for run in self._runs.values())
        if self.task.last_status == "RUNNING" or waiting:
            self.task.version += 1
            publish(self.cloud, self.task)

    async def _remove(self) -> None:
        """DEPROVISIONING, STOPPED: the network interface goes."""
        for container in self.task.containers:
            container.last_status = "STOPPED"
        stopping = [name for name in ("stoppingAt", "executionStoppedAt") if name not in self.task.times]
        self._enter("DEPROVISIONING", *stopping)
        await self.cloud.clock.sleep(self.lifecycle.deprovisioning)
        self.task.attachment["status"] = "DELETED"
        self._enter("STOPPED", "stoppedAt")

    def _enter(self, status: str, *times: str) -> None:
        self.task.last_status = status
        self.task.version += 1
        for name in times:
            self.task.times[name] = self.cloud.clock.now()
        publish(self.cloud, self.task)

    async def _pause(self, seconds: float) -> None:
        """Wait before the task runs; StopTask ends the wait and the task."""
        if not self.task.stop_asked.is_set():
            await first_of(self.cloud.clock.sleep(seconds), self.task.stop_asked.wait())
        if self.task.stop_asked.is_set():
            raise _StopAskedError
