"""Parsing the states that do work, may fail and be tried again: Task and Parallel."""

from __future__ import annotations

from local_aws.states import jsonata
from local_aws.states.express import NotInExpressError
from local_aws.states.fields import NotModelledError
from local_aws.states.jsontext import Json
from local_aws.states.model import Machine, ParallelState, State, TaskState
from local_aws.states.parse_flow import query, template
from local_aws.states.reader import StateReader, whole_seconds
from local_aws.states.resources import Resource, parse_resource
from local_aws.states.scope import Expression


def parse_task(reader: StateReader) -> State:
    """Compile a Task; a resource that we lack raises NotModelledError."""
    fields = reader.fields
    fields.require("Resource")
    resource = parse_resource(fields.text("Resource") or "")
    unknown = (
        f"The resource provided {fields.value('Resource')} is not recognized. The value is not a valid "
        "resource ARN, or the resource is not available in this region."
    )
    if resource is None:
        fields.fault(unknown, "Resource")
        resource = Resource("", "Task")
    else:
        try:
            reader.around.supports(resource)
        except NotModelledError as error:
            raise NotModelledError(f"{error} at {fields.location}/Resource") from None
        except NotInExpressError as error:
            fields.fault(str(error), "Resource")
        except ValueError:
            fields.fault(unknown, "Resource")
    credentials = fields.child("Credentials")
    if fields.has("Credentials") and not {"RoleArn", "RoleArn.$"} & credentials.node.keys():
        credentials.fault("The field 'RoleArn' is required but was missing")
    return TaskState(
        **reader.common(),
        **reader.work(),
        resource=resource,
        timeout=_seconds(reader, "TimeoutSeconds"),
        heartbeat=_seconds(reader, "HeartbeatSeconds"),
        credentials=query(fields, "Credentials") if reader.is_jsonata else template(fields, "Credentials"),
    )


def _seconds(reader: StateReader, key: str) -> Expression | None:
    reader.fields.at_most_one(key, key + "Path")
    if reader.fields.has(key + "Path"):
        return reader.fields.integer_at(key + "Path", key + "Path")
    if not (reader.is_jsonata and jsonata.is_expression(reader.fields.value(key))):
        reader.fields.integer(key, 1)
        return reader.value(key)
    value = reader.value(key, "number")
    return whole_seconds(value, key) if value else None


def parse_parallel(reader: StateReader) -> State:
    """Compile a Parallel state."""
    fields = reader.fields
    fields.require("Branches")
    branches = fields.value("Branches")
    if not isinstance(branches, list) or not branches:
        empty = branches == []
        fields.fault("Value cannot be empty" if empty else "Expected value of type [ARRAY]", "Branches")
        branches = []
    parsed = (_nested(reader, branch, f"Branches[{index}]") for index, branch in enumerate(branches))
    return ParallelState(
        **reader.common(),
        **reader.work(),
        branches=tuple(machine for machine in parsed if machine is not None),
    )


def _nested(reader: StateReader, node: Json, key: str) -> Machine | None:
    return reader.around.parse_machine(node, f"{reader.fields.location}/{key}", reader.around)
