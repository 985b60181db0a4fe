"""`python -m local_aws graph`: a picture of a state machine from its definition."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from local_aws.graph.chart import Chart, NotAStateMachineError, chart_of
from local_aws.graph.executions import NoExecutionError, read_execution
from local_aws.graph.mermaid import mermaid_of
from local_aws.graph.svg import svg_of
from local_aws.graph.visits import Execution

UNUSABLE = 2  # what `graph` exits with when the file cannot be drawn or the picture not be written
_FORMATS = {"mermaid": mermaid_of, "svg": svg_of}


class _UnusableError(Exception):
    """Nothing can be drawn: what failed, what was found, what to do."""


def add_graph(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "graph",
        help="draw a state machine from its definition, and an execution over it",
        description="Draws a state machine from its definition in Amazon States Language, and over it what "
        "an execution did. Exits with 0 when it is drawn, "
        f"{UNUSABLE} when FILE is no state machine, there is "
        "no such execution of it, or the picture cannot be written.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the definition, a JSON file")
    parser.add_argument(
        "--execution",
        metavar="ARN",
        help="draw this execution over the machine (from AWS, or from AWS_ENDPOINT_URL): what was visited, "
        "failed and tried again, and how long it took; or a file with what "
        "`aws stepfunctions get-execution-history` or `python -m local_aws run --json` printed",
    )
    parser.add_argument(
        "--format", choices=sorted(_FORMATS), default="svg", help="what to draw (default: %(default)s)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write it (default: the terminal)"
    )
    parser.set_defaults(run=graph)


def graph(arguments: argparse.Namespace) -> int:
    """Draw; return the exit code."""
    try:
        chart = _read(arguments.file)
        execution = _execution(arguments.execution, chart) if arguments.execution else None
        picture = _FORMATS[arguments.format](chart, f"State machine {arguments.file.stem}", execution)
        _write(picture, arguments.output)
    except _UnusableError as error:
        print("error: {}\n  found: {}\n  do:    {}".format(*error.args), file=sys.stderr)
        return UNUSABLE
    return 0


def _read(file: Path) -> Chart:
    failed = f"{file} cannot be drawn"
    try:
        return chart_of(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise _UnusableError(
            failed, error.strerror, "name the file of a state machine's definition"
        ) from error
    except NotAStateMachineError as error:
        raise _UnusableError(failed, str(error), "mend it, or name a state machine's definition") from error
    except ValueError as error:
        raise _UnusableError(failed, f"not JSON: {error}", "mend it, or name another file") from error


def _execution(named: str, chart: Chart) -> Execution:
    try:
        return read_execution(named, chart)
    except NoExecutionError as error:
        raise _UnusableError(f"the execution {named} cannot be drawn", error.found, error.do) from error


def _write(picture: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(picture)
        return
    try:
        output.write_text(picture, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _UnusableError(
            f"{output} cannot be written", error.strerror, "name a file in a folder that is there"
        ) from error
