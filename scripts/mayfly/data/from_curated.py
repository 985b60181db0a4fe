"""Makes days anew from the objects under ``curated/``: parts, manifests, heads and both tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from common.names import curated_key, file_id, part_key
from mayfly.console import CommandError, detail, step
from mayfly.data.access import Access, spans
from mayfly.data.inspection import curated_days, curated_objects
from mayfly.data.workbench import Workbench
from transformer.manifests import Entry, Manifest, Pin, Version

#: What the manifests that are made here name as the execution of a part.
RECOVERY = "from-curated"
_SOURCES = """
SELECT file_id, source_key, source_version, source_last_modified, CAST(order_date AS VARCHAR), count(*)
FROM read_parquet(?, hive_partitioning = false)
GROUP BY ALL
"""


@dataclass(frozen=True)
class _Published:
    """An object under ``curated/``: the version of a file that it says it comes from, and its rows."""

    version: Version
    rows: int


def rebuild_days(access: Access, bench: Workbench) -> list[str]:
    """Make every day that ``curated/`` has and the ledger has not; return the days that were made.

    Raises CommandError when the ledger still knows days of which this has made nothing.
    """
    _refuse_a_living_ledger(access)
    days = curated_days(access)
    step(f"Making {spans(days)} from curated/")
    return [day for day in days if _rebuild_day(access, bench, day)]


def _refuse_a_living_ledger(access: Access) -> None:
    living = [
        manifest.date
        for manifest in access.manifests(access.head_days())
        if not any(entry.execution_id == RECOVERY for entry in manifest.entries)
    ]
    if living:
        raise CommandError(
            "the ledger is not lost",
            f"it knows what {spans(living)} come from",
            f"./scripts/recompute.sh{access.option} --all rebuilds the tables from it; to use curated/ "
            f"all the same, first delete the items of {access.tables.ledger} whose pk begins with day#",
        )


def _rebuild_day(access: Access, bench: Workbench, day: str) -> bool:
    manifest = access.manifest(day) or Manifest(day)
    entries = []
    for file in sorted(curated_objects(access, day)):
        published = _read(access, bench, day, file)
        known = manifest.entry_of(file)
        if known is None or known.version.order < published.version.order:
            pin = _copy(access, day, published.version)
            entries.append(Entry(published.version, RECOVERY, published.rows, pin))
    if not entries:
        return False
    detail(f"{day}: {len(entries)} file(s)")

    def change(before: Manifest) -> Manifest | None:
        after = before
        for entry in entries:
            after = after.with_entry(entry) or after
        return None if after == before else after

    return bench.commit(day, change)


def _read(access: Access, bench: Workbench, day: str, file: str) -> _Published:
    """Return what an object says of itself; raise CommandError when that cannot be so."""
    key = curated_key(day, file)
    path = bench.folder / "curated.parquet"
    access.s3.download_file(access.store.bucket, key, str(path))
    try:
        sources = _sources(path)
    except duckdb.Error as error:
        raise _unusable(access, key, str(error)) from error
    finally:
        path.unlink()
    told = [source[:-1] for source in sources]
    if len(sources) != 1:
        raise _unusable(access, key, f"it has rows of {len(sources)} versions and days")
    found, source_key, version_id, last_modified, date = told[0]
    if (found, date, file_id(access.input_bucket, source_key)) != (file, day, file):
        raise _unusable(access, key, f"it says that it is {date} of {source_key!r}, file id {found}")
    version = Version(file, access.input_bucket, source_key, version_id, last_modified)
    return _Published(version, sources[0][-1])


def _sources(path: Path) -> list[tuple[str, str, str, str, str, int]]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as database:
        return database.execute(_SOURCES, [str(path)]).fetchall()


def _copy(access: Access, day: str, version: Version) -> Pin:
    """Copy an object to where parts are, which S3 does, and return the copy."""
    key = part_key(version.file_id, version.version_id, RECOVERY, day)
    bucket = access.store.bucket
    answer = access.s3.copy_object(
        Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": curated_key(day, version.file_id)}
    )
    return Pin(key, answer["VersionId"])


def _unusable(access: Access, key: str, found: str) -> CommandError:
    return CommandError(
        f"s3://{access.store.bucket}/{key} cannot be used",
        found,
        f"delete it, or restore a version of it that came from {access.input_bucket}, and run this again",
    )
