"""`python -m local_aws lint`: what is wrong with a definition before it is run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from local_aws.lint.linter import lint
from local_aws.lint.source import Source, UnreadableError, read

FOUND = 1  # what `lint` exits with when it has something to say
UNREADABLE = 2  # and when a file cannot be read, or is no JSON


def add_lint(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "lint",
        help="say what is wrong with state machines before they run",
        description="Says what is wrong with definitions in Amazon States Language: what AWS refuses, and "
        "what it accepts and fails by. Exits with 0 when nothing is found, "
        f"{FOUND} with findings, {UNREADABLE} when a FILE cannot be read or is no JSON. docs/lint.md has "
        "every rule, and how to accept a finding with a reason.",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a definition, a JSON file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Lint; return the exit code."""
    findings, unreadable = [], []
    for path in arguments.files:
        try:
            findings += findings_of(path, read(path))
        except UnreadableError as error:
            unreadable.append({"file": str(path), "what": error.failed, "why": error.found, "fix": error.fix})
    if arguments.json:
        print(json.dumps({"findings": findings, "unreadable": unreadable}, indent=2, ensure_ascii=False))
    else:
        for found in findings:
            print(
                "{file}:{line}:{column}: {code} at {path}\n  {what}\n  why: {why}\n  fix: {fix}".format(
                    **found
                )
            )
        files = len(arguments.files) - len(unreadable)
        print(f"{len(findings)} finding(s) in {files} file(s)")
    for one in unreadable:
        print("error: {what}\n  found: {why}\n  do:    {fix}".format(**one), file=sys.stderr)
    if unreadable:
        return UNREADABLE
    return FOUND if findings else 0


def findings_of(path: Path, source: Source) -> list[dict[str, str | int]]:
    """Return the findings of a file as they are printed."""
    result: list[dict[str, str | int]] = []
    for one in lint(source):
        line, column = source.position(one.path)
        result.append(
            {
                "file": str(path),
                "code": one.code,
                "path": one.path,
                "line": line,
                "column": column,
                "what": one.what,
                "why": one.why,
                "fix": one.fix,
            }
        )
    return result
