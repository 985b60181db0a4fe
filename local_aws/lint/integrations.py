"""Tasks whose Resource is none, and the parameters that the API does not have."""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.lint.definition import MachineNode, StateNode, states
from local_aws.lint.findings import Finding, did_you_mean, finding
from local_aws.lint.parameters import misfits
from local_aws.lint.services import Call, UnknownResourceError, call_of


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield unknown integrations, and parameters that do not fit the known ones."""
    for state in states(machine):
        resource = state.body.get("Resource")
        if state.kind != "Task" or not isinstance(resource, str):
            continue
        try:
            call = call_of(resource)
        except UnknownResourceError as error:
            fix = did_you_mean(error.close, "")
            yield finding("UNKNOWN_INTEGRATION", f"{state.path}/Resource", error.what, fix)
            continue
        if call and call.operation:
            yield from _parameters(state, call)


def known_call(state: StateNode) -> Call | None:
    """Return what a Task calls, or None where that is hidden or unknown."""
    try:
        return call_of(str(state.body.get("Resource")))
    except UnknownResourceError:
        return None


def _parameters(state: StateNode, call: Call) -> Iterator[Finding]:
    key = "Arguments" if state.jsonata else "Parameters"
    given = state.body.get(key)
    if isinstance(given, dict) and call.operation and call.operation.input_shape:
        api = f"{call.operation.service_model.metadata['serviceId']} {call.operation.name}"
        yield from misfits(given, call.operation.input_shape, f"{state.path}/{key}", api)
