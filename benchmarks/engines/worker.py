"""What the processes of all engines do: read an execution a line, run it, and tell how long it took.

Standard library only, for MiniStack's process has an interpreter of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Tell = Callable[[], tuple[str, int]]  # what became of an execution, and how many events it has
Run = Callable[[str], Tell]  # runs a machine on an input (JSON text) to its end
Make = Callable[[str], Run]  # makes a machine of a definition (JSON text)


def serve(make: Make) -> None:
    """Answer lines of standard input until it ends; making a machine and telling its events is not timed."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        run, given = make(json.dumps(asked["definition"])), json.dumps(asked["input"])
        begun, worked = time.perf_counter(), time.process_time()
        tell = run(given)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
        status, events = tell()
        sys.stdout.write(
            json.dumps({"seconds": seconds, "cpu": cpu, "status": status, "events": events}) + "\n"
        )
        sys.stdout.flush()
