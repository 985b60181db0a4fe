"""What a day is made of: the manifest of a day, the index of a file's parts, and which version counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

#: Raised whenever a release cannot read what another one wrote.
FORMAT = 1


@dataclass(frozen=True)
class Pin:
    """One version of one object in the cleaned bucket."""

    key: str
    version_id: str


@dataclass(frozen=True)
class Version:
    """A version of a file; ``last_modified`` is S3's, as UTC text."""

    file_id: str
    bucket: str
    key: str
    version_id: str
    last_modified: str

    @property
    def order(self) -> tuple[str, str]:
        """What the versions of one file are sorted by, the newest last."""
        return self.last_modified, self.version_id


@dataclass(frozen=True)
class Entry:
    """What a file says about a day.

    ``part`` is None when the file was taken back: then the entry says that this version, and those before it,
    count for nothing on this day. ``rows_superseded`` of its ``rows`` are of orders that newer files hold.
    """

    version: Version
    execution_id: str
    rows: int
    part: Pin | None
    rows_superseded: int = 0

    @property
    def order(self) -> tuple[str, str, str]:
        """What the rows of one order in several files are sorted by: those of the last one count."""
        return *self.version.order, self.version.file_id


@dataclass(frozen=True)
class Manifest:
    """What a day's numbers are computed from, at one revision of the day: an entry a file at most."""

    date: str
    entries: tuple[Entry, ...] = ()
    categories: tuple[str, ...] = ()
    revision: str = ""

    def entry_of(self, file_id: str) -> Entry | None:
        """Return what the file says about the day."""
        return next((entry for entry in self.entries if entry.version.file_id == file_id), None)

    def with_entry(self, entry: Entry) -> Manifest | None:
        """Return the manifest with this entry in the place of what the file said before.

        None when it changes nothing: the file has said something newer, was taken back up to this version, or
        this very part is there. A part that another execution made of the same version gives way.
        """
        before = self.entry_of(entry.version.file_id)
        if before and before.order > entry.order:
            return None
        if before and before.order == entry.order and before.part in (None, entry.part):
            return None
        others = [other for other in self.entries if other is not before]
        return replace(self, entries=tuple(sorted((*others, entry), key=lambda each: each.order)))

    def to_json(self) -> bytes:
        """Return the manifest as it is stored."""
        document = {
            "format": FORMAT,
            "date": self.date,
            "revision": self.revision,
            "parts": [_entry_document(entry) for entry in self.entries],
            "categories": list(self.categories),
        }
        return _to_bytes(document)


@dataclass(frozen=True)
class IndexedPart:
    """The rows that a version has of one day."""

    date: str
    pin: Pin
    rows: int


@dataclass(frozen=True)
class Index:
    """The parts that an execution made of a version: whoever comes next finishes its commit from this."""

    version: Version
    execution_id: str
    rows: int
    contract_uri: str
    contract_version: str
    contract_version_id: str | None
    parts: tuple[IndexedPart, ...]

    @property
    def dates(self) -> list[str]:
        """The days of the file, the earliest first."""
        return sorted(part.date for part in self.parts)

    def entry(self, part: IndexedPart) -> Entry:
        """Return what the file says about the day of one of its parts."""
        return Entry(self.version, self.execution_id, part.rows, part.pin)

    def to_json(self) -> bytes:
        """Return the index as it is stored."""
        document = {
            "format": FORMAT,
            **asdict(self.version),
            "execution_id": self.execution_id,
            "rows": self.rows,
            "contract": {
                "uri": self.contract_uri,
                "version": self.contract_version,
                "version_id": self.contract_version_id,
            },
            "parts": [
                {
                    "date": part.date,
                    "key": part.pin.key,
                    "version_id": part.pin.version_id,
                    "rows": part.rows,
                }
                for part in self.parts
            ],
        }
        return _to_bytes(document)


def parse_manifest(body: bytes) -> Manifest:
    """Return a stored manifest. Raises ``ValueError`` when another release wrote it."""
    document = _parse(body)
    entries = tuple(_entry(each) for each in document["parts"])
    return Manifest(document["date"], entries, tuple(document["categories"]), document["revision"])


def parse_index(body: bytes) -> Index:
    """Return a stored index. Raises ``ValueError`` when another release wrote it."""
    document = _parse(body)
    contract = document["contract"]
    return Index(
        version=_version(document),
        execution_id=document["execution_id"],
        rows=document["rows"],
        contract_uri=contract["uri"],
        contract_version=contract["version"],
        contract_version_id=contract["version_id"],
        parts=tuple(
            IndexedPart(part["date"], Pin(part["key"], part["version_id"]), part["rows"])
            for part in document["parts"]
        ),
    )


def _entry_document(entry: Entry) -> dict[str, object]:
    return {
        **asdict(entry.version),
        "execution_id": entry.execution_id,
        "rows": entry.rows,
        "rows_superseded": entry.rows_superseded,
        "part": asdict(entry.part) if entry.part else None,
    }


def _entry(document: Mapping[str, Any]) -> Entry:
    part = document["part"]
    return Entry(
        version=_version(document),
        execution_id=document["execution_id"],
        rows=document["rows"],
        part=Pin(part["key"], part["version_id"]) if part else None,
        rows_superseded=document["rows_superseded"],
    )


def _version(document: Mapping[str, Any]) -> Version:
    return Version(*(document[name] for name in ("file_id", "bucket", "key", "version_id", "last_modified")))


def _parse(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    if document.get("format") != FORMAT:
        raise ValueError(f"it is of format {document.get('format')}; this release knows {FORMAT}")
    return document


def _to_bytes(document: Mapping[str, object] | Sequence[object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
