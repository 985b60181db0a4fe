"""`python -m local_aws run` and `conformance`: executions in virtual time, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_replays(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommands."""
    _add_run(commands)
    _add_conformance(commands)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "run",
        help="execute one state machine in virtual time, with task results that you give",
        description="Executes a state machine in virtual time: its waits and back-offs cost none of yours, "
        "and its tasks call nothing but have the results you give. Exits with 0 when the execution "
        "SUCCEEDED, 1 when it FAILED or TIMED_OUT, 2 when a file cannot be read, the definition is refused, "
        "or a task has no result. FILE may be - for the standard input.",
    )
    for option, what in (
        ("--definition", "the state machine in Amazon States Language"),
        ("--input", "the execution's input, any JSON"),
    ):
        parser.add_argument(option, type=Path, required=True, metavar="FILE", help=what)
    parser.add_argument(
        "--task-results",
        type=Path,
        metavar="FILE",
        help="a list with an object for each attempt of a Task: its state, and what it returns or throws",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what ids, jitter and random numbers are made of (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _add_conformance(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "conformance",
        help="run executions recorded on AWS again, and compare",
        description="Runs every recorded case in DIR and the folders in it again, in virtual time, and "
        "prints how many passed in each category, with the first difference of each that did not. Exits "
        "with 0 when all pass, 1 when one does not, 2 when DIR or a file in it cannot be read.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of recorded cases")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_conformance)


# The interpreter takes a second to load, which starting the local AWS or drawing a picture should not.


def _run(arguments: argparse.Namespace) -> int:
    from local_aws.replay.single_run import run_one  # noqa: PLC0415

    return run_one(arguments)


def _conformance(arguments: argparse.Namespace) -> int:
    from local_aws.replay.conformance import conformance  # noqa: PLC0415

    return conformance(arguments)
