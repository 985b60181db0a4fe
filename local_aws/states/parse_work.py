"""Parsing the states that do work, may fail and be tried again: Task, Parallel and Map."""

from __future__ import annotations

from local_aws.states import jsonata
from local_aws.states.dataflow import read
from local_aws.states.errors import QUERY_EVALUATION_ERROR, EvaluationError, runtime_error
from local_aws.states.express import NotInExpressError
from local_aws.states.expressions import compile_path
from local_aws.states.fields import NotModelledError
from local_aws.states.jsontext import Json, dumps
from local_aws.states.model import Machine, MapState, ParallelState, State, TaskState
from local_aws.states.parse_flow import query, template
from local_aws.states.reader import StateReader, whole_seconds
from local_aws.states.resources import Resource, parse_resource
from local_aws.states.scope import Expression, Scope

_LIMITS = ("ToleratedFailureCount", "ToleratedFailurePercentage")
# What only a distributed Map has.
DISTRIBUTED = frozenset(
    {"ItemReader", "ItemBatcher", "ResultWriter", "Label", *_LIMITS, *(name + "Path" for name in _LIMITS)}
)


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
        fields.fault(
            "Value cannot be empty" if branches == [] else "Expected value of type [ARRAY]", "Branches"
        )
        branches = []
    parsed = (_nested(reader, branch, f"Branches[{index}]") for index, branch in enumerate(branches))
    return ParallelState(
        **reader.common(),
        **reader.work(),
        branches=tuple(machine for machine in parsed if machine is not None),
    )


def parse_map(reader: StateReader) -> State:
    """Compile an inline Map; a distributed one raises NotModelledError."""
    fields = reader.fields
    key = "ItemProcessor" if fields.has("ItemProcessor") else "Iterator"
    body = fields.value(key)
    config = body.get("ProcessorConfig") if isinstance(body, dict) else None
    distributed = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
    for lacking in ["a Map in DISTRIBUTED mode"] * distributed + sorted(DISTRIBUTED & fields.node.keys()):
        raise NotModelledError(f"{lacking} at {fields.location}")
    if body is None:
        fields.require("ItemProcessor")
    processor = _nested(reader, body, key) if body is not None else None
    selector = "ItemSelector" if fields.has("ItemSelector") else "Parameters"
    return MapState(
        **reader.common(parameters=""),
        **reader.work(),
        processor=processor or Machine("", {}),
        items=_items(reader),
        item_selector=query(fields, selector) if reader.is_jsonata else template(fields, selector),
        max_concurrency=_max_concurrency(reader),
    )


def _nested(reader: StateReader, node: Json, key: str) -> Machine | None:
    return reader.around.parse_machine(node, f"{reader.fields.location}/{key}", reader.around)


def _items(reader: StateReader) -> Expression:
    """Return the expression of a Map's items; anything but an array is an error of the state."""
    if reader.is_jsonata:
        items = query(reader.fields, "Items") or (lambda data, _scope: data["input"])
    else:
        items = reader.fields.path("ItemsPath") or compile_path("$")
    error = QUERY_EVALUATION_ERROR if reader.is_jsonata else None
    where = "Items" if reader.is_jsonata else f"ItemsPath '{reader.fields.value('ItemsPath') or '$'}'"

    def evaluate(data: Json, scope: Scope) -> Json:
        value = read(items, data, scope)
        if not isinstance(value, list):
            cause = f"Reference path for {where} must be an array but was: {dumps(value)}"
            raise EvaluationError(error, cause) if error else runtime_error(cause)
        return value

    return evaluate


def _max_concurrency(reader: StateReader) -> Expression:
    if reader.fields.has("MaxConcurrencyPath"):
        at = reader.fields.integer_at("MaxConcurrencyPath", "MaxConcurrencyPath")
    elif reader.is_jsonata and jsonata.is_expression(reader.fields.value("MaxConcurrency")):
        at = query(reader.fields, "MaxConcurrency")
    else:
        reader.fields.integer("MaxConcurrency", 0)
        at = reader.value("MaxConcurrency")
    return at or (lambda _data, _scope: 0)
