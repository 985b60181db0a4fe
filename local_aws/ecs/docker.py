"""Containers as containers: an engine builds the images and runs them, confined as a task definition says.

They share this machine's network, so that an endpoint on 127.0.0.1 is theirs, too: that is so on Linux, and
in Docker Desktop where its host networking is switched on.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from local_aws.clock import Clock
from local_aws.ecs.images import Image, ImageNotFoundError, Images
from local_aws.ecs.process import Process
from local_aws.ecs.records import Container, Task
from local_aws.ecs.runtime import CannotStartError, End
from local_aws.ecs.sizes import cpu_units

LABEL = "local-aws"  # on all that is made, for whoever has to clean up after a kill -9
_UNITS = 1_024  # of a task's cpu, a processor


class EngineError(Exception):
    """The engine did not do what it was asked to; the message is its own."""


def check_engine(client: str) -> None:
    """Raise EngineError unless a container engine answers its `client` (the name or path of a command)."""
    if shutil.which(client) is None:
        raise EngineError(f"there is no command {client}")
    asked = [client, "version", "--format", "{{.Server.Version}}"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    if answer.returncode != 0:
        raise EngineError(answer.stderr.strip() or f"{client} version exited with {answer.returncode}")


class Docker:
    """Runs containers by a container engine (a `Runtime`).

    An image that the engine has by the reference's own name is run as it is; any other is built from its
    folder, each time, for the engine remembers what has not changed.
    """

    def __init__(self, images: Images, clock: Clock, client: str) -> None:
        self._images = images
        self._clock = clock
        self._engine = Engine(client)
        self._building = asyncio.Lock()

    async def find(self, reference: str) -> Image:
        """Return the image that a reference names, built if need be; raise ImageNotFoundError."""
        try:
            await self._engine("image", "inspect", reference)
        except EngineError:
            return await self._build(reference)
        return Image(Path("/"), tag=reference)

    async def _build(self, reference: str) -> Image:
        image = self._images.find(reference)
        tag = f"{LABEL}/{image.dockerfile.parent.name}"
        arguments = ("--quiet", "--network=host", f"--file={image.dockerfile}", f"--tag={tag}")
        try:
            async with self._building:
                await self._engine("build", *arguments, str(image.folder))
        except EngineError as error:
            raise ImageNotFoundError(f"failed to build {image.dockerfile}: {error}") from error
        return replace(image, tag=tag)

    @asynccontextmanager
    async def host(self, task: Task) -> AsyncIterator[DockerHost]:
        """Give a task its volumes; in the end they go, and what is left of its containers."""
        host = DockerHost(task, self._engine, self._clock)
        try:
            yield host
        finally:
            await host.remove()


class DockerHost:
    """The containers and volumes of one task (a `Host`)."""

    def __init__(self, task: Task, engine: Engine, clock: Clock) -> None:
        self._task = task
        self._engine = engine
        self._clock = clock
        self._containers: list[str] = []
        self._volumes: set[str] = set()

    async def start(
        self, container: Container, image: Image, environment: Mapping[str, str]
    ) -> DockerContainer:
        """Create the container as its definition says, and start it; raise CannotStartError."""
        name = f"{LABEL}-{container.runtime_id}"
        options, command = self._options(container, environment), _command(container)
        self._containers.append(name)
        try:
            await self._engine("create", f"--name={name}", *options, image.tag, *command)
            await self._engine("start", name)
        except EngineError as error:
            raise CannotStartError(_reason(str(error))) from error
        follow = [self._engine.client, "logs", "--follow", name]
        output = await Process.start(follow, Path("/"), os.environ, self._clock)
        return DockerContainer(name, self._engine, output)

    async def remove(self) -> None:
        """Remove the containers, their own volumes and the task's."""
        if self._containers:
            await self._engine("rm", "--force", "--volumes", *self._containers, check=False)
        if self._volumes:
            await self._engine("volume", "rm", "--force", *sorted(self._volumes), check=False)

    def _options(self, container: Container, environment: Mapping[str, str]) -> list[str]:
        """Return what confines the container, as options of `docker create`."""
        definition = container.definition
        memory = container.memory_limit or self._task.memory_limit
        processors = cpu_units(self._task.cpu) / _UNITS
        linux = definition.get("linuxParameters") or {}
        dropped = (linux.get("capabilities") or {}).get("drop") or []
        options = [
            *(f"--label={LABEL}", "--network=host", "--pull=never", "--log-driver=json-file"),
            *(
                f"--memory={memory}",
                f"--memory-swap={memory}",
                f"--cpus={processors:g}",
            ),
            *(f"--env={name}={value}" for name, value in environment.items()),
            *(f"--cap-drop={capability}" for capability in dropped),
            *(self._mount(mount) for mount in definition.get("mountPoints") or []),
        ]
        options += ["--read-only"] * bool(definition.get("readonlyRootFilesystem"))
        options += ["--init"] * bool(linux.get("initProcessEnabled"))
        options += [f"--user={definition.get('user')}"] * bool(definition.get("user"))
        entry_point = definition.get("entryPoint")
        return [*options, *([f"--entrypoint={entry_point[0]}"] if entry_point else [])]

    def _mount(self, mount: Mapping[str, object]) -> str:
        volume = f"{LABEL}-{self._task.id}-{mount['sourceVolume']}"
        self._volumes.add(volume)
        return f"--volume={volume}:{mount['containerPath']}" + ":ro" * bool(mount.get("readOnly"))


class DockerContainer:
    """A container (a `Running`); `output` follows its log."""

    def __init__(self, name: str, engine: Engine, output: Process) -> None:
        self._name = name
        self._engine = engine
        self._output = output

    async def wait(self) -> End:
        """Wait for the container's end."""
        code = int(await self._engine("wait", self._name))
        await self._output.wait()
        killed = await self._engine("inspect", "--format={{.State.OOMKilled}}", self._name)
        return End(code, out_of_memory=killed.strip() == "true")

    async def terminate(self) -> None:
        """Ask the container's main process to end (SIGTERM)."""
        await self._engine("kill", "--signal=TERM", self._name, check=False)  # it may just have ended

    async def kill(self) -> None:
        """Kill everything in the container (SIGKILL)."""
        await self._engine("kill", self._name, check=False)

    async def read(self) -> bytes:
        """Return what has been written since, when there is something; nothing at the end."""
        return await self._output.read()

    async def execute(self, command: Sequence[str]) -> int:
        """Run a command in the container; return its exit code."""
        return await self._engine.code_of("exec", self._name, *command)

    def close(self) -> None:
        """Stop listening to the output."""
        self._output.close()


class Engine:
    """A container engine, by its command-line client."""

    def __init__(self, client: str) -> None:
        self.client = client

    async def __call__(self, *arguments: str, check: bool = True) -> str:
        """Run a command of the client and return its output; raise EngineError if it fails and `check`."""
        child = await asyncio.create_subprocess_exec(
            self.client,
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, errors = await child.communicate()
        if check and child.returncode != 0:
            raise EngineError(errors.decode(errors="replace").strip())
        return output.decode(errors="replace")

    async def code_of(self, *arguments: str) -> int:
        """Run a command of the client and return its exit code; cancelled, kill it."""
        child = await asyncio.create_subprocess_exec(
            self.client,
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return await child.wait()
        finally:
            if child.returncode is None:
                child.kill()


def _command(container: Container) -> list[str]:
    """Return what comes after the image's name: the rest of a new entry point, and the command."""
    definition = container.definition
    command = container.override.get("command") or definition.get("command") or []
    return [*(definition.get("entryPoint") or [""])[1:], *command]


def _reason(message: str) -> str:
    """Return what runc says of a command that cannot be started, without what is wrapped around it."""
    found = re.search(r"unable to start container process: (?P<why>.*)", message)
    return found["why"].strip() if found else message
