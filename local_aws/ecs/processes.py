"""Containers as processes: no engine, no root; each runs its image's entry point on this machine."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from local_aws.clock import Clock
from local_aws.ecs.images import Image, Images
from local_aws.ecs.memory import Memory, MemoryLimits
from local_aws.ecs.process import Process, kill_group
from local_aws.ecs.records import Container, Task
from local_aws.ecs.runtime import End

_NOT_FOUND = 127  # the exit code of a command that is not there


class Processes:
    """Runs containers as processes (a `Runtime`)."""

    def __init__(self, images: Images, clock: Clock) -> None:
        self._images = images
        self._clock = clock
        self._limits = MemoryLimits(clock)

    async def find(self, reference: str) -> Image:
        """Return the image that a reference names; raise ImageNotFoundError."""
        return self._images.find(reference)

    @asynccontextmanager
    async def host(self, task: Task) -> AsyncIterator[ProcessHost]:
        """Give a task its temporary folders and its limit of memory."""
        with tempfile.TemporaryDirectory(prefix="task-", ignore_cleanup_errors=True) as root:
            memory = self._limits.of_task(task)
            try:
                yield ProcessHost(Path(root), memory, self._clock)
            finally:
                memory.close()


class ProcessHost:
    """The folders and the memory of one task (a `Host`)."""

    def __init__(self, root: Path, memory: Memory, clock: Clock) -> None:
        self._root = root
        self._memory = memory
        self._clock = clock
        self._folders: dict[str, str] = {}

    async def start(
        self, container: Container, image: Image, environment: Mapping[str, str]
    ) -> ProcessContainer:
        """Start the container's command in the image's build context; raise CannotStartError."""
        places = self._places(container, image)
        command = [_move(word, places) for word in _command(container, image)]
        asked = {**dict(image.environment), **environment}
        variables = {
            **self._system(container),
            **{name: _move(value, places) for name, value in asked.items()},
        }
        process = await Process.start(command, image.folder, variables, self._clock)
        self._memory.add(process, container)
        return ProcessContainer(process, self._memory, places, image.folder, variables)

    def _folder(self, key: str) -> str:
        """Return the folder that belongs to `key`, made empty on first use."""
        if key not in self._folders:
            self._folders[key] = tempfile.mkdtemp(dir=self._root)
        return self._folders[key]

    def _system(self, container: Container) -> dict[str, str]:
        """Return what an image's file system would decide.

        PATH begins with this interpreter's folder, so that `python` in an entry point is this Python.
        """
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": self._folder(f"{container.name}:home"),
            "LANG": "C.UTF-8",
        }

    def _places(self, container: Container, image: Image) -> dict[str, str]:
        """Return which folder here stands for which path of the container.

        A process has no file system of its own. So a volume's path and the image's working directory are
        rewritten where they (or a path below them) are a whole word of the command or a whole value in the
        environment. A path that a program has built in stays what it is.
        """
        places = {path: self._folder(f"{container.name}:{path}") for path in image.volumes}
        if image.workdir != "/":
            places[image.workdir] = str(image.folder)
        for mount in container.definition.get("mountPoints") or []:
            places[mount["containerPath"]] = self._folder(f"volume:{mount['sourceVolume']}")
        return places


class ProcessContainer:
    """A container's main process (a `Running`)."""

    def __init__(
        self,
        process: Process,
        memory: Memory,
        places: dict[str, str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._process = process
        self._memory = memory
        self._places = places
        self._folder = folder
        self._environment = environment

    async def wait(self) -> End:
        """Wait for the main process, and end what it leaves behind."""
        code = await self._process.wait()
        return End(code, out_of_memory=self._memory.was_exceeded_by(self._process))

    async def terminate(self) -> None:
        """Ask the main process to end (SIGTERM)."""
        self._process.terminate()

    async def kill(self) -> None:
        """Kill the main process and its children (SIGKILL)."""
        self._process.kill()

    async def read(self) -> bytes:
        """Return what has been written since, when there is something; nothing at the end."""
        return await self._process.read()

    async def execute(self, command: Sequence[str]) -> int:
        """Run a command beside the main process, with the same folder and environment; nobody reads it."""
        try:
            child = await asyncio.create_subprocess_exec(
                *(_move(word, self._places) for word in command),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return _NOT_FOUND
        try:
            return await child.wait()
        finally:
            kill_group(child.pid)

    def close(self) -> None:
        """Stop listening to the output."""
        self._process.close()


def _command(container: Container, image: Image) -> list[str]:
    """Return the command as Docker composes it; a new entry point takes the image's CMD away."""
    definition, override = container.definition, container.override
    entry_point = definition.get("entryPoint") or image.entry_point
    image_command = () if definition.get("entryPoint") else image.command
    return [*entry_point, *(override.get("command") or definition.get("command") or image_command)]


def _move(text: str, places: dict[str, str]) -> str:
    for path in sorted(places, key=len, reverse=True):  # the innermost mount wins
        if text == path or text.startswith(path.rstrip("/") + "/"):
            return places[path] + text[len(path.rstrip("/")) :]
    return text
