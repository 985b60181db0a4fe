"""DuckDB on the scratch disk: turns a cleaned file into a part a day, and a day's parts into its numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from common.exit_codes import TryAgain
from common.orders import COLUMNS
from transformer.kpis import DayNumbers, Sums

#: What the process takes beside what DuckDB counts, in MiB: Python, boto3, and what DuckDB does not count.
_ROOM_MIB = 264
#: More than there are days in any file: beyond this, DuckDB would cut a day into several files.
_MOST_DAYS = 100_000
#: What DuckDB raises about a file; anything else (memory, the disk) is not the file's fault.
_FAULTS_OF_THE_FILE = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)
_SUPERSEDED = "SELECT part, count(*) FROM superseded GROUP BY part"
_PARTS, _KPIS = (Path(__file__).with_name(name).read_text("utf-8") for name in ("parts.sql", "kpis.sql"))


@dataclass(frozen=True)
class Source:
    """The version of a file that rows come from; written beside them, so that a part explains itself."""

    file_id: str
    key: str
    version_id: str
    last_modified: str


@dataclass(frozen=True)
class LocalPart:
    """A part that was written to the scratch disk: the rows that a file has of one day."""

    path: Path
    rows: int


@dataclass(frozen=True)
class PartFile:
    """A part on the scratch disk; ``order`` (last modified, version id, file id) tells which is newer."""

    path: Path
    order: tuple[str, str, str]


class Warehouse:
    """A DuckDB of one process in a folder of the scratch disk: bounded memory, nothing downloaded.

    ``memory_mib`` is what the whole process may use; DuckDB takes what the rest of it leaves, and spills to
    the folder, up to nine tenths of what is free there.
    """

    def __init__(self, folder: Path, memory_mib: int) -> None:
        self._folder = folder
        self._knows_kpis = False
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory_mib - _ROOM_MIB}MiB",
                "temp_directory": str(folder / "spilled"),
                # Each thread would write a file of its own for a day, and needs memory of its own.
                "threads": 1,
                "partitioned_write_max_open_files": _MOST_DAYS,
                # Another part may come to stand at the same path.
                "enable_external_file_cache": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def write_parts(self, cleaned: Path, source: Source) -> dict[str, LocalPart]:
        """Write the rows of a cleaned file as one Parquet file a day; return these by date, in order.

        Raises ``TryAgain`` when the file is not the cleaned form of an order file. DuckDB does not tell one
        thing: a quote that is never closed swallows rows. So the caller has to compare their number.
        """
        _check_header(cleaned)
        self._set("cleaned", str(cleaned))
        self._set("folder", tempfile.mkdtemp(prefix="parts-", dir=self._folder))
        self._set("file_id", source.file_id)
        self._set("source_key", source.key)
        self._set("source_version", source.version_id)
        self._set("source_last_modified", source.last_modified)
        try:
            written = self._rows(_PARTS)
        except _FAULTS_OF_THE_FILE as error:
            raise TryAgain(f"{cleaned.name} is not the cleaned form of an order file: {error}") from error
        parts = [(Path(path), rows) for path, rows, *_ in sorted(written)]
        by_date = {_date_of(path): LocalPart(path, rows) for path, rows in parts}
        if len(by_date) != len(parts):
            raise RuntimeError(f"DuckDB wrote {len(parts)} files for {len(by_date)} days")
        return by_date

    def compute_day(self, parts: Sequence[PartFile]) -> DayNumbers:
        """Return the numbers of one day from all its parts, whose paths must differ.

        Of an order that stands in several parts, the row of the newest counts.
        """
        if not parts:
            return DayNumbers(Sums(), {}, 0, {})
        paths = [part.path for part in sorted(parts, key=lambda part: part.order)]
        self._set("part_files", [str(path) for path in paths])
        self._define_kpis()
        contested = self._find_contested() if len(paths) > 1 else 0
        self._set("contested_orders", contested)
        categories = {category: Sums(*sums) for category, *sums in self._rows("FROM categories")}
        ((customers,),) = self._rows("FROM customers")
        superseded = dict(self._rows(_SUPERSEDED)) if contested else {}
        return DayNumbers(
            total=Sums.of(categories.values()),
            categories=categories,
            customers=customers,
            rows_superseded={path: superseded.get(part, 0) for part, path in enumerate(paths)},
        )

    def _define_kpis(self) -> None:
        """Define the views, once: it takes longer than to ask them about a small day."""
        if not self._knows_kpis:
            self._database.execute(_KPIS)
            self._knows_kpis = True

    def _find_contested(self) -> int:
        """Find the orders that stand in several parts, and return how many there are."""
        self._database.execute("TRUNCATE contested")
        ((found,),) = self._rows("INSERT INTO contested FROM orders_in_several_parts")
        return int(found)

    def _set(self, variable: str, value: str | int | list[str]) -> None:
        self._database.execute(f"SET VARIABLE {variable} = ?", [value])

    def _rows(self, query: str) -> list[Any]:
        return self._database.execute(query).fetchall()


def _date_of(part: Path) -> str:
    return part.parent.name.removeprefix("order_date=")


def _check_header(cleaned: Path) -> None:
    expected = ",".join(COLUMNS) + "\n"
    with cleaned.open("rb") as stream:
        found = stream.readline(1024)
    if found != expected.encode():
        raise TryAgain(f"the header of {cleaned.name} must be {expected!r}; found {found[:200]!r}")
