"""Reading what the commands are given, and saying what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from local_aws.states.jsontext import loads

# What the commands exit with: when a case or the execution does not end well, and when nothing could be read.
NOT_PASSED = 1
UNREADABLE = 2


class UnreadableError(Exception):
    """A file or folder is not what it should be: what failed, what was found, what to do."""

    def __str__(self) -> str:
        return "error: {}\n  found: {}\n  do:    {}".format(*self.args)


def read_json(file: Path) -> Any:
    """Return what a JSON file holds, `-` being the standard input; raises UnreadableError."""
    piped = str(file) == "-"
    failed = f"{'the standard input' if piped else file} cannot be read"
    try:
        text = sys.stdin.read() if piped else file.read_text(encoding="utf-8")
        return loads(text)
    except OSError as error:
        raise UnreadableError(failed, error.strerror, "name a file that is there") from error
    except ValueError as error:
        raise UnreadableError(failed, f"not JSON: {error}", "mend it, or name another file") from error
