"""The log of a container: one JSON object a line, in UTF-8."""

from __future__ import annotations

import json
from typing import BinaryIO

from common.clock import Clock


class Log:
    """Writes log lines that carry time, level, message, the execution id and whatever fields are given."""

    def __init__(self, out: BinaryIO, clock: Clock, execution_id: str | None) -> None:
        self._out = out
        self._clock = clock
        self._execution_id = execution_id

    def info(self, message: str, **fields: object) -> None:
        """Write a line that tells how it goes."""
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write a line about something found in the data, or that had to be tried again."""
        self._write("WARNING", message, fields)

    def failure(self, message: str, **fields: object) -> None:
        """Write a line about what ends the run without success."""
        self._write("ERROR", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        line = {
            "time": self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "message": message,
            "execution_id": self._execution_id,
            **fields,
        }
        # A lone surrogate (from an environment variable that is no UTF-8) becomes the \udcXX that JSON knows.
        text = json.dumps(line, ensure_ascii=False, default=str)
        self._out.write(text.encode("utf-8", "backslashreplace") + b"\n")
        self._out.flush()
