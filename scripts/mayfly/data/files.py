"""Lists what became of the files: the newest versions in the ledger, the versions of one, or those of a day.

Without --key and --date: the newest versions, the latest run first. It reads the whole ledger, so its time
grows with the number of versions there are; --key and --date read only what they show.

--key KEY: every version of the file, what happened to it and when, by which execution, where the report on a
rejected one is, and for which days it counts now: for each day, the newest accepted version that holds it.

--date DAY: the files that the day's numbers come from, how many of their rows count, and the files that were
taken back. A row does not count when a newer file holds the same order.

Exit codes: 0 told; 1 there is no such file or day, or it could not be read.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from common.names import file_id
from mayfly.console import CommandError, run
from mayfly.data import shown
from mayfly.data.access import Access, calendar_day, told
from mayfly.data.numbers import found_items
from mayfly.data.versions import days_that_count, indexes_of, newest_versions, versions_of
from mayfly.stage import Stage, add_json, parser_of
from transformer.manifests import Entry

LIMIT = 50


def main() -> None:
    """Run `files.sh`."""
    parser = parser_of("./scripts/files.sh", __doc__, "the stage whose numbers they are")
    add_json(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--key", metavar="KEY", help="a key in the input bucket, as in input/orders.csv")
    what.add_argument("--date", type=calendar_day, metavar="DAY", help="a day, as in 2025-07-01")
    parser.add_argument(
        "--limit",
        type=_count,
        default=LIMIT,
        metavar="N",
        help="how many versions to list at most (default: %(default)s)",
    )
    arguments = parser.parse_args()
    run(lambda: work(arguments), "nothing was changed")


def work(arguments: argparse.Namespace) -> None:
    """Look up what was asked for and print it."""
    with told():
        stage = Stage.of_environment(arguments.stage)
        access = Access.of(stage)
        if arguments.key is not None:
            document, show = file_document(access, arguments.key), shown.show_file
        elif arguments.date:
            document, show = day_document(access, arguments.date), shown.show_day
        else:
            document, show = list_document(access, arguments.limit), shown.show_list
    if arguments.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        show(document)


def list_document(access: Access, limit: int) -> dict[str, Any]:
    """Return the newest versions in the ledger, and how many there are besides."""
    versions, count = newest_versions(access, limit)
    return {
        "versions": [version.document() for version in versions],
        "count": count,
        "capped": count > len(versions),
    }


def file_document(access: Access, key: str) -> dict[str, Any]:
    """Return what became of a file. Raise CommandError when the ledger knows nothing of it."""
    versions = versions_of(access, key)
    if not versions:
        raise no_such_file(access, key)
    days = {day for index in indexes_of(access, versions) for day in index.dates}
    counting = days_that_count(access, file_id(access.input_bucket, key), sorted(days))
    return {
        "key": key,
        "file_id": versions[0].file_id,
        "days": sorted(counting),
        "versions": [
            {
                **version.document(),
                "history": [{"at": at, "event": event} for at, event in version.history()],
                "counts_for": [day for day, counts in counting.items() if counts == version.version_id],
            }
            for version in versions
        ],
    }


def day_document(access: Access, day: str) -> dict[str, Any]:
    """Return what a day's numbers come from. Raise CommandError when no file has ever filled it."""
    head, _ = access.ledger.day(day)
    if head is None:
        raise CommandError(
            f"there is nothing about {day}",
            "no file that was accepted has an order of that day",
            f"./scripts/files.sh{access.option} lists the files and the days they hold",
        )
    manifest = access.store.manifest(head.manifest)
    return {
        "date": day,
        "revision": head.revision,
        "manifest": {"key": head.manifest.key, "version_id": head.manifest.version_id},
        "numbers": found_items(access, day).order,
        "files": [_entry_document(entry) for entry in reversed(manifest.entries)],
    }


def no_such_file(access: Access, key: str) -> CommandError:
    """Return the error about a key that the ledger does not know."""
    return CommandError(
        f"there is nothing about {key!r}",
        f"no version of s3://{access.input_bucket}/{key} was ever claimed",
        f"./scripts/files.sh{access.option} lists the keys; write it to the letter, input/ included",
    )


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.version.key,
        "file_id": entry.version.file_id,
        "version_id": entry.version.version_id,
        "last_modified": entry.version.last_modified,
        "execution": entry.execution_id,
        "withdrawn": entry.part is None,
        "rows": entry.rows,
        "rows_superseded": entry.rows_superseded,
        "part": entry.part.key if entry.part else None,
    }


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
