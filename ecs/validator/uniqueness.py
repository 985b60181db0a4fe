"""Tells whether a text stood in a column before, in a small file or among few candidates of a big one."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol


class FirstLines(Protocol):
    """Where each text of a unique column stood first."""

    def first_line(self, text: str, line: int) -> int:
        """Return the line on which the text stood first: the given one, if it did not come before."""
        ...


class InMemory:
    """Knows every text; for files that are small."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def first_line(self, text: str, line: int) -> int:
        """Return the line on which the text stood first."""
        return self._lines.setdefault(text, line)


class OnDisk:
    """Knows any number of texts, in a file of SQLite's that may be lost when the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16384"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE texts (text BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def first_line(self, text: str, line: int) -> int:
        """Return the line on which the text stood first."""
        key = text.encode()
        added = self._database.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (key, line)).rowcount
        if added:
            return line
        found = self._database.execute("SELECT line FROM texts WHERE text = ?", (key,)).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._path.unlink()
