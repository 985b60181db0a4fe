"""What a state makes of its data: the value and the variables with which each state after it begins.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local_aws.lint.definition import MachineNode, Object, StateNode, rules_of_choice
from local_aws.lint.integrations import known_call
from local_aws.lint.reading import Reader
from local_aws.lint.shapes import (
    ANY,
    ERROR_OUTPUT,
    NOTHING,
    SCALAR,
    Value,
    answer_of,
    element_of,
    joined,
    literal,
    put,
)
from local_aws.states.jsontext import Json
from local_aws.states.paths import PathError, path
from local_aws.wire import service_model

Variables = dict[str, Value]
# Returns what a nested machine may end with, given its input, the variables and the context object.
Inner = Callable[[MachineNode, Value, Variables, Value], Value]
_TIMES = ("TimeoutSecondsPath", "HeartbeatSecondsPath", "SecondsPath", "TimestampPath", "MaxConcurrencyPath")
_LIMITS = ("ToleratedFailureCountPath", "ToleratedFailurePercentagePath")


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a state: to another, or to the end of the machine (None)."""

    target: str | None
    value: Value
    variables: Variables


def ways_of(state: StateNode, raw: Value, reader: Reader, inner: Inner) -> Iterator[Way]:
    """Yield the ways out of a state that begins with `raw`; the reader notes what it reads in vain."""
    if not state.jsonata and "InputPath" in state.body:
        reader.data = _filtered(reader, state, "InputPath", raw)
    result = _result(state, reader, inner)
    if state.kind == "Choice":
        yield from _choice(state, raw, reader)
    elif state.kind == "Fail":
        for key in ("ErrorPath", "CausePath"):
            reader.read(state.body.get(key), f"{state.path}/{key}")
    elif result is not None:
        value = _output(state.body, raw, result, reader, state)
        seen = joined(joined(raw, reader.data), result)
        variables = _assigned(state.body, state, reader, f"{state.path}/Assign", seen)
        following = state.body.get("Next")
        yield Way(following if isinstance(following, str) else None, value, variables)
    yield from _catches(state, raw, reader)


def _result(state: StateNode, reader: Reader, inner: Inner) -> Value | None:
    """Return what the state's work gives; None when it only ever fails."""
    body = state.body
    for key in (*_TIMES, *_LIMITS):
        reader.read(body.get(key), f"{state.path}/{key}")
    if state.kind == "Map":
        return _map(state, reader, inner)
    arguments = _template(state, "Arguments" if state.jsonata else "Parameters", reader)
    if state.kind == "Pass":
        return literal(body["Result"]) if "Result" in body else arguments
    if state.kind == "Task":
        _template(state, "Credentials", reader)
        return _answer(state)
    if state.kind == "Parallel":
        ends = [inner(branch, arguments, reader.variables, reader.context) for branch in state.inner()]
        return None if NOTHING in ends else Value(array=tuple(ends))
    return reader.data


def _map(state: StateNode, reader: Reader, inner: Inner) -> Value:
    body = state.body
    item = ANY  # where the items come from a file, a query or batches
    if not state.jsonata and not {"ItemReader", "ItemBatcher"} & body.keys():
        item = element_of(reader.read(body.get("ItemsPath", "$"), f"{state.path}/ItemsPath"))
    known = Value(members=dict.fromkeys(("Index", "Key", "Source"), SCALAR) | {"Value": item})
    context = Value(members={**(reader.context.members or {}), "Map": Value(members={"Item": known})})
    key = "Parameters" if "Parameters" in body and not state.jsonata else "ItemSelector"
    if key in body:
        item = _template(
            state, key, Reader(reader.name, reader.data, context, reader.variables, reader.findings)
        )
    if "ItemBatcher" in body:
        item = ANY
    ends = [inner(machine, item, reader.variables, context) for machine in state.inner()]
    return ANY if "ResultWriter" in body or not ends else Value(array=ends[0])


def _choice(state: StateNode, raw: Value, reader: Reader) -> Iterator[Way]:
    guarded = [
        str(rule.get("Variable"))
        for place, top in state.elements("Choices")
        for _, rule in rules_of_choice(place, top)
        if "IsPresent" in rule
    ]
    for place, top in state.elements("Choices"):
        for path_of_rule, rule in [] if state.jsonata else rules_of_choice(place, top):
            for key, text in rule.items():
                names_a_path = key == "Variable" or key.endswith("Path")
                if names_a_path and not any(str(text).startswith(guard) for guard in guarded):
                    reader.read(text, f"{path_of_rule}/{key}")
        following = top.get("Next")
        if isinstance(following, str):
            variables = _assigned(top, state, reader, f"{place}/Assign", reader.data)
            yield Way(following, _output({**state.body, **top}, raw, reader.data, reader, state), variables)
    if isinstance(state.body.get("Default"), str):
        variables = _assigned(state.body, state, reader, f"{state.path}/Assign", reader.data)
        yield Way(state.body["Default"], _output(state.body, raw, reader.data, reader, state), variables)


def _catches(state: StateNode, raw: Value, reader: Reader) -> Iterator[Way]:
    for place, catcher in state.elements("Catch"):
        if state.jsonata:
            value = _jsonata(catcher["Output"]) if "Output" in catcher else ERROR_OUTPUT
        elif "ResultPath" not in catcher:
            value = ANY  # the loss has a finding of its own: none for each path that misses what was lost
        else:
            value = _placed(catcher["ResultPath"], raw, ERROR_OUTPUT)
        following = catcher.get("Next")
        if isinstance(following, str):
            yield Way(following, value, _assigned(catcher, state, reader, f"{place}/Assign", ANY))


def _output(body: Object, raw: Value, result: Value, reader: Reader, state: StateNode) -> Value:
    """Return the state's output; `body` is the state's, or that of a Choice rule over it."""
    if state.jsonata:
        return _jsonata(body["Output"]) if "Output" in body else result
    if state.kind in ("Task", "Parallel", "Map", "Pass"):
        if "ResultSelector" in body:
            result = reader.template(body["ResultSelector"], f"{state.path}/ResultSelector", result)
        result = _placed(body.get("ResultPath", "$"), raw, result)
    return _filtered(reader, state, "OutputPath", result)


def _filtered(reader: Reader, state: StateNode, key: str, value: Value) -> Value:
    """Apply InputPath or OutputPath."""
    if key in state.body and state.body[key] is None:
        return Value(members={})
    return reader.read(state.body.get(key, "$"), f"{state.path}/{key}", value)


def _placed(result_path: Json, raw: Value, result: Value) -> Value:
    """Apply a ResultPath."""
    if result_path is None:
        return raw
    try:
        steps = path(str(result_path)).steps
    except PathError:
        return ANY
    return ANY if steps is None else put(raw, steps, result)


def _template(state: StateNode, key: str, reader: Reader) -> Value:
    """Return what a payload template gives, or the state's data without one."""
    if key not in state.body:
        return reader.data
    if state.jsonata:
        return _jsonata(state.body[key])
    return reader.template(state.body[key], f"{state.path}/{key}")


def _jsonata(value: Json) -> Value:
    """Return what is known of JSON with JSONata in it: all but what the expressions give."""
    if isinstance(value, dict):
        return Value(members={key: _jsonata(member) for key, member in value.items()})
    if isinstance(value, list):
        return Value(array=tuple(_jsonata(item) for item in value))
    return ANY if isinstance(value, str) and value.strip().startswith("{%") else SCALAR


def _assigned(body: Object, state: StateNode, reader: Reader, place: str, data: Value) -> Variables:
    """Return the variables after an Assign."""
    template = body.get("Assign")
    if not isinstance(template, dict):
        return reader.variables
    value = _jsonata(template) if state.jsonata else reader.template(template, place, data)
    return {**reader.variables, **(value.members or {})}


def _answer(state: StateNode) -> Value:
    """Return what a Task's call gives, where a model tells."""
    call = known_call(state)
    if call is None or call.open or call.operation is None:
        return ANY
    if call.sdk:
        return answer_of(call.operation.output_shape)
    if (call.service, call.action, call.pattern) == ("ecs", "runTask", "sync"):
        return answer_of(service_model("ecs").shape_for("Task"))
    if call.pattern:
        return ANY
    answer = answer_of(call.operation.output_shape)
    return Value(members={**(answer.members or {}), "SdkHttpMetadata": ANY, "SdkResponseMetadata": ANY})
