"""One attempt of a Task state: its events, its time limits, and its end when nobody waits any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_aws.states.dataflow import read
from local_aws.states.effects import TaskCall
from local_aws.states.errors import DATA_LIMIT_EXCEEDED, TIMEOUT, StateError
from local_aws.states.history import UNTRUNCATED, failure_details
from local_aws.states.jsontext import Json, too_large
from local_aws.states.limits import Limits
from local_aws.states.model import TaskState
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit


async def run_task(visit: Visit, state: TaskState, data: Json) -> Json:
    """Call the service once and return its result; raises StateError."""
    timeout = read(state.timeout, data, visit.scope) if state.timeout else None
    heartbeat = read(state.heartbeat, data, visit.scope) if state.heartbeat else None
    token = visit.effects.begin(state.resource, state.name, visit.iteration)
    if state.resource.pattern:  # the context object of other tasks has no token, activities' included
        visit.context["Task"] = {"Token": token}
    parameters = state.resource.completed(state.flow.arguments(data, visit.scope))
    visit.effects.check(state.resource, parameters)
    credentials = state.credentials(data, visit.scope) if state.credentials else None
    limits = Limits(visit.effects, timeout, heartbeat if _may_beat(state.resource) else None)
    events = _TaskEvents(visit, state, limits)
    events.scheduled(parameters, timeout, heartbeat, credentials)
    call = TaskCall(
        state.resource,
        parameters,
        state.name,
        visit.iteration,
        credentials,
        submitted=events.submitted,
        token=token,
        execution=visit.context["Execution"]["Id"],
        machine=visit.context["StateMachine"]["Id"],
        started=events.taken,
        alive=limits.alive,
    )
    try:
        result = await limits.result_of(visit.effects.call(call))
        text = _checked(visit.history.written(result), state.resource.text)
    except StateError as failure:
        events.failed(failure)
        raise
    events.succeeded(text)
    return result


def _may_beat(resource: Resource) -> bool:
    """Tell whether anybody has a token to send heartbeats with; of others none is expected."""
    return resource.kind == "Activity" or resource.pattern == "waitForTaskToken"


def _checked(text: str, resource: str) -> str:
    if too_large(text):
        raise StateError(
            DATA_LIMIT_EXCEEDED,
            f"The state/task '{resource}' returned a result with a size exceeding the maximum number of "
            "bytes service limit.",
        )
    return text


class _TaskEvents:
    """The events of one attempt, in the words of its kind of resource."""

    def __init__(self, visit: Visit, state: TaskState, limits: Limits) -> None:
        self._visit = visit
        self._limits = limits
        self._kind = state.resource.kind
        self._resource = state.resource
        # An integration's events say whose they are, a function's do not.
        named = {"resourceType": state.resource.service, "resource": state.resource.action_and_pattern}
        self._who = named if self._kind == "Task" else {}

    def scheduled(self, parameters: Json, timeout: Json, heartbeat: Json, credentials: Json) -> None:
        """Record that the attempt is scheduled and, but for an activity, begun."""
        text = self._visit.history.written(parameters)
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        details: dict[str, Json] = {key: value for key, value in limits.items() if value is not None}
        if self._kind == "Task":
            details.update(self._who, region=self._visit.interpreter.region, parameters=text)
        else:
            details.update(resource=self._resource.text, input=text, inputDetails=UNTRUNCATED)
        if credentials is not None:
            details["taskCredentials"] = {"roleArn": credentials.get("RoleArn")}
        self._add("Scheduled", details)
        if self._kind != "Activity":
            self._add("Started", dict(self._who))
            self._limits.begin()

    def taken(self, worker: str | None) -> None:
        """Record that a worker has taken the activity's task."""
        if self._kind == "Activity":
            self._add("Started", {"workerName": worker} if worker else {})
            self._limits.begin()

    def submitted(self, output: Json) -> None:
        """Record the first answer of a job."""
        text = self._visit.history.written(output)
        self._add("Submitted", {**self._who, "output": text, "outputDetails": UNTRUNCATED})

    def succeeded(self, text: str) -> None:
        """Record the result."""
        self._add("Succeeded", {**self._who, "output": text, "outputDetails": UNTRUNCATED})

    def failed(self, failure: StateError) -> None:
        """Record the error."""
        self._add(
            "TimedOut" if failure.error == TIMEOUT else "Failed", {**self._who, **failure_details(failure)}
        )

    def _add(self, what: str, details: dict[str, Json]) -> None:
        self._visit.history.add(self._visit.thread, self._kind + what, details)
