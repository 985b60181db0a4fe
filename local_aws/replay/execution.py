"""One execution in virtual time, from a definition, an input and the results of its tasks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from local_aws.replay.script import Script
from local_aws.states.errors import StateError
from local_aws.states.express import check_express
from local_aws.states.fields import NotModelledError
from local_aws.states.history import History, Thread, failure_details
from local_aws.states.integrations import check
from local_aws.states.interpreter import Interpreter
from local_aws.states.jsontext import Json, dumps, timestamp
from local_aws.states.model import Machine
from local_aws.states.parsing import parse_definition
from local_aws.states.resources import Resource

_ACCOUNT = "us-east-1:111111111111"


@dataclass(frozen=True)
class Outcome:
    """What became of an execution."""

    status: str
    output: Json
    error: str | None
    cause: str | None
    events: list[dict[str, Any]] = field(repr=False)  # asyncio writes the repr of what a main task returns


def run(case: dict[str, Any], seed: int = 0) -> Outcome:
    """Run the `definition` of a case on its `input` with its `task_results`, to its end.

    `seed` is what ids, jitter and random numbers are made of.
    An EXPRESS machine (`machine_type`) runs as it does when it is started asynchronously. What a Resource
    names must be known to AWS, but we need not have it: its results are given.
    Raises DefinitionError or NotModelledError when the definition is refused, NoResultError when a task has
    no result left.
    """
    express = case.get("machine_type") == "EXPRESS"
    machine = parse_definition(dumps(case["definition"]), known_in_express if express else known)
    script = Script(case.get("task_results") or [], case.get("s3_objects"), seed=seed)
    given = case.get("input", {})
    context = _context(given, script, express)
    with asyncio.Runner(loop_factory=script.clock.new_event_loop) as runner:
        return runner.run(_run(machine, given, script, context))


def known(resource: Resource) -> None:
    """Raise ValueError for a resource that AWS does not know."""
    try:
        check(resource)
    except NotModelledError:
        return


def known_in_express(resource: Resource) -> None:
    """Raise ValueError for a resource that AWS does not know, or that no Express machine may call."""
    check_express(resource)
    known(resource)


async def _run(machine: Machine, given: Json, script: Script, context: dict[str, Json]) -> Outcome:
    history, thread = History(script.now), Thread()
    history.add(thread, "ExecutionStarted", {"input": dumps(given)})
    interpreter = Interpreter(script, history, context, "us-east-1")
    work = asyncio.ensure_future(interpreter.run(machine, thread, given))
    waits: set[asyncio.Future[Any]] = {work}
    if machine.timeout_seconds is not None:
        waits.add(asyncio.ensure_future(script.sleep(machine.timeout_seconds)))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        history.add_after(thread, 0, "ExecutionTimedOut", {})  # an end from outside follows no event
        return Outcome("TIMED_OUT", None, None, None, history.events)
    try:
        output = work.result()
    except StateError as failure:
        history.add(thread, "ExecutionFailed", failure_details(failure))
        return Outcome("FAILED", None, failure.error, failure.cause or None, history.events)
    history.add(thread, "ExecutionSucceeded", {"output": dumps(output)})
    return Outcome("SUCCEEDED", output, None, None, history.events)


def _context(given: Json, script: Script, express: bool) -> dict[str, Json]:
    """Return what `$$` shows; the names are those that the recordings have where nothing was made up."""
    execution = "express:machine:name:run" if express else "execution:machine:name"
    return {
        "Execution": {
            "Id": f"arn:aws:states:{_ACCOUNT}:{execution}",
            "Input": given,
            "StartTime": timestamp(script.now()),
            "Name": "name",
            "RoleArn": "sfn_role_arn" if express else "snf_role_arn",
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": f"arn:aws:states:{_ACCOUNT}:stateMachine:machine", "Name": "machine"},
    }
