"""Parsing the Map state, inline and distributed.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from local_aws.states import jsonata
from local_aws.states.dataflow import read
from local_aws.states.distributed.parsing import parse_distribution
from local_aws.states.distributed.settings import Distribution
from local_aws.states.errors import query_error, runtime_error
from local_aws.states.express import check_express
from local_aws.states.expressions import compile_path
from local_aws.states.fields import Fields
from local_aws.states.jsontext import Json, dumps
from local_aws.states.map_numbers import whole_number
from local_aws.states.model import Machine, MapState, State
from local_aws.states.parse_flow import query, template
from local_aws.states.reader import StateReader
from local_aws.states.resources import Resource
from local_aws.states.scope import Expression, Scope
from local_aws.states.surroundings import Surroundings

_LIMITS: Final = frozenset({"ToleratedFailureCount", "ToleratedFailurePercentage"})
_PATHS: Final = frozenset(name + "Path" for name in _LIMITS)
_OTHERS: Final = frozenset({"ItemReader", "ItemBatcher", "ResultWriter", "Label"})
# What only a distributed Map heeds. AWS takes the limits from an inline one, too, but not the others.
DISTRIBUTED: Final = _OTHERS | _LIMITS | _PATHS
_MODES: Final = ("INLINE", "DISTRIBUTED")
_EXECUTION_TYPES: Final = ("STANDARD", "EXPRESS")


def parse_map(reader: StateReader) -> State:
    """Compile a Map; what we lack of a distributed one raises NotModelledError."""
    fields = reader.fields
    key = "ItemProcessor" if fields.has("ItemProcessor") else "Iterator"
    body = fields.value(key)
    if body is None:
        fields.require("ItemProcessor")
        body = {}
    execution_type = _execution_type(fields, body, key) if isinstance(body, dict) else None
    express = execution_type == "EXPRESS"
    around = (
        dataclasses.replace(reader.around, supports=_in_express(reader.around)) if express else reader.around
    )
    processor = around.parse_machine(body, f"{fields.location}/{key}", around) if body else None
    selector = "ItemSelector" if fields.has("ItemSelector") else "Parameters"
    return MapState(
        **reader.common(parameters=""),
        **reader.work(),
        processor=processor or Machine("", {}),
        items=_items(reader),
        item_selector=query(fields, selector) if reader.is_jsonata else template(fields, selector),
        max_concurrency=_max_concurrency(reader),
        distribution=_distribution(reader, body, express=express, distributed=execution_type is not None),
    )


def _execution_type(fields: Fields, body: dict[str, Json], key: str) -> str | None:
    """Return the type of the child workflow executions; None when the Map is inline."""
    config = Fields(
        body.get("ProcessorConfig") or {}, f"{fields.location}/{key}/ProcessorConfig", fields.problems
    )
    config.allow(frozenset({"Mode", "ExecutionType"}))
    config.one_of("Mode", _MODES)
    config.one_of("ExecutionType", _EXECUTION_TYPES)
    if config.value("Mode") != "DISTRIBUTED":
        return None
    config.require("ExecutionType")
    return str(config.value("ExecutionType"))


def _in_express(around: Surroundings) -> Callable[[Resource], None]:
    def supports(resource: Resource) -> None:
        check_express(resource)
        around.supports(resource)

    return supports


def _distribution(
    reader: StateReader, body: Json, *, express: bool, distributed: bool
) -> Distribution | None:
    fields = reader.fields
    refused = (frozenset() if distributed else _OTHERS) | (_PATHS if reader.is_jsonata else frozenset())
    for key in sorted(refused & fields.node.keys()):
        fields.fault(f"Field '{key}' is not supported")
    return parse_distribution(reader, body, express=express) if distributed else None


def _max_concurrency(reader: StateReader) -> Expression:
    """Return the expression of how many items may be worked on at once; 0 where there is no limit."""
    given = whole_number(reader.fields, "MaxConcurrency", is_jsonata=reader.is_jsonata)

    def evaluate(data: Json, scope: Scope) -> Json:
        value = given(data, scope) if given else 0
        if value < 0:
            raise runtime_error("MaxConcurrency cannot be negative.")
        return value

    return evaluate


def _items(reader: StateReader) -> Expression:
    """Return the expression of a Map's items; anything but an array is an error of the state.

    An object was an error when this was recorded; the documentation says by now that it is iterated over.
    """
    fields = reader.fields
    literal = fields.value("Items")
    if fields.has("Items") and not jsonata.is_expression(literal) and not isinstance(literal, list):
        fields.fault("Expected value of type [ARRAY]", "Items")
    given = query(fields, "Items") if reader.is_jsonata else fields.path("ItemsPath")
    items = given or ((lambda data, _scope: data["input"]) if reader.is_jsonata else compile_path("$"))

    def evaluate(data: Json, scope: Scope) -> Json:
        value = read(items, data, scope)
        if isinstance(value, list):
            return value
        if not reader.is_jsonata:
            where = fields.value("ItemsPath") or "$"
            raise runtime_error(
                f"Reference path for ItemsPath '{where}' must be an array but was: {dumps(value)}"
            )
        if given is None:
            raise query_error(f"Map state input must be an array but was: {dumps(value)}")
        raise jsonata.unexpected("Items", fields.value("Items"), "array", value)

    return evaluate
