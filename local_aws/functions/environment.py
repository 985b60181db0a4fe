"""An execution environment: one process that serves one invocation of a function after the other.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

As on AWS a process is kept for the next invocation, so what a function holds in globals is still there.
Unlike AWS it is not frozen in between, and the function's memory size is told and not enforced.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from local_aws.clock import Clock
from local_aws.functions.output import Measured
from local_aws.wire import Json

_RUNTIME: Final = Path(__file__).with_name("runtime.py")
_INIT_SECONDS: Final = 10.0  # that loading the function's module may take beside its time limit
_LONGEST_MESSAGE: Final = 1 << 26  # 6 MiB of payload, each byte of which may be six as JSON text
TASK_ROOT: Final = "/var/task"  # where AWS keeps a function's code


class _EndedError(Exception):
    """The process has ended without an answer."""


class _TimedOutError(Exception):
    """There was no answer in time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An invocation as the runtime takes it."""

    invoke_id: str
    event_body: str
    invoked_function_arn: str
    client_context: str | None = None
    deadline_time_in_ms: int = 0
    content_type: str = "application/json"
    x_amzn_trace_id: str | None = None
    cognito_identity: str | None = None
    tenant_id: str | None = None
    invocation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: the answer, whether that is an error, what was written, and what it took."""

    payload: bytes
    failed: bool
    output: bytes
    measured: Measured


class Environment:
    """One process of a function, made for its code and settings with this `fingerprint`."""

    def __init__(self, fingerprint: str, folder: Path, memory_size: int, clock: Clock) -> None:
        self.fingerprint = fingerprint
        self._folder = folder
        self._memory_size = memory_size
        self._clock = clock
        self._written = bytearray()
        self._begun = 0.0
        self._used = 0
        self._init: float | None = None
        self._ready = False

    async def start(self, variables: Mapping[str, str]) -> None:
        """Start the process with nothing but these environment variables; it begins to load the function."""
        ours, its = socket.socketpair()
        self._output, its_output = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(_RUNTIME), str(its.fileno())),
                cwd=self._folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=its_output,
                stderr=its_output,
                pass_fds=[its.fileno()],
                start_new_session=True,
            )
        finally:
            its.close()
            os.close(its_output)
        self._begun = time.monotonic()
        asyncio.get_running_loop().add_reader(self._output, self._read_output)
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=_LONGEST_MESSAGE)

    @property
    def is_alive(self) -> bool:
        """Tell whether the process can serve another invocation."""
        return self._process.returncode is None and not self._reader.at_eof()

    async def invoke(self, asked: Asked, seconds: float) -> Outcome:
        """Run the function once, for no longer than `seconds`; the process may be dead thereafter."""
        begun, ending = time.monotonic(), ""
        try:
            answer = await self._initialized() or {}
            begun = time.monotonic()
            if answer.get("kind") != "error":
                answer = await self._ask(asked, seconds)
            failed, payload = answer["kind"] == "error", str(answer["payload"])
        except _TimedOutError:
            failed, ending, payload = True, "Status: timeout", await self._time_out(asked, seconds)
        except _EndedError:
            failed, ending = True, "Status: error\tError Type: Runtime.ExitError"
            payload = _platform_error(
                asked, "Runtime.ExitError", self._exit_reason(await self._process.wait())
            )
        self._read_output()
        output, init = self._on_aws(bytes(self._written)), self._init
        self._written.clear()
        self._init = None
        took = (time.monotonic() - begun) * 1000
        measured = Measured(took, init, self._memory_size, self._used, ending)
        text = payload.encode(errors="surrogateescape")
        return Outcome(self._on_aws(text) if failed else text, failed, output, measured)

    async def close(self) -> None:
        """End the process and whatever it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._writer.close()
        asyncio.get_running_loop().remove_reader(self._output)
        os.close(self._output)

    async def _initialized(self) -> Json:
        """Wait for the function to be loaded; return the error if it cannot be, None if there is none yet."""
        if self._ready:
            return None
        self._ready = True
        with contextlib.suppress(_TimedOutError):
            message = await self._next(_INIT_SECONDS)
            self._init = (time.monotonic() - self._begun) * 1000
            return message
        return None

    async def _ask(self, asked: Asked, seconds: float) -> Json:
        deadline = int((time.time() + seconds) * 1000)
        line = json.dumps({**asdict(asked), "deadline_time_in_ms": deadline}).encode() + b"\n"
        self._writer.write(line)
        while (message := await self._next(seconds))["kind"] == "ready":
            pass  # that is about the invocation before
        return message

    async def _next(self, seconds: float) -> Json:
        """Return the next message of the process."""
        reading = asyncio.ensure_future(self._reader.readline())
        limit = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({reading, limit}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise _TimedOutError
            if not (line := reading.result()):
                raise _EndedError
        except ConnectionError as error:  # it ended without having read what it was asked
            raise _EndedError from error
        finally:
            reading.cancel()
            limit.cancel()
        message = json.loads(line)
        self._used = message["memory"]
        return message

    async def _time_out(self, asked: Asked, seconds: float) -> str:
        """Kill the process, as AWS does; return the error."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        said = f"Task timed out after {seconds:.2f} seconds"
        self._read_output()
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._written += f"{now}Z {asked.invoke_id} {said}\n\n".encode()
        return _platform_error(asked, "Sandbox.Timedout", said)

    @staticmethod
    def _exit_reason(code: int) -> str:
        if code == 0:
            return "Runtime exited without providing a reason"
        if code > 0:
            return f"Runtime exited with error: exit status {code}"
        return f"Runtime exited with error: signal: {signal.strsignal(-code)}".lower().replace(
            "runtime", "Runtime", 1
        )

    def _read_output(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._output, 1 << 16):
                self._written += part
            asyncio.get_running_loop().remove_reader(self._output)  # the end: it would be readable for ever

    def _on_aws(self, text: bytes) -> bytes:
        """Return a text with the code's path on AWS for that of its folder, which is a new one each time."""
        return text.replace(str(self._folder).encode(), TASK_ROOT.encode())


def _platform_error(asked: Asked, kind: str, message: str) -> str:
    """Return an error that is not the function's own."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {asked.invoke_id} Error: {message}"})
