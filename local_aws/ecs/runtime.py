"""How containers run: what a task's life asks of whatever runs them, be it as processes or otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from local_aws.ecs.images import Image
from local_aws.ecs.records import Container, Task


class CannotStartError(Exception):
    """The command is not there, or is nothing that can be run; the message is a container engine's."""


@dataclass(frozen=True)
class End:
    """How a container ended: its exit code (128 + n for signal n), and whether its memory was the reason."""

    exit_code: int
    out_of_memory: bool = False


class Running(Protocol):
    """A container that runs, or has run."""

    async def wait(self) -> End:
        """Wait for the container's end."""

    async def terminate(self) -> None:
        """Ask the container's main process to end (SIGTERM)."""

    async def kill(self) -> None:
        """Kill everything in the container (SIGKILL)."""

    async def read(self) -> bytes:
        """Return what has been written since, when there is something; nothing once the output has ended."""

    async def execute(self, command: Sequence[str]) -> int:
        """Run a command in the container, as a health check is; return its exit code.

        Cancelled, the command is killed.
        """

    def close(self) -> None:
        """Stop listening to the output."""


class Host(Protocol):
    """What one task's containers run on: on Fargate a machine of its own, with the task's volumes."""

    async def start(self, container: Container, image: Image, environment: Mapping[str, str]) -> Running:
        """Start a container as its definition and override say; raise CannotStartError.

        `environment` comes on top of the image's own.
        """


class Runtime(Protocol):
    """A way to run containers."""

    async def find(self, reference: str) -> Image:
        """Return the image that a reference names, ready to run; raise ImageNotFoundError."""

    def host(self, task: Task) -> AbstractAsyncContextManager[Host]:
        """Return a host for a task's containers; with it goes what they leave behind."""
