"""Takes a file back: its orders no longer count, as if it had never been uploaded.

Every version of the file that the ledger knows is marked as withdrawn, so that a run under way cannot commit
it any more; then each day on which the file counts is computed anew without it, and its objects under
curated/ go. An order that stands in another file, too, counts again as that one has it. A version that is
uploaded afterwards counts: upload the file again to have it back.

With --date only this day is changed and no version is marked: the versions up to the newest that the ledger
knows count for nothing on that day, those uploaded afterwards do.

It can be interrupted at any moment and run again, and what was withdrawn can be withdrawn again: nothing
changes. What was counted stays in the cleaned bucket, under parts/ and processed/.

Exit codes: 0 the file does not count (any more); 1 it could not be withdrawn, or nobody confirmed it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.aws_errors import code_of
from common.clock import utc_text
from common.exit_codes import TryAgain
from common.names import file_id
from mayfly.console import CommandError, ask, detail, run, step
from mayfly.data import shown
from mayfly.data.access import Access, calendar_day, spans, told
from mayfly.data.files import no_such_file
from mayfly.data.numbers import Numbers, found_items
from mayfly.data.versions import FileVersion, indexes_of, versions_of
from mayfly.data.workbench import Workbench, workbench
from mayfly.stage import Stage, add_json, parser_of
from transformer.ledger import claim_key
from transformer.manifests import Entry, Version

#: What a manifest names as the execution of a mark that takes a file back.
WITHDRAWAL = "withdraw.sh"
_MOST_TRIES = 20
_COUNTED = {"ACCEPTED", "ARCHIVED"}


@dataclass(frozen=True)
class DayChange:
    """A day without the file: its numbers before and after; None is a day without orders."""

    day: str
    before: Numbers | None
    after: Numbers | None


def main() -> None:
    """Run `withdraw.sh`."""
    parser = parser_of("./scripts/withdraw.sh", __doc__, "the stage whose numbers they are")
    add_json(parser)
    parser.add_argument("key", metavar="KEY", help="the key of the file in the input bucket")
    parser.add_argument("--date", type=calendar_day, metavar="DAY", help="take it back for this day only")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    run(lambda: work(arguments), "run it again to go on")


def work(arguments: argparse.Namespace) -> None:
    """Ask, take the file back, and print what changed."""
    with told():
        access = Access.of(Stage.of_environment(arguments.stage))
        confirm(access, arguments.key, arguments.date, yes=arguments.yes)
        changes = withdraw(access, arguments.key, arguments.date)
    if arguments.json:
        document = {
            "key": arguments.key,
            "changes": [vars(change) for change in changes],
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        show(arguments.key, changes)


def confirm(access: Access, key: str, day: str | None, *, yes: bool) -> None:
    """Tell what would be taken back, and ask; raise CommandError unless a person, or --yes, agrees."""
    versions = versions_of(access, key)
    entries = _entries(access, key, versions, day)
    counting = [date for date, entry in entries.items() if entry.part]
    step(f"{key} counts for {spans(counting)}{' on the day asked for' if day else ''}")
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty()):
        raise CommandError("nobody confirmed it", "there is no terminal to ask on", "run it again with --yes")
    what = f"for {day}" if day else f"with its {len(versions)} version(s)"
    question = f"Take back {key} {what}, from the numbers of {access.input_bucket}? [y/N] "
    if ask(question).lower() not in ("y", "yes"):
        raise CommandError(
            "nothing was withdrawn", "the answer was not yes", "run it again to be asked again"
        )


def withdraw(access: Access, key: str, day: str | None = None) -> list[DayChange]:
    """Take a file back, on one day or altogether; return the days that changed.

    The claims come first: from then on no run can put the file into the tables, and the days that are found
    afterwards are all there are.
    """
    versions = versions_of(access, key)
    if day is None:
        step(f"Marking {len(versions)} version(s) as withdrawn")
        for version in versions:
            mark_withdrawn(access, version)
        # As they are now. One that has come meanwhile is not marked: it counts, as if uploaded afterwards.
        marked = {version.version_id for version in versions}
        versions = [version for version in versions_of(access, key) if version.version_id in marked]
    entries = _entries(access, key, versions, day)
    days = [day] if day and _may_yet_count(access, versions, day) else list(entries)
    if not days:
        return []
    mark = _mark(access, key, versions, entries.values())
    step(f"Taking it out of {spans(days)}")
    with workbench(access.session) as bench:
        changes = [_take_out(access, bench, date, mark) for date in days]
    counted = {date for date, entry in entries.items() if entry.part}
    return [change for change in changes if change and change.day in counted]


def mark_withdrawn(access: Access, version: FileVersion) -> None:
    """Write into a version's claim that it is withdrawn; it never counts from then on."""
    key = claim_key(version.file_id, version.version_id)
    table = access.tables.ledger
    for _ in range(_MOST_TRIES):
        item = access.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        status = item.get("status", {}).get("S", "")
        if "withdrawn_at" in item and status not in _COUNTED:
            return
        try:
            access.dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET #at = if_not_exists(#at, :now), #status = :new",
                ConditionExpression="#status = :old",
                ExpressionAttributeNames={"#at": "withdrawn_at", "#status": "status"},
                ExpressionAttributeValues={
                    ":now": {"S": utc_text(access.session.clock.now())},
                    ":old": {"S": status},
                    ":new": {"S": "WITHDRAWN" if status in _COUNTED else status},
                },
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        else:
            return
    raise TryAgain(f"the claim of version {version.version_id} kept changing")


def show(key: str, changes: Sequence[DayChange]) -> None:
    """Print the days' numbers before and after, and how to have the file back."""
    if not changes:
        shown.console().print(f"{key} counted for nothing; nothing changed.")
        return
    shown.show_table([_row(change) for change in changes])
    shown.console().print(f"{key} no longer counts for {spans(change.day for change in changes)}.")
    shown.console().print("Upload it again to count it again.")


def _entries(access: Access, key: str, versions: Sequence[FileVersion], day: str | None) -> dict[str, Entry]:
    """Return what the days' manifests say of a file, by day: its parts that count, and marks of withdrawals.

    A file without a claim is looked for in all days, for recompute.sh --from-curated brings no claims back.
    """
    if day is not None:
        days = [day]
    elif versions:
        days = sorted({date for index in indexes_of(access, versions) for date in index.dates})
    else:
        days = access.head_days()
    file = file_id(access.input_bucket, key)
    said = {manifest.date: manifest.entry_of(file) for manifest in access.manifests(days)}
    entries = {date: entry for date, entry in said.items() if entry}
    if not versions and not entries:
        raise no_such_file(access, key)
    return entries


def _may_yet_count(access: Access, versions: Sequence[FileVersion], day: str) -> bool:
    """Tell whether a version that is under way, or a reprocess of one, may bring the file into a day."""
    undecided = any(version.index is None for version in versions)
    return undecided or any(day in index.dates for index in indexes_of(access, versions))


def _mark(access: Access, key: str, versions: Sequence[FileVersion], entries: Collection[Entry]) -> Entry:
    """Return what a manifest says of a file that was taken back: up to the newest version that is known.

    That is the ledger's newest, not the manifests': one that came after the ledger was read is to count.
    """
    orders = [version.order for version in versions]
    orders += [index.version.order for index in indexes_of(access, versions)]
    last_modified, version_id = max(orders or (entry.version.order for entry in entries))
    bucket = access.input_bucket
    newest = Version(file_id(bucket, key), bucket, key, version_id, last_modified)
    return Entry(newest, WITHDRAWAL, rows=0, part=None)


def _take_out(access: Access, bench: Workbench, day: str, mark: Entry) -> DayChange | None:
    """Put the mark in the place of the file's part unless a newer one is there; None if nothing changed."""
    before = found_items(access, day).order
    changed = bench.commit(day, lambda manifest: manifest.with_entry(mark))
    bench.curated.publish(day, mark.version.file_id)
    if not changed:
        return None
    detail(f"{day}: taken out")
    return DayChange(day, before, found_items(access, day).order)


def _row(change: DayChange) -> dict[str, Any]:
    row: dict[str, Any] = {"day": change.day}
    for name in ("total_orders", "total_revenue", "total_items_sold", "unique_customers"):
        before, after = ((numbers or {}).get(name, "none") for numbers in (change.before, change.after))
        row[name] = before if before == after else f"{before} -> {after}"
    return row
