"""Tasks whose Resource is none, and the parameters that the API does not have."""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.lint.definition import MachineNode, Object, StateNode, states
from local_aws.lint.findings import Finding, did_you_mean, finding
from local_aws.lint.parameters import misfits
from local_aws.lint.services import Call, UnknownResourceError, call_of

# What an ItemReader reads by, which no Task has.
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
_READERS = {
    f"arn:aws:states:::s3:{action}": f"arn:aws:states:::aws-sdk:s3:{action}"
    for action in ("getObject", "listObjectsV2")
}


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield unknown integrations, and parameters that do not fit the known ones."""
    for state in states(machine):
        resource, reader = state.body.get("Resource"), state.body.get("ItemReader")
        if state.kind == "Map" and isinstance(reader, dict) and str(reader.get("Resource")) in _READERS:
            call = call_of(_READERS[reader["Resource"]])
            yield from _parameters(state, reader, f"{state.path}/ItemReader", call)
        if state.kind != "Task" or not isinstance(resource, str):
            continue
        try:
            call = call_of(resource)
        except UnknownResourceError as error:
            fix = did_you_mean(error.close, "")
            yield finding("UNKNOWN_INTEGRATION", f"{state.path}/Resource", error.what, fix)
            continue
        yield from _parameters(state, state.body, state.path, call)


def known_call(state: StateNode) -> Call | None:
    """Return what a Task calls, or None where that is hidden or unknown."""
    try:
        return call_of(str(state.body.get("Resource")))
    except UnknownResourceError:
        return None


def _parameters(state: StateNode, body: Object, path: str, call: Call | None) -> Iterator[Finding]:
    key = "Arguments" if state.jsonata else "Parameters"
    given = body.get(key)
    if isinstance(given, dict) and call and call.operation and call.operation.input_shape:
        api = f"{call.operation.service_model.metadata['serviceId']} {call.operation.name}"
        yield from misfits(given, call.operation.input_shape, f"{path}/{key}", api)
