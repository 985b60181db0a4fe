"""How far the interpreter agrees with what was recorded on AWS, for a person or a program."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_aws.replay.cases import Case, read_cases
from local_aws.replay.comparison import difference
from local_aws.replay.files import NOT_PASSED, UNREADABLE
from local_aws.replay.verdicts import verdict_difference


def conformance(arguments: argparse.Namespace) -> int:
    """Run and compare the cases; return the exit code."""
    cases, unreadable = read_cases(arguments.folder)
    report = report_on(cases)
    print(json.dumps({"categories": report}, indent=2) if arguments.json else readable(report))
    for fault in unreadable:
        print(fault, file=sys.stderr)
    if unreadable:
        return UNREADABLE
    return NOT_PASSED if any(one["failed"] for one in report.values()) else 0


def report_on(cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """Run cases and return, for each category, how many `passed` and `failed`, and the `failures`."""
    report: dict[str, dict[str, Any]] = {}
    for case in cases:
        counts = report.setdefault(case.category, {"passed": 0, "failed": 0, "failures": []})
        found = first_difference(case)
        counts["passed" if found is None else "failed"] += 1
        if found is not None:
            counts["failures"].append({"case": case.name, "difference": found})
    return report


def first_difference(case: Case) -> str | None:
    """Return the first difference between AWS's recording and ours, a bug of ours being one, or None."""
    try:
        return verdict_difference(case.content) if case.is_verdict else difference(case.content)
    except Exception as bug:  # noqa: BLE001 - of one case: the others are still to be run
        where = traceback.extract_tb(bug.__traceback__)[-1]
        return f"ours ended with {type(bug).__name__}: {bug} ({Path(where.filename).name}:{where.lineno})"


def readable(report: dict[str, dict[str, Any]]) -> str:
    """Return a report as lines for the terminal."""
    width = max(map(len, report), default=0)
    lines = [
        f"{category:{width}}  {counts['passed']:4} passed  {counts['failed']:4} failed"
        for category, counts in report.items()
    ]
    for category, counts in report.items():
        for failure in counts["failures"]:
            lines += ["", f"{category}/{failure['case']}", f"  {failure['difference']}"]
    return "\n".join(lines)
