"""A container's main process: started in a session of its own, signalled, and its output read to the end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from local_aws.clock import Clock
from local_aws.ecs.runtime import CannotStartError

# How long output may be silent, once the main process is dead, before it counts as ended: a process that left
# the group holds the pipe open and would have us wait for ever.
_SILENCE = 1.0
_MOST_READ = 1 << 20  # as much as one PutLogEvents takes


class Process:
    """A running command with its standard output and error in one pipe."""

    def __init__(self, child: asyncio.subprocess.Process, output: int, clock: Clock) -> None:
        self._child = child
        self._output = output
        self._clock = clock
        self._dead = asyncio.Event()

    @property
    def pid(self) -> int:
        """Return the process's id, which is its group's and its session's, too."""
        return self._child.pid

    @classmethod
    async def start(
        cls, command: Sequence[str], folder: Path, environment: Mapping[str, str], clock: Clock
    ) -> Process:
        """Start `command` in `folder` with nothing but `environment`; raise CannotStartError."""
        if not command:
            raise CannotStartError("no command specified")
        output, its_end = os.pipe()
        os.set_blocking(output, False)
        with contextlib.suppress(
            AttributeError, OSError
        ):  # only Linux has larger pipes, and only within a quota
            fcntl.fcntl(its_end, fcntl.F_SETPIPE_SZ, _MOST_READ)
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=its_end,
                stderr=its_end,
                start_new_session=True,
            )
        except OSError as error:
            os.close(output)
            why = (
                "executable file not found in $PATH"
                if isinstance(error, FileNotFoundError)
                else error.strerror
            )
            raise CannotStartError(f'exec: "{command[0]}": {why}: unknown') from error
        finally:
            os.close(its_end)
        return cls(child, output, clock)

    async def wait(self) -> int:
        """Wait for the main process, end what it leaves behind; return its exit code, 128 + n for signal n.

        In a container nothing outlives the main process: the kernel kills the rest of its PID namespace.
        """
        code = await self._child.wait()
        self.kill()
        self._dead.set()
        return code if code >= 0 else 128 - code

    def terminate(self) -> None:
        """Ask the main process to end (SIGTERM).

        Not by asyncio's `send_signal`, which waits for a process that has just ended, and so takes its exit
        code from whoever else waits for it.
        """
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and its children (SIGKILL)."""
        kill_group(self._child.pid)

    async def read(self) -> bytes:
        """Return what has been written since, when there is something; nothing at the end."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._output, readable.set)
        try:
            await first_of(readable.wait(), self._silence())
        finally:
            loop.remove_reader(self._output)
        return self._read_now() if readable.is_set() else b""

    def close(self) -> None:
        """Stop listening to the output."""
        os.close(self._output)

    def _read_now(self) -> bytes:
        parts: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while sum(map(len, parts)) < _MOST_READ and (part := os.read(self._output, _MOST_READ)):
                parts.append(part)
        return b"".join(parts)

    async def _silence(self) -> None:
        await self._dead.wait()
        await self._clock.sleep(_SILENCE)


def kill_group(leader: int) -> None:
    """Kill a process group (SIGKILL), if any of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def first_of(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first to end, and give the others up."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
