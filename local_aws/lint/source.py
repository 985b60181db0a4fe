"""The file of a definition: its JSON, where everything stands in it, and keys that it has twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # is missing in typeshed
from pathlib import Path

from local_aws.lint.findings import Finding, finding
from local_aws.states.jsontext import loads

_SPACE = re.compile(r"[\s,:]*")  # and what separates values, in text that is known to be JSON
_SCALAR = re.compile(r"[-+.\w]+")


class UnreadableError(Exception):
    """A file that cannot be linted: what failed, what was found, what to do."""

    def __init__(self, failed: str, found: str, fix: str) -> None:
        super().__init__(failed, found, fix)
        self.failed, self.found, self.fix = failed, found, fix


class Source:
    """A definition's text and what it holds."""

    def __init__(self, text: str) -> None:
        """Parse; raises ValueError when the text is no JSON."""
        self.value = loads(text)
        self._text = text
        self._repeated: list[Finding] = []
        self._places: dict[str, int] = {}  # where each value, or its key, begins
        self._locate("", self._after(_SPACE, 0))

    @property
    def paths(self) -> list[str]:
        """Return the paths of all values, as AWS writes them."""
        return list(self._places)

    def position(self, path: str) -> tuple[int, int]:
        """Return the line and the column, both from 1, of what stands at a path, or else of what holds it."""
        while path not in self._places and path.strip("/"):
            path = path[: max(path.rfind("/"), path.rfind("["))]
        start = self._places[path.rstrip("/")]
        return self._text.count("\n", 0, start) + 1, start - self._text.rfind("\n", 0, start)

    def repeated_keys(self) -> Iterator[Finding]:
        """Yield the keys that stand twice in one object."""
        yield from self._repeated

    def _locate(self, path: str, start: int) -> int:
        """Note where a value and all in it begin; return where it ends."""
        self._places.setdefault(path, start)
        opening = self._text[start]
        if opening == '"':
            return int(scanstring(self._text, start + 1)[1])
        if opening not in "{[":
            return self._after(_SCALAR, start)
        position, index = self._after(_SPACE, start + 1), 0
        keys: set[str] = set()
        while self._text[position] not in "}]":
            if opening == "{":
                key, end = scanstring(self._text, position + 1)
                inner = f"{path}/{key}"
                if key in keys:
                    what = f"the key {key} stands twice in {path or 'the file'}"
                    self._repeated.append(finding("DUPLICATE_KEY", inner, what))
                keys.add(key)
                self._places[inner] = position
                position = self._after(_SPACE, end)
            else:
                inner, index = f"{path}[{index}]", index + 1
            position = self._after(_SPACE, self._locate(inner, position))
        return position + 1

    def _after(self, pattern: re.Pattern[str], position: int) -> int:
        match = pattern.match(self._text, position)
        return match.end() if match else position


def read(path: Path) -> Source:
    """Read a file; raises UnreadableError."""
    failed = f"{path} cannot be linted"
    try:
        return Source(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableError(failed, error.strerror or str(error), "name a file that can be read") from error
    except ValueError as error:
        raise UnreadableError(failed, f"not JSON: {error}", "mend it, or name another file") from error
