"""Recorded executions: reading them, running them again without AWS, and naming the first difference."""

from __future__ import annotations

import asyncio
import collections
import itertools
import json
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.history import History, Thread, failure_details
from local_aws.states.interpreter import Interpreter
from local_aws.states.jsontext import dumps
from local_aws.states.parsing import parse_definition

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "asl_conformance"
# AWS words these causes as it likes, and makes these values up as it goes.
_LOOSE = ("States.Runtime", "States.IntrinsicFailure")
_TEXTS = ("input", "output", "parameters", "cause")


@dataclass(frozen=True)
class Outcome:
    """What became of an execution."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[dict[str, Any]]


class Script:
    """Effects that cost no time: the clock jumps, and tasks answer what they answered when recorded."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.random = random.Random(0)  # noqa: S311 - no secret
        self._time = datetime(2024, 1, 1, tzinfo=UTC)
        self._ids = itertools.count(1)
        self._results: dict[Any, collections.deque[dict[str, Any]]] = collections.defaultdict(
            collections.deque
        )
        for result in results:
            self._results[result["state"], tuple(result.get("iteration") or ())].append(result)

    def now(self) -> datetime:
        return self._time

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._ids):012}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._time += timedelta(seconds=max(seconds, 0))

    async def call(self, task: TaskCall) -> Any:
        await asyncio.sleep(0)
        queue = self._results[task.state, task.iteration] or self._results[task.state, ()]
        if not queue:
            raise LookupError(f"no recorded result of {task.state} is left")
        result = queue.popleft()
        if "submitted" in result:
            task.submitted(result["submitted"])
        if "throws" in result:
            cause = "" if result.get("timed_out") else None
            raise StateError(result["throws"].get("error"), result["throws"].get("cause", cause))
        return result["returns"]


async def run(case: dict[str, Any]) -> Outcome:
    """Run a case to its end; raises DefinitionError or NotModelledError."""
    machine = parse_definition(json.dumps(case["definition"]), lambda _: None)
    script = Script(case["task_results"])
    history, thread = History(script.now), Thread()
    history.add(thread, "ExecutionStarted", {"input": dumps(case["input"])})
    name = "machine"
    context = {
        "Execution": {
            "Id": f"arn:aws:states:us-east-1:111111111111:execution:{name}:name",
            "Input": case["input"],
            "StartTime": "2024-01-01T00:00:00Z",
            "Name": "name",
            "RoleArn": "snf_role_arn",
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": f"arn:aws:states:us-east-1:111111111111:stateMachine:{name}", "Name": name},
    }
    interpreter = Interpreter(script, history, context, "us-east-1")
    try:
        output = await interpreter.run(machine, thread, case["input"])
    except StateError as failure:
        history.add(thread, "ExecutionFailed", failure_details(failure))
        return Outcome("FAILED", None, failure.error, failure.cause or None, history.events)
    limit = machine.timeout_seconds
    if limit is not None and (script.now() - datetime(2024, 1, 1, tzinfo=UTC)).total_seconds() > limit:
        return Outcome("TIMED_OUT", None, None, None, history.events)
    history.add(thread, "ExecutionSucceeded", {"output": dumps(output)})
    return Outcome("SUCCEEDED", output, None, None, history.events)


def difference(case: dict[str, Any]) -> str | None:
    """Return the first difference between AWS's recording and our execution, or None."""
    try:
        outcome = asyncio.run(run(case))
    except (DefinitionError, NotModelledError) as error:
        return f"refused: {error}"
    expected = case["expected"]
    loose = _Loose(case)
    for what in ("status", "error"):
        found = getattr(outcome, what)
        if not loose.same(expected.get(what), found):
            return f"{what}: AWS {expected.get(what)!r}, ours {found!r} ({outcome.cause})"
    if not loose.same(expected.get("output"), outcome.output):
        return f"output: AWS {expected.get('output')!r}, ours {outcome.output!r}"
    if expected.get("error") not in _LOOSE and not loose.same(
        expected.get("cause"), _parsed(outcome.cause, expected.get("cause"))
    ):
        return f"cause: AWS {expected.get('cause')!r}, ours {outcome.cause!r}"
    return _event_difference(case, outcome, loose) if case.get("events_recorded", True) else None


class _Loose:
    """Comparing where AWS made a part of the value up at run time."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._made_up = [one["token"] for one in case["placeholders"] if one["from"] == "environment"]
        self._paths = {
            path for one in case["placeholders"] if one["from"] == "environment" for path in one["paths"]
        }

    def same(self, expected: Any, found: Any) -> bool:
        if isinstance(expected, str):
            return self._same_text(expected, found)
        if isinstance(expected, dict) and isinstance(found, dict):
            return expected.keys() == found.keys() and all(
                self.same(expected[key], found[key]) for key in expected
            )
        if isinstance(expected, list) and isinstance(found, list):
            return len(expected) == len(found) and all(map(self.same, expected, found))
        return type(expected) is type(found) and bool(expected == found)

    def _same_text(self, expected: str, found: Any) -> bool:
        tokens = [token for token in self._made_up if token in expected]
        if not tokens:
            return bool(expected == found)
        if expected in tokens:
            return True
        pattern = "|".join(map(re.escape, tokens))
        literals = [re.escape(part) for part in re.split(pattern, expected)]
        return isinstance(found, str) and re.fullmatch(".*".join(literals), found, re.DOTALL) is not None


def _parsed(found: Any, expected: Any) -> Any:
    """Return a text of ours as JSON where the recording has it parsed."""
    return json.loads(found) if isinstance(found, str) and not isinstance(expected, str | None) else found


def _event_difference(case: dict[str, Any], outcome: Outcome, loose: _Loose) -> str | None:
    ours = [_flat(event) for event in outcome.events]
    recorded = case["expected"]["events"]
    if case.get("events_order"):
        return _multiset_difference(recorded, ours, loose)
    for theirs, mine in itertools.zip_longest(recorded, ours):
        fault = "missing" if theirs is None or mine is None else _one_difference(theirs, mine, loose)
        if fault:
            return f"event {fault}: AWS {theirs}, ours {mine}"
    return None


def _multiset_difference(recorded: list[Any], ours: list[Any], loose: _Loose) -> str | None:
    """Compare events whatever their order; ids depend on it."""
    left = list(ours)
    for theirs in recorded:
        plain = {key: value for key, value in theirs.items() if key not in ("id", "previous")}
        match = next((mine for mine in left if _one_difference(plain, mine, loose) is None), None)
        if match is None:
            alike = [event for event in left if event["type"] == theirs["type"]]
            return f"event: AWS {plain}, ours none of {alike[:3]}"
        left.remove(match)
    # The recordings leave this one out.
    left = [event for event in left if event["type"] != "ParallelStateSucceeded"]
    return f"events that AWS has not: {left[:3]}" if left else None


def _one_difference(theirs: dict[str, Any], mine: dict[str, Any], loose: _Loose) -> str | None:
    for key, value in theirs.items():
        found = _parsed(mine.get(key), value) if key == "cause" else mine.get(key)
        if key == "cause" and theirs.get("error") in _LOOSE:
            continue
        if key == "assigned":
            found = {name: json.loads(text) for name, text in mine.get("assignedVariables", {}).items()}
        if not loose.same(value, found):
            return key
    return None


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    flat = {"id": event["id"], "previous": event["previousEventId"], "type": event["type"]}
    for key, value in event.items():
        if key.endswith("EventDetails"):
            flat.update(value)
    for key in ("input", "output", "parameters"):
        if key in flat:
            flat[key] = json.loads(flat[key])
    return flat
