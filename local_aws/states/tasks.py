"""One attempt of a Task state: its events, its time limit, and its end when nobody waits any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from local_aws.states.dataflow import read
from local_aws.states.effects import TaskCall
from local_aws.states.errors import DATA_LIMIT_EXCEEDED, TIMEOUT, StateError
from local_aws.states.history import failure_details
from local_aws.states.jsontext import Json, too_large
from local_aws.states.model import TaskState

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_UNTRUNCATED = {"truncated": False}


async def run_task(visit: Visit, state: TaskState, data: Json) -> Json:
    """Call the service once and return its result; raises StateError."""
    timeout = read(state.timeout, data, visit.scope) if state.timeout else None
    heartbeat = read(state.heartbeat, data, visit.scope) if state.heartbeat else None
    if state.resource.pattern == "waitForTaskToken":
        visit.context["Task"] = {"Token": visit.effects.new_id()}
    parameters = state.flow.arguments(data, visit.scope)
    credentials = state.credentials(data, visit.scope) if state.credentials else None
    events = _TaskEvents(visit, state)
    events.scheduled(parameters, timeout, heartbeat, credentials)
    call = TaskCall(state.resource, parameters, state.name, visit.iteration, credentials, events.submitted)
    try:
        result = await _within(visit, call, timeout)
        text = _checked(visit.history.written(result), state.resource.text)
    except StateError as failure:
        events.failed(failure)
        raise
    events.succeeded(text)
    return result


def _checked(text: str, resource: str) -> str:
    if too_large(text):
        raise StateError(
            DATA_LIMIT_EXCEEDED,
            f"The state/task '{resource}' returned a result with a size exceeding the maximum number of "
            "bytes service limit.",
        )
    return text


async def _within(visit: Visit, call: TaskCall, timeout: int | None) -> Json:
    """Make the call, but give it no longer than the time limit (seconds)."""
    if timeout is None:
        return await visit.effects.call(call)
    work = asyncio.ensure_future(visit.effects.call(call))
    limit = asyncio.ensure_future(visit.effects.sleep(timeout))
    try:
        await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise StateError(TIMEOUT, "")
    finally:
        limit.cancel()
        work.cancel()


class _TaskEvents:
    """The events of one attempt, in the words of its kind of resource."""

    def __init__(self, visit: Visit, state: TaskState) -> None:
        self._visit = visit
        self._kind = state.resource.kind
        self._resource = state.resource
        # An integration's events say whose they are, a function's do not.
        named = {"resourceType": state.resource.service, "resource": state.resource.action_and_pattern}
        self._who = named if self._kind == "Task" else {}

    def scheduled(self, parameters: Json, timeout: Json, heartbeat: Json, credentials: Json) -> None:
        """Record that the attempt is scheduled and begun."""
        text = self._visit.history.written(parameters)
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        details: dict[str, Json] = {key: value for key, value in limits.items() if value is not None}
        if self._kind == "Task":
            details.update(self._who, region=self._visit.interpreter.region, parameters=text)
        else:
            details.update(resource=self._resource.text, input=text, inputDetails=_UNTRUNCATED)
        if credentials is not None:
            details["taskCredentials"] = {"roleArn": credentials.get("RoleArn")}
        self._add("Scheduled", details)
        self._add("Started", dict(self._who))

    def submitted(self, output: Json) -> None:
        """Record the first answer of a job."""
        text = self._visit.history.written(output)
        self._add("Submitted", {**self._who, "output": text, "outputDetails": _UNTRUNCATED})

    def succeeded(self, text: str) -> None:
        """Record the result."""
        self._add("Succeeded", {**self._who, "output": text, "outputDetails": _UNTRUNCATED})

    def failed(self, failure: StateError) -> None:
        """Record the error."""
        self._add(
            "TimedOut" if failure.error == TIMEOUT else "Failed", {**self._who, **failure_details(failure)}
        )

    def _add(self, what: str, details: dict[str, Json]) -> None:
        self._visit.history.add(self._visit.thread, self._kind + what, details)
