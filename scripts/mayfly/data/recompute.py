"""Computes days anew from their manifests, compares both tables and curated/ with that, and mends them.

Nothing is written when all is right. What differs is told and put right as a transformer would do it: in one
transaction a day, on condition that nobody has changed the day meanwhile, so it may run at any time. Items of
days and categories that no manifest knows are removed, and so are objects under curated/ of files that do not
count on their day.

--from-curated is for when the ledger is lost: it makes parts, manifests and days from the objects under
curated/, and then both tables. What the ledger knew of files and versions is not had back, nor are
withdrawals. While it runs, no file should be processed. It refuses when the ledger still knows days that it
did not make itself.

Exit codes: 0 nothing differs (any more); 1 something differs and --dry-run left it, or it could not be done.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from mayfly.console import detail, run, step
from mayfly.data import shown
from mayfly.data.access import Access, calendar_day, told
from mayfly.data.from_curated import rebuild_days
from mayfly.data.inspection import Difference, Inspector, days_known
from mayfly.data.numbers import categories_by_day
from mayfly.data.workbench import workbench
from mayfly.stage import Stage, add_json, parser_of

#: How many differences people are shown; programs get all.
_SHOWN = 50
_PROGRESS_DAYS = 100


@dataclass(frozen=True)
class Result:
    """What was compared, what differed, and whether that was put right."""

    days_checked: int
    days_rebuilt: int
    differences: list[Difference]
    repaired: bool

    @property
    def days_differing(self) -> int:
        """On how many days something differed."""
        return len({difference.day for difference in self.differences})


def main() -> None:
    """Run `recompute.sh`."""
    parser = parser_of("./scripts/recompute.sh", __doc__, "the stage whose numbers they are")
    add_json(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--date", type=calendar_day, metavar="DAY", help="one day, as in 2025-07-01")
    what.add_argument("--all", action="store_true", help="every day that anything knows of")
    what.add_argument("--from-curated", action="store_true", help="make every day that is under curated/")
    parser.add_argument("--dry-run", action="store_true", help="tell what differs, and change nothing")
    arguments = parser.parse_args()
    if arguments.from_curated and arguments.dry_run:
        parser.error("--from-curated has no --dry-run: it only adds to a ledger without days")
    run(lambda: work(arguments), "run it again to go on")


def work(arguments: argparse.Namespace) -> None:
    """Compare, put right, print what differed, and exit."""
    with told():
        access = Access.of(Stage.of_environment(arguments.stage))
        result = (
            rebuild(access)
            if arguments.from_curated
            else recompute(access, arguments.date, dry_run=arguments.dry_run)
        )
    if arguments.json:
        print(json.dumps(document(result), indent=2, ensure_ascii=False))
    else:
        show(result)
    sys.exit(1 if result.differences and not result.repaired else 0)


def recompute(access: Access, day: str | None, *, dry_run: bool = False) -> Result:
    """Compare a day, or all days there are, with their manifests, and put right what differs."""
    if day:
        days, categories = [day], categories_by_day(access, day)
    else:
        days, categories = days_known(access)
    step(f"Comparing {len(days)} day(s) with their manifests")
    with workbench(access.session) as bench:
        inspector = Inspector(access, bench, categories)
        look = inspector.inspect if dry_run else inspector.put_right
        differences: list[Difference] = []
        for number, each in enumerate(days, start=1):
            found = look(each).differences(access.tables.orders, access.tables.categories)
            if found:
                detail(f"{each}: {len(found)} difference(s)")
            elif number % _PROGRESS_DAYS == 0:
                detail(f"{number} days")
            differences += found
    return Result(len(days), 0, differences, repaired=not dry_run)


def rebuild(access: Access) -> Result:
    """Make the days anew from ``curated/``, and then remove from the tables what is not of these days."""
    with workbench(access.session) as bench:
        rebuilt = rebuild_days(access, bench)
    result = recompute(access, None)
    return Result(result.days_checked, len(rebuilt), result.differences, result.repaired)


def document(result: Result) -> dict[str, Any]:
    """Return the document that --json prints."""
    return {
        "days_checked": result.days_checked,
        "days_rebuilt": result.days_rebuilt,
        "days_differing": result.days_differing,
        "repaired": bool(result.differences) and result.repaired,
        "differences": [asdict(difference) for difference in result.differences],
    }


def show(result: Result) -> None:
    """Print what differed, and whether it still does."""
    out = shown.console()
    if result.days_rebuilt:
        out.print(f"{_days(result.days_rebuilt)} made anew from curated/.")
    if not result.differences:
        out.print(f"{_days(result.days_checked)} checked: nothing differs.")
        return
    shown.show_table([_row(difference) for difference in result.differences[:_SHOWN]])
    if (more := len(result.differences) - _SHOWN) > 0:
        out.print(f"And {more} more; --json has all.")
    became = "put right" if result.repaired else "left as they are"
    out.print(
        f"{_days(result.days_checked)} checked: {len(result.differences)} difference(s) "
        f"on {_days(result.days_differing)}, {became}."
    )


def _row(difference: Difference) -> dict[str, Any]:
    return {
        "day": difference.day,
        "what": difference.what,
        "found": difference.found or "nothing",
        "computed": difference.computed or "nothing",
    }


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
