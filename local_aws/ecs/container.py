"""A container run as a process: its command, environment, folders, log stream and end."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from local_aws.ecs.awslogs import LogStream, discard
from local_aws.ecs.images import Image
from local_aws.ecs.process import Process, first_of
from local_aws.ecs.records import Container
from local_aws.iam.roles import Session

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

DEFAULT_STOP_TIMEOUT = 30.0


class Scratch:
    """The temporary folders of one task: one a volume, and one a container's own path or home."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._folders: dict[str, str] = {}

    def folder(self, key: str) -> str:
        """Return the folder that belongs to `key`, made empty on first use."""
        if key not in self._folders:
            self._folders[key] = tempfile.mkdtemp(dir=self._root)
        return self._folders[key]


class ContainerRun:
    """One container from its start to its exit code."""

    def __init__(
        self, cloud: Cloud, region: str, container: Container, image: Image, role: Session | None
    ) -> None:
        self.cloud = cloud
        self.region = region
        self.container = container
        self.image = image
        self.role = role
        self.logs: LogStream | None = None
        self._process: Process | None = None
        self.ended: asyncio.Task[None] | None = None

    async def start(self, scratch: Scratch, changed: Callable[[], None]) -> None:
        """Start the process; raise CannotStartError. `changed` is called when the container has stopped."""
        places = self._places(scratch)
        command = [_move(word, places) for word in self._command()]
        folder = self.image.folder
        environment = self._environment(places, home=scratch.folder(f"{self.container.name}:home"))
        self._process = await Process.start(command, folder, environment, self.cloud.clock)
        self.container.last_status = "RUNNING"
        self.ended = asyncio.create_task(self._follow(self._process, changed))

    async def stop(self) -> None:
        """End the process as StopTask does: SIGTERM, and SIGKILL after `stopTimeout` seconds."""
        if self._process is None or self.ended is None or self.ended.done():
            return
        self._process.terminate()
        timeout = float(self.container.definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT)
        await first_of(asyncio.wait([self.ended]), self.cloud.clock.sleep(timeout))
        await self.kill()

    async def kill(self) -> None:
        """End the process at once; its last lines are still delivered."""
        if self._process is not None and self.ended is not None and not self.ended.done():
            self._process.kill()
            await self.ended

    async def _follow(self, process: Process, changed: Callable[[], None]) -> None:
        forwarding = asyncio.create_task(
            self.logs.forward(process.read) if self.logs else discard(process.read)
        )
        try:
            exit_code = await process.wait()
            await forwarding
        finally:
            forwarding.cancel()
            await asyncio.gather(forwarding, return_exceptions=True)
            process.close()
        self.container.exit_code = exit_code
        self.container.last_status = "STOPPED"
        changed()

    def _command(self) -> list[str]:
        """Return the command as Docker composes it; a new entry point takes the image's CMD away."""
        definition, override = self.container.definition, self.container.override
        entry_point = definition.get("entryPoint") or self.image.entry_point
        image_command = () if definition.get("entryPoint") else self.image.command
        return [*entry_point, *(override.get("command") or definition.get("command") or image_command)]

    def _environment(self, places: dict[str, str], home: str) -> dict[str, str]:
        """Return what a container on Fargate has in its environment; nothing of the caller's.

        PATH begins with this interpreter's folder, so that `python` in an entry point is this Python.
        """
        definition, override = self.container.definition, self.container.override
        asked = {
            pair["name"]: pair.get("value", "")
            for pair in (definition.get("environment") or []) + (override.get("environment") or [])
        }
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": home,
            "LANG": "C.UTF-8",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            **_credentials(self.role),
            **{name: _move(value, places) for name, value in (dict(self.image.environment) | asked).items()},
        }

    def _places(self, scratch: Scratch) -> dict[str, str]:
        """Return which folder here stands for which path of the container.

        A process has no file system of its own. So a volume's path and the image's working directory are
        rewritten where they (or a path below them) are a whole word of the command or a whole value in the
        environment. A path that a program has built in stays what it is.
        """
        name = self.container.name
        places = {path: scratch.folder(f"{name}:{path}") for path in self.image.volumes}
        if self.image.workdir != "/":
            places[self.image.workdir] = str(self.image.folder)
        for mount in self.container.definition.get("mountPoints") or []:
            places[mount["containerPath"]] = scratch.folder(f"volume:{mount['sourceVolume']}")
        return places


def _credentials(role: Session | None) -> dict[str, str]:
    """Return how a task is given its role: none without a task role, as on Fargate."""
    if role is None:
        return {}
    return {
        "AWS_ACCESS_KEY_ID": role.access_key,
        "AWS_SECRET_ACCESS_KEY": role.secret_key,
        "AWS_SESSION_TOKEN": role.token,
    }


def _move(text: str, places: dict[str, str]) -> str:
    for path in sorted(places, key=len, reverse=True):  # the innermost mount wins
        if text == path or text.startswith(path.rstrip("/") + "/"):
            return places[path] + text[len(path.rstrip("/")) :]
    return text
