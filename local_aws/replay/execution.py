"""One execution in virtual time, from a definition, an input and the results of its tasks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from local_aws.replay.script import Script
from local_aws.states.errors import StateError
from local_aws.states.history import History, Thread, failure_details
from local_aws.states.interpreter import Interpreter
from local_aws.states.jsontext import Json, dumps, timestamp
from local_aws.states.model import Machine
from local_aws.states.parsing import parse_definition

_ACCOUNT = "us-east-1:111111111111"


@dataclass(frozen=True)
class Outcome:
    """What became of an execution."""

    status: str
    output: Json
    error: str | None
    cause: str | None
    events: list[dict[str, Any]] = field(repr=False)  # asyncio writes the repr of what a main task returns


def run(case: dict[str, Any]) -> Outcome:
    """Run the `definition` of a case on its `input` with its `task_results`, to its end.

    Raises DefinitionError or NotModelledError when the definition is refused, LookupError when a task has no
    result left.
    """
    machine = parse_definition(json.dumps(case["definition"]), lambda _: None)
    script = Script(case["task_results"], case.get("s3_objects"))
    with asyncio.Runner(loop_factory=script.clock.new_event_loop) as runner:
        return runner.run(_run(machine, case["input"], script))


async def _run(machine: Machine, given: Json, script: Script) -> Outcome:
    history, thread = History(script.now), Thread()
    history.add(thread, "ExecutionStarted", {"input": dumps(given)})
    interpreter = Interpreter(script, history, _context(given, script), "us-east-1")
    work = asyncio.ensure_future(interpreter.run(machine, thread, given))
    waits: set[asyncio.Future[Any]] = {work}
    if machine.timeout_seconds is not None:
        waits.add(asyncio.ensure_future(script.sleep(machine.timeout_seconds)))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        history.abort(thread, thread.last)
        history.add(thread, "ExecutionTimedOut", {})
        return Outcome("TIMED_OUT", None, None, None, history.events)
    try:
        output = work.result()
    except StateError as failure:
        history.add(thread, "ExecutionFailed", failure_details(failure))
        return Outcome("FAILED", None, failure.error, failure.cause or None, history.events)
    history.add(thread, "ExecutionSucceeded", {"output": dumps(output)})
    return Outcome("SUCCEEDED", output, None, None, history.events)


def _context(given: Json, script: Script) -> dict[str, Json]:
    return {
        "Execution": {
            "Id": f"arn:aws:states:{_ACCOUNT}:execution:machine:name",
            "Input": given,
            "StartTime": timestamp(script.now()),
            "Name": "name",
            "RoleArn": "snf_role_arn",
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": f"arn:aws:states:{_ACCOUNT}:stateMachine:machine", "Name": "machine"},
    }
