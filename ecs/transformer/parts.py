"""Makes a file's parts: the cleaned form is fetched, cut into days, and put where commits find them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.exit_codes import TryAgain
from common.handoff import Handoff
from common.names import part_key, parts_index_key
from transformer.manifests import Index, IndexedPart, Pin, Version
from transformer.session import Session
from transformer.store import Store
from transformer.warehouse import LocalPart, Source, Warehouse


@dataclass(frozen=True)
class Parts:
    """The parts of a version: their index, where it is, and the files that are still here."""

    index: Index
    pin: Pin
    local: dict[Pin, Path]


def make_parts(
    session: Session, warehouse: Warehouse, folder: Path, version: Version, handoff: Handoff
) -> Parts:
    """Write a part a day and the index, and return them; none of it counts before it is accepted.

    Raises ``TryAgain`` when the cleaned form is gone, or is not what the hand-off says.
    """
    store, stages = session.store, session.stages
    cleaned = folder / "cleaned.csv"
    with stages.stage("fetch"):
        store.fetch(Pin(handoff.cleaned_key, handoff.cleaned_version_id), cleaned, handoff.cleaned_bytes)
    with stages.stage("parts"):
        source = Source(version.file_id, version.key, version.version_id, version.last_modified)
        written = warehouse.write_parts(cleaned, source)
        cleaned.unlink()
        rows = sum(part.rows for part in written.values())
        if rows != handoff.rows or not rows:
            key = f"s3://{store.bucket}/{handoff.cleaned_key}"
            raise TryAgain(f"{key} has {rows} rows, the hand-off says {handoff.rows}; reprocess the file")
    with stages.stage("upload"):
        return _upload(store, version, handoff, written)


def _upload(store: Store, version: Version, handoff: Handoff, written: Mapping[str, LocalPart]) -> Parts:
    place = version.file_id, version.version_id, handoff.execution_id
    parts, local = [], {}
    for date, part in sorted(written.items()):
        pin = store.put_file(part_key(*place, date), part.path)
        parts.append(IndexedPart(date, pin, part.rows))
        local[pin] = part.path
    index = Index(
        version=version,
        execution_id=handoff.execution_id,
        rows=handoff.rows,
        contract_uri=handoff.contract_uri,
        contract_version=handoff.contract_version,
        contract_version_id=handoff.contract_version_id,
        parts=tuple(parts),
    )
    return Parts(index, store.put(parts_index_key(*place), index.to_json()), local)
