"""What the measured programs share: the time from the first byte to the verdict, and the peak of memory."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure(work: Callable[[Path], dict[str, Any]]) -> None:
    """Do the work on the file that the command line names; print what came of it and what it took."""
    path = Path(sys.argv[1])
    cpu, began = cpu_seconds(), time.perf_counter()
    result = work(path)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    print(json.dumps({**result, "seconds": seconds, "cpu": cpu, "peak": peak_bytes()}))


def cpu_seconds() -> float:
    """Return the seconds of processors that this process and those it waited for have used."""
    return sum(os.times()[:4])


def peak_bytes() -> int | None:
    """Return the most memory that this process has held in RAM, in bytes, or None without Linux's /proc.

    Not getrusage's figure: that begins with what the process held from which this one was started.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
