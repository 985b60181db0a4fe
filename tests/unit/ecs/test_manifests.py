"""Manifests: of each file the newest version counts, and what was taken back stays out."""

from __future__ import annotations

import json

import pytest

from transformer.manifests import (
    Entry,
    Index,
    IndexedPart,
    Manifest,
    Pin,
    Version,
    parse_index,
    parse_manifest,
)


def entry(file: str = "a", second: int = 1, version: str = "v", part: str | None = "part") -> Entry:
    pin = Pin(f"parts/{file}", part) if part else None
    return Entry(
        Version(file, "input", f"{file}.csv", version, f"2025-07-05T10:00:0{second}Z"), "run", 1, pin
    )


def test_files_stand_side_by_side_from_the_oldest_to_the_newest() -> None:
    manifest = Manifest("2025-07-01", (entry("b", 2),)).with_entry(entry("a", 3))
    assert manifest is not None
    manifest = manifest.with_entry(entry("c", 1))
    assert manifest is not None
    assert [each.version.file_id for each in manifest.entries] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry(second=1), entry(second=2)),
        (entry(version="v1"), entry(version="v2")),
        (entry(part="of one attempt"), entry(part="of another")),
        (entry(second=1, part=None), entry(second=2)),
        (entry(part="part"), entry(part=None)),
        (entry(second=1, part=None), entry(second=2, part=None)),
    ],
    ids=[
        "a newer version",
        "of one second, the greater version id",
        "the same version made anew",
        "a version that is newer than what was taken back",
        "a withdrawal of this very version",
        "a withdrawal up to a newer version",
    ],
)
def test_what_a_file_said_before_gives_way_to(before: Entry, after: Entry) -> None:
    manifest = Manifest("2025-07-01", (before, entry("other"))).with_entry(after)
    assert manifest is not None
    assert manifest.entry_of("a") == after
    assert manifest.entry_of("other") == entry("other")
    assert len(manifest.entries) == 2


@pytest.mark.parametrize(
    ("there", "late"),
    [
        (entry(second=2), entry(second=1)),
        (entry(version="v2"), entry(version="v1")),
        (entry(), entry()),
        (entry(part=None), entry()),
        (entry(second=2, part=None), entry(second=1)),
        (entry(second=2), entry(second=1, part=None)),
    ],
    ids=[
        "an older version",
        "of one second, the smaller version id",
        "the same part again",
        "a version that was taken back",
        "a version before the one that was taken back",
        "a withdrawal up to an older version",
    ],
)
def test_what_a_file_says_now_is_not_changed_by(there: Entry, late: Entry) -> None:
    assert Manifest("2025-07-01", (there, entry("other"))).with_entry(late) is None


def test_a_manifest_is_read_as_it_was_written() -> None:
    manifest = Manifest("2025-07-01", (entry("é", 2), entry("b", part=None)), ("Bücher", "Toys"), "r-1")
    assert parse_manifest(manifest.to_json()) == manifest


def test_an_index_is_read_as_it_was_written() -> None:
    part = IndexedPart("2025-07-01", Pin("parts/x", "p-1"), 3)
    index = Index(entry().version, "run", 3, "s3://bucket/contract", "1", None, (part,))
    assert parse_index(index.to_json()) == index


def test_what_another_release_wrote_is_refused() -> None:
    document = {**json.loads(Manifest("2025-07-01").to_json()), "format": 9}
    with pytest.raises(ValueError, match="of format 9; this release knows 1"):
        parse_manifest(json.dumps(document).encode())
