"""The file of a definition: its JSON, where everything stands in it, and keys that it has twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import json_source_map

from local_aws.lint.findings import Finding, finding
from local_aws.states.jsontext import Json, loads


class UnreadableError(Exception):
    """A file that cannot be linted: what failed, what was found, what to do."""

    def __init__(self, failed: str, found: str, fix: str) -> None:
        super().__init__(failed, found, fix)
        self.failed, self.found, self.fix = failed, found, fix


class Source:
    """A definition's text and what it holds."""

    def __init__(self, text: str) -> None:
        """Parse; raises ValueError when the text is no JSON."""
        self._repeated: list[tuple[Json, str]] = []
        loads(text)  # refuses NaN and Infinity
        self.value = json.loads(text, object_pairs_hook=self._members)
        self._map = json_source_map.calculate(text)
        self._pointers = dict(_pointers(self.value, "", ""))

    def position(self, path: str) -> tuple[int, int]:
        """Return the line and the column, both from 1, of what stands at a path, or else of what holds it."""
        while path not in self._pointers and path.strip("/"):
            path = path[: max(path.rfind("/"), path.rfind("["))]
        entry = self._map[self._pointers.get(path, "")]
        start = entry.key_start or entry.value_start
        return start.line + 1, start.column + 1

    @property
    def paths(self) -> list[str]:
        """Return the paths of all values."""
        return list(self._pointers)

    def repeated_keys(self) -> Iterator[Finding]:
        """Yield the keys that stand twice in one object."""
        for path, value in _objects(self.value, ""):
            for members, key in self._repeated:
                if members is value:
                    yield finding(
                        "DUPLICATE_KEY",
                        f"{path}/{key}",
                        f"the key {key} stands twice in {path or 'the file'}",
                    )

    def _members(self, pairs: list[tuple[str, Json]]) -> Json:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = [key for key, _ in pairs]
            self._repeated += [(members, key) for key in members if keys.count(key) > 1]
        return members


def read(path: Path) -> Source:
    """Read a file; raises UnreadableError."""
    failed = f"{path} cannot be linted"
    try:
        return Source(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableError(failed, error.strerror or str(error), "name a file that can be read") from error
    except ValueError as error:
        raise UnreadableError(failed, f"not JSON: {error}", "mend it, or name another file") from error


def _pointers(value: Json, path: str, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each value, as AWS writes it, and its JSON pointer."""
    yield path, pointer
    if isinstance(value, dict):
        for key, member in value.items():
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from _pointers(member, f"{path}/{key}", f"{pointer}/{escaped}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pointers(item, f"{path}[{index}]", f"{pointer}/{index}")


def _objects(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield path, value
        for key, member in value.items():
            yield from _objects(member, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _objects(item, f"{path}[{index}]")
