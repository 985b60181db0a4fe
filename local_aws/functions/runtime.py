"""Runs in the process of a function: AWS's own runtime for Python, which gets its work from a socket.

On AWS the runtime (awslambdaric) asks the Runtime API for the next invocation over HTTP; here one line of
JSON a message does. What a handler sees and what becomes of its errors is the runtime's doing, not ours.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

Usage: python -P runtime.py SOCKET; the handler is named by _HANDLER, its folder by LAMBDA_TASK_ROOT.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Any, Final

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import InvocationRequest
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

_LONGEST: Final = 1 << 23  # characters: more than a function may answer, so it is seen to be too many


class Channel:
    """Stands in for the runtime's client of the Runtime API."""

    marshaller = LambdaMarshaller()

    def __init__(self, connection: socket.socket) -> None:
        self._messages = connection.makefile("rwb")

    def wait_next_invocation(self) -> InvocationRequest:
        """Say that the process is free, and wait for the next invocation; end when there will be none."""
        self._tell("ready", "")
        line = self._messages.readline()
        if not line:
            sys.exit(0)
        return InvocationRequest(**json.loads(line))

    def post_invocation_result(self, _: str, result: str | bytes, *_args: Any, **_more: Any) -> None:
        """Give back what the handler has returned, as JSON text; bytes as they are."""
        text = result.decode(errors="surrogateescape") if isinstance(result, bytes) else result
        self._tell("result", text[:_LONGEST])

    def post_invocation_error(self, _: str, error: str, *_args: Any, **_more: Any) -> None:
        """Give back, as JSON text, the exception that the handler has raised."""
        self._tell("error", error)

    def post_init_error(self, error: Any, *_args: Any) -> None:
        """Give back why the handler cannot be had."""
        self._tell("error", json.dumps(error))

    def _tell(self, kind: str, payload: str) -> None:
        self._messages.write(json.dumps({"kind": kind, "payload": payload, "memory": _memory()}).encode())
        self._messages.write(b"\n")
        self._messages.flush()


def _memory() -> int:
    """Return the most memory that this process has had, in MB."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:  # not Linux, whose getrusage tells of the parent's memory, too
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def main() -> None:
    """Serve invocations until the socket is closed."""
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    # Log records and tracebacks go among the output as frames, so that each stays one event.
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(os.dup(1))
    bootstrap.run(os.environ["_HANDLER"], Channel(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
