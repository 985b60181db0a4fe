"""What a function has written, as the events that CloudWatch Logs gets, and the platform's own lines.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

# A frame of the runtime: its kind (a5 5a 00 xx), the text's length, a time, and the text. In UTF-8 no
# character begins with a5.
_FRAME = re.compile(rb"\xa5\x5a\x00.(?P<length>.{4}).{8}", re.DOTALL)
TAIL = 4096  # bytes of the log that LogType Tail gives


@dataclass(frozen=True, slots=True)
class Measured:
    """What the REPORT line tells: milliseconds, and megabytes; `ending` when it was no good one."""

    duration: float
    init: float | None
    size: int
    used: int
    ending: str = ""


def events_of(output: bytes) -> Iterator[bytes]:
    """Yield the events of what a function has written: a line of text, or a record of its logger, each."""
    while frame := _FRAME.search(output):
        yield from output[: frame.start()].splitlines(keepends=True)
        end = frame.end() + int.from_bytes(frame["length"], "big")
        yield output[frame.end() : end]
        output = output[end:]
    yield from output.splitlines(keepends=True)


def log_of(request_id: str, output: bytes, measured: Measured) -> list[bytes]:
    """Return all events of one invocation, between START and REPORT."""
    return [
        f"START RequestId: {request_id} Version: $LATEST\n".encode(),
        *events_of(output),
        f"END RequestId: {request_id}\n".encode(),
        _report(request_id, measured).encode(),
    ]


def _report(request_id: str, measured: Measured) -> str:
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {measured.duration:.2f} ms",
        f"Billed Duration: {math.ceil(measured.duration)} ms",
        f"Memory Size: {measured.size} MB",
        f"Max Memory Used: {measured.used} MB",
    ]
    if measured.init is not None:
        parts.append(f"Init Duration: {measured.init:.2f} ms")
    return "\t".join([*parts, measured.ending]) + "\n"
