"""One execution in virtual time, with the results that its tasks are given, for a person or a program."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local_aws.replay.events import told
from local_aws.replay.execution import Outcome, run
from local_aws.replay.files import NOT_PASSED, UNREADABLE, UnreadableError, read_json
from local_aws.replay.results import NoResultError
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.jsontext import Json, dumps, timestamp

# What an entry of the task results may have besides its state, what that is to be, and whether it is.
_MEMBERS: tuple[tuple[str, str, Callable[[Json], bool]], ...] = (
    (
        "throws",
        "an object with an error and a cause, both text",
        lambda it: isinstance(it, dict) and all(isinstance(one, str | None) for one in it.values()),
    ),
    ("seconds", "a number", lambda it: isinstance(it, int | float)),
    (
        "iteration",
        "null or a list of whole numbers",
        lambda it: it is None or (isinstance(it, list) and all(isinstance(one, int) for one in it)),
    ),
)


def run_one(arguments: argparse.Namespace) -> int:
    """Execute the machine and print what became of it; return the exit code."""
    try:
        results = _task_results(arguments.task_results)
        case = {"definition": read_json(arguments.definition), "input": read_json(arguments.input), **results}
        outcome = _outcome(case, arguments)
    except UnreadableError as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    events = [{**told(event), "timestamp": timestamp(event["timestamp"])} for event in outcome.events]
    if arguments.json:
        what = {"status": outcome.status, "output": outcome.output, "error": outcome.error}
        print(json.dumps({**what, "cause": outcome.cause, "events": events}, indent=2))
    else:
        _print(outcome, events)
    return 0 if outcome.status == "SUCCEEDED" else NOT_PASSED


def _outcome(case: dict[str, Any], arguments: argparse.Namespace) -> Outcome:
    """Run the case; raises UnreadableError when it cannot be run to its end."""
    refused = f"{arguments.definition} is refused"
    try:
        return run(case, arguments.seed)
    except DefinitionError as error:
        faults = [
            f"{fault.code}: {fault.message}" + (f" at {fault.location}" if fault.location else "")
            for fault in error.problems
        ]
        raise UnreadableError(refused, "\n         ".join(faults), "mend the definition") from error
    except NotModelledError as error:
        raise UnreadableError(
            refused, f"the local AWS does not model {error}", "run it without that, or on AWS"
        ) from error
    except NoResultError as error:
        file = arguments.task_results or "a file of --task-results"
        entry: dict[str, Json] = {"state": error.state, "returns": {}}
        if error.iteration:
            entry["iteration"] = list(error.iteration)
        raise UnreadableError(
            f"the execution of {arguments.definition} cannot go on",
            str(error),
            f"add {dumps(entry)}, or one with throws, to {file}",
        ) from error


def _task_results(file: Path | None) -> dict[str, Json]:
    """Read a list of task results, or an object with `task_results` and `s3_objects`."""
    if file is None:
        return {}
    content = read_json(file)
    members = content if isinstance(content, dict) else {"task_results": content}
    results = members.get("task_results", [])
    failed, do = f"{file} holds no task results", "see docs/testing.md for what an entry has"
    if not isinstance(results, list):
        raise UnreadableError(failed, "no list of them", do)
    for number, result in enumerate(results, start=1):
        if not isinstance(result, dict) or not isinstance(result.get("state"), str):
            raise UnreadableError(failed, f"entry {number} has no state", do)
        if not {"returns", "throws", "timed_out"} & result.keys():
            found = f"entry {number} ({result['state']}) neither returns nor throws"
            raise UnreadableError(failed, found, do)
        for key, what, is_right in _MEMBERS:
            if key in result and not is_right(result[key]):
                found = f"{key} of entry {number} ({result['state']}) is not {what}"
                raise UnreadableError(failed, found, do)
    objects = members.get("s3_objects", [])
    if not isinstance(objects, list) or not all(map(_is_s3_object, objects)):
        raise UnreadableError(f"{file} holds no S3 objects", "no list of bucket, key and body, all text", do)
    return {"task_results": results, "s3_objects": objects}


def _is_s3_object(one: Json) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("bucket", "key", "body"))


def _print(outcome: Outcome, events: list[dict[str, Json]]) -> None:
    """Print an execution for a person: its events with the seconds they came after, and its end."""
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("event", no_wrap=True, min_width=22)
    table.add_column("state or resource", no_wrap=True)
    table.add_column("data", no_wrap=True, ratio=1)
    start = outcome.events[0]["timestamp"]
    for event, raw in zip(events, outcome.events, strict=True):
        seconds = (raw["timestamp"] - start).total_seconds()
        where = event.get("name") or event.get("resource", "")
        table.add_row(str(event["id"]), f"{seconds:.3f}", event["type"], where, escape(_data(event)))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what the terminal has no character for
    console = Console(highlight=False)
    console.print(table, "", outcome.status, sep="\n")
    if outcome.status == "SUCCEEDED":
        console.print_json(dumps(outcome.output))
    elif outcome.error or outcome.cause:
        console.print(escape(f"{outcome.error}: {outcome.cause}"))


def _data(event: dict[str, Json]) -> str:
    """Return the member of an event that tells most of it."""
    if "error" in event or "cause" in event:
        return f"{event.get('error')}: {event.get('cause')}"
    return next((dumps(event[name]) for name in ("output", "parameters", "input") if name in event), "")
