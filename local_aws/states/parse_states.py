"""Parsing the states, one function a type.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-states.html
"""

from __future__ import annotations

from collections.abc import Callable

from local_aws.states import jsonata
from local_aws.states.choice import OPERATORS, Predicate, compile_rule, timestamp_of
from local_aws.states.errors import runtime_error
from local_aws.states.expressions import MissingError, compile_expression, refuse_missing
from local_aws.states.fields import Fields, found
from local_aws.states.jsontext import Json
from local_aws.states.model import (
    ChoiceRule,
    ChoiceState,
    FailState,
    PassState,
    State,
    SucceedState,
    WaitState,
)
from local_aws.states.parse_flow import parse_flow, query
from local_aws.states.parse_map import DISTRIBUTED, parse_map
from local_aws.states.parse_work import parse_parallel, parse_task
from local_aws.states.reader import StateReader, whole_seconds
from local_aws.states.scope import Expression, Scope
from local_aws.states.surroundings import Surroundings

LANGUAGES = ("JSONPath", "JSONata")
_COMMON = {"Type", "Comment", "QueryLanguage"}
_PATHS = {"InputPath", "OutputPath"}
_ONWARD = {"Next", "End", "Assign"}
_RESULT = {"ResultSelector", "ResultPath"}
_RETRIED = {"Retry", "Catch"}
_TIMES = {"TimeoutSeconds", "HeartbeatSeconds"}

_JSON_PATH = {
    "Pass": _PATHS | _ONWARD | {"Result", "ResultPath", "Parameters"},
    "Succeed": _PATHS,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Wait": _PATHS | _ONWARD | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Choice": _PATHS | {"Choices", "Default", "Assign"},
    "Task": _PATHS
    | _ONWARD
    | _RESULT
    | _RETRIED
    | _TIMES
    | {name + "Path" for name in _TIMES}
    | {"Resource", "Parameters", "Credentials"},
    "Parallel": _PATHS | _ONWARD | _RESULT | _RETRIED | {"Branches", "Parameters"},
    "Map": _PATHS
    | _ONWARD
    | _RESULT
    | _RETRIED
    | DISTRIBUTED
    | {
        "Iterator",
        "ItemProcessor",
        "ItemsPath",
        "ItemSelector",
        "Parameters",
        "MaxConcurrency",
        "MaxConcurrencyPath",
    },
}
_JSONATA = {
    "Pass": _ONWARD | {"Output"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
    "Wait": _ONWARD | {"Output", "Seconds", "Timestamp"},
    "Choice": {"Choices", "Default", "Assign", "Output"},
    "Task": _ONWARD | _RETRIED | _TIMES | {"Resource", "Arguments", "Output", "Credentials"},
    "Parallel": _ONWARD | _RETRIED | {"Branches", "Arguments", "Output"},
    "Map": _ONWARD
    | _RETRIED
    | DISTRIBUTED
    | {"ItemProcessor", "Items", "ItemSelector", "MaxConcurrency", "Output"},
}


def parse_state(name: str, node: Json, location: str, around: Surroundings) -> State | None:
    """Compile one state; None when it is beyond reading, which is then noted as a fault."""
    fields = Fields(node, location, around.problems)
    if not fields.require("Type"):
        return None
    reader = StateReader(name, fields, around)
    if reader.kind not in _PARSERS:
        fields.fault(f"The field 'Type' should have one of these values: [{', '.join(_PARSERS)}]", "Type")
        return None
    _check_language(reader)
    _check_end(fields, reader.kind)
    return _PARSERS[reader.kind](reader)


def _check_language(reader: StateReader) -> None:
    """Note fields that the state has not, or has not in its query language."""
    fields = reader.fields
    fields.one_of("QueryLanguage", LANGUAGES)
    both = (("JSONPath", _JSON_PATH[reader.kind]), ("JSONata", _JSONATA[reader.kind]))
    (own, mine), (other, theirs) = reversed(both) if reader.is_jsonata else both
    if reader.around.jsonata and not reader.is_jsonata:
        fields.fault("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
    else:
        for key in fields.node:
            if key in theirs - mine:
                fields.fault(
                    f"The QueryLanguage is set to '{own}', but field '{key}' is only supported for the "
                    f"'{other}' QueryLanguage"
                )
    fields.allow(frozenset(_COMMON | mine | theirs))


def _check_end(fields: Fields, kind: str) -> None:
    if kind in ("Succeed", "Fail", "Choice"):
        return
    fields.at_most_one("Next", "End")
    if not fields.has("Next") and fields.value("End") is not True:
        fields.fault("These fields are required: [Next or End]")


def _parse_pass(reader: StateReader) -> State:
    fields = reader.fields
    return PassState(**reader.common(), has_result=fields.has("Result"), result=fields.value("Result"))


def _parse_succeed(reader: StateReader) -> State:
    return SucceedState(**reader.common())


def _parse_fail(reader: StateReader) -> State:
    return FailState(
        **reader.common(), error=_text_or_path(reader, "Error"), cause=_text_or_path(reader, "Cause")
    )


def _text_or_path(reader: StateReader, key: str) -> Expression | None:
    reader.fields.at_most_one(key, key + "Path")
    if not reader.fields.has(key + "Path"):
        return reader.value(key, "string")
    expression = reader.fields.compiled(key + "Path", compile_expression)
    if expression is None:
        return None

    def evaluate(data: Json, scope: Scope) -> Json:
        try:
            return expression(data, scope)
        except MissingError as missing:
            refuse_missing(missing, key + "Path", data)

    return evaluate


def _parse_wait(reader: StateReader) -> State:
    fields = reader.fields
    forms = [key for key in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if fields.has(key)]
    fields.at_most_one(*forms)
    if not forms:
        fields.fault("These fields are required: [Seconds, SecondsPath, Timestamp or TimestampPath]")
    if not jsonata.is_expression(fields.value("Seconds")) or not reader.is_jsonata:
        fields.integer("Seconds", 0)
    stamp = fields.value("Timestamp")
    if (
        stamp is not None
        and timestamp_of(stamp) is None
        and not (reader.is_jsonata and jsonata.is_expression(stamp))
    ):
        fields.fault("String does not match RFC3339 timestamp", "Timestamp")
    seconds = _seconds_at(fields) if fields.has("SecondsPath") else _whole_seconds(reader)
    until = _time_at(fields) if fields.has("TimestampPath") else reader.value("Timestamp", "string")
    return WaitState(**reader.common(), seconds=seconds, until=until)


def _whole_seconds(reader: StateReader) -> Expression | None:
    value = reader.value("Seconds", "number")
    if value is None or not reader.is_jsonata:
        return value
    return whole_seconds(value, "Seconds")


def _seconds_at(fields: Fields) -> Expression | None:
    where, text = fields.reference("SecondsPath"), fields.value("SecondsPath")
    if where is None:
        return None
    there = found(where, f"The SecondsPath parameter does not reference an input value: {text}")

    def seconds(data: Json, scope: Scope) -> Json:
        value = there(data, scope)
        if isinstance(value, bool) or not isinstance(value, int):
            raise runtime_error(
                f"The SecondsPath parameter cannot be parsed as a long value: {text} == {value}"
            )
        if value < 0:
            raise runtime_error(f"The SecondsPath parameter references a negative value: {text} == {value}")
        return value

    return seconds


def _time_at(fields: Fields) -> Expression | None:
    where, text = fields.reference("TimestampPath"), fields.value("TimestampPath")
    if where is None:
        return None
    there = found(where, f"The TimestampPath parameter does not reference an input value: {text}")

    def time(data: Json, scope: Scope) -> Json:
        value = there(data, scope)
        if timestamp_of(value) is None:
            raise runtime_error(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
                f"format string: {text} == {value}"
            )
        return value

    return time


def _parse_choice(reader: StateReader) -> State:
    fields = reader.fields
    fields.require("Choices")
    rules = tuple(_parse_rule(child, reader) for child in fields.children("Choices"))
    if fields.has("Choices") and not rules:
        fields.fault("Value cannot be empty", "Choices")
    common = reader.common()
    return ChoiceState(name=common["name"], next=fields.value("Default"), flow=common["flow"], rules=rules)


def _parse_rule(fields: Fields, reader: StateReader) -> ChoiceRule:
    fields.require("Next")
    flow = parse_flow(
        Fields({**_inherited(reader), **fields.node}, fields.location, fields.problems, fields.within),
        is_jsonata=reader.is_jsonata,
    )
    test: Predicate | None
    if reader.is_jsonata:
        fields.require("Condition")
        fields.allow(frozenset({"Condition", "Next", "Comment", "Assign", "Output"}))
        test = query(fields, "Condition", "boolean")
    else:
        fields.allow(frozenset({"And", "Or", "Not", "Variable", "Next", "Comment", "Assign"} | OPERATORS))
        test = fields.compiled("Next", lambda _: compile_rule(fields.node), whole=True)
    return ChoiceRule(test or (lambda _data, _scope: False), str(fields.value("Next")), flow)


def _inherited(reader: StateReader) -> dict[str, Json]:
    """Return what a JSONPath rule takes over from its state: the paths, but not the state's own Assign."""
    return {
        key: value for key, value in reader.fields.node.items() if key in _PATHS and not reader.is_jsonata
    }


_PARSERS: dict[str, Callable[[StateReader], State]] = {
    "Task": parse_task,
    "Wait": _parse_wait,
    "Pass": _parse_pass,
    "Succeed": _parse_succeed,
    "Fail": _parse_fail,
    "Choice": _parse_choice,
    "Parallel": parse_parallel,
    "Map": parse_map,
}
