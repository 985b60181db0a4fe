"""Shows people what files.sh found: the list of versions, the story of a file, the files of a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from common.report import printable
from mayfly.data.access import spans

WIDE = 1000  # columns that a table may take off a terminal: a line for a row, so that it can be searched
_CAUSE = 500  # characters of a failure's cause: ECS tells all about a task that crashed
_RIGHT = frozenset({"rows", "rejected", "superseded", "counted", "days", "validate s", "transform s"})


def console() -> Console:
    """Return the console for results; rich itself heeds NO_COLOR and leaves colours out off a terminal."""
    screen = Console(soft_wrap=True, highlight=False, markup=False)
    if not screen.file.isatty():
        screen.width = max(WIDE, screen.width)
    return screen


def show_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as a table; None is shown as nothing."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in rows[0] if rows else ():
        table.add_column(column, justify="right" if column in _RIGHT else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else printable(str(value))) for value in row.values()))
    console().print(table, soft_wrap=False)


def show_list(document: dict[str, Any]) -> None:
    """Print the versions in the ledger, a line each."""
    versions, count = document["versions"], document["count"]
    if not versions:
        console().print("The ledger is empty: no file was ever claimed.")
        return
    show_table([_line(version) for version in versions])
    if document["capped"]:
        console().print(f"The newest {len(versions)} of {count} versions; --limit {count} shows all.")


def show_file(document: dict[str, Any]) -> None:
    """Print what became of every version of a file, and where it counts now."""
    out = console()
    out.print(f"{printable(document['key'])} (file id {document['file_id']})")
    out.print(f"counts for {spans(document['days'])}")
    for version in document["versions"]:
        out.print()
        size = f", {version['size']} bytes" if "size" in version else ""
        moment = version.get("last_modified", "unknown time")
        out.print(f"version {version['version_id']} of {moment}{size}: {version['status']}")
        for event in version["history"]:
            out.print(f"  {event['at']:<24}  {event['event']}{_detail(version, event['event'])}")
        if version["report"]:
            out.print(f"  why it was rejected: {printable(version['report'])} in the cleaned bucket")
        if "accepted_at" in version:
            out.print(f"  holds {_days(version)}, counts for {spans(version['counts_for'])}")


def show_day(document: dict[str, Any]) -> None:
    """Print the numbers of a day, and the files they come from."""
    out = console()
    numbers = document["numbers"]
    told = ", ".join(f"{name} {value}" for name, value in numbers.items()) if numbers else "no orders"
    out.print(f"{document['date']}: {told}")
    out.print(f"manifest {document['manifest']['key']}")
    show_table([_part(entry) for entry in document["files"]])


def _line(version: dict[str, Any]) -> dict[str, Any]:
    return {
        "claimed": version.get("started_at"),
        "status": version["status"],
        "key": version.get("key"),
        "rows": version.get("rows"),
        "rejected": version.get("rows_rejected"),
        "superseded": version.get("rows_superseded"),
        "days": _days(version) if "days" in version else None,
        "validate s": version.get("validate_seconds"),
        "transform s": version.get("transform_seconds"),
    }


def _days(version: dict[str, Any]) -> str:
    count, first, last = (version.get(name) for name in ("days", "first_day", "last_day"))
    if count == 1:
        return str(first)
    return f"{count} days within {first} to {last}"


def _detail(version: dict[str, Any], event: str) -> str:
    """Return what else is known of something that happened to a version."""
    match event:
        case "claimed":
            others = len(version.get("executions", [])) - 1
            before = f", after {others} other{'s' if others > 1 else ''}" if others > 0 else ""
            return f" by execution {version.get('execution', 'unknown')}{before}"
        case "validated":
            contract = " ".join(
                str(version[name]) for name in ("contract", "contract_version") if name in version
            )
            by = f", by contract {contract}" if contract else ""
            return f": {version.get('rows', 0)} rows, {version.get('rows_rejected', 0)} rejected{by}"
        case "accepted":
            return f" by execution {version.get('accepted_by', 'unknown')}"
        case "committed":
            return f": {version.get('rows_superseded', 0)} rows were superseded by newer files then"
        case "failed":
            cause = printable(str(version.get("cause", "")))
            more = "... (--json has all)" if len(cause) > _CAUSE else ""
            return f": {version.get('error', 'unknown')}: {cause[:_CAUSE]}{more}"
    return ""


def _part(entry: dict[str, Any]) -> dict[str, Any]:
    withdrawn = entry["withdrawn"]
    return {
        "key": entry["key"],
        "uploaded": entry["last_modified"],
        "version": entry["version_id"],
        "execution": entry["execution"],
        "rows": None if withdrawn else entry["rows"],
        "superseded": None if withdrawn else entry["rows_superseded"],
        "counted": "withdrawn" if withdrawn else entry["rows"] - entry["rows_superseded"],
    }
