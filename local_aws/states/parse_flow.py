"""Parsing what several states share: their data flow, their Retry and their Catch."""

from __future__ import annotations

from collections.abc import Callable

from local_aws.states import jsonata
from local_aws.states.dataflow import Assign, Dataflow, JsonataFlow, JsonPathFlow, put_result
from local_aws.states.errors import ALL
from local_aws.states.expressions import ExpressionError, compile_template
from local_aws.states.fields import Fields
from local_aws.states.jsontext import Json
from local_aws.states.model import Catcher
from local_aws.states.paths import PathError, ReferencePath
from local_aws.states.retry import Retrier
from local_aws.states.scope import Expression, Scope

_MAX_DELAY = 31_622_400  # seconds, a leap year


def template(fields: Fields, key: str) -> Expression | None:
    """Compile a payload template."""
    return fields.compiled(key, compile_template, whole=False)


def query(fields: Fields, key: str, kind: str | None = None) -> Expression | None:
    """Compile a JSONata value; with a `kind` (`string`, `number`...) an expression must give one."""
    if not fields.has(key):
        return None

    def report(code: str, message: str, field: str) -> None:
        fields.fault(message, field.removeprefix(fields.within), code)

    template, field = fields.value(key), fields.within + key
    expression = jsonata.compile_value(template, field, report)
    if kind is None or not jsonata.is_expression(template):
        return expression
    return jsonata.expected(expression, template, field, kind)


def assign(fields: Fields, *, is_jsonata: bool) -> Assign | None:
    """Compile Assign, in either language."""
    if fields.has("Assign") and not isinstance(fields.value("Assign"), dict):
        fields.fault("Expected value of type Object", "Assign")
        return None
    return query(fields, "Assign") if is_jsonata else template(fields, "Assign")


def parse_flow(fields: Fields, *, is_jsonata: bool, parameters: str = "Parameters") -> Dataflow:
    """Compile a state's data flow from the fields that it has."""
    variables = assign(fields, is_jsonata=is_jsonata)
    if is_jsonata:
        return JsonataFlow(query(fields, "Arguments"), query(fields, "Output"), variables)
    return JsonPathFlow(
        input=_path_or_nothing(fields, "InputPath"),
        parameters=template(fields, parameters) if parameters else None,
        selector=template(fields, "ResultSelector"),
        result_path=_reference(fields, "ResultPath"),
        discard=fields.has("ResultPath") and fields.value("ResultPath") is None,
        output=_path_or_nothing(fields, "OutputPath"),
        assign=variables,
    )


def parse_retriers(fields: Fields) -> tuple[Retrier, ...]:
    """Compile Retry."""
    _check_states_all(fields, "Retry")
    return tuple(_parse_retrier(child) for child in fields.children("Retry"))


def parse_catchers(fields: Fields, *, is_jsonata: bool) -> tuple[Catcher, ...]:
    """Compile Catch."""
    _check_states_all(fields, "Catch")
    return tuple(_parse_catcher(child, is_jsonata=is_jsonata) for child in fields.children("Catch"))


def _check_states_all(fields: Fields, key: str) -> None:
    """Note a States.ALL that does not stand alone, or not in the last place."""
    children = list(fields.children(key))
    for child in children:
        names = child.value("ErrorEquals")
        if isinstance(names, list) and ALL in names and (len(names) > 1 or child is not children[-1]):
            child.fault(
                f"The error name {ALL} must appear alone, and in the last element of {key}", "ErrorEquals"
            )


def _parse_retrier(fields: Fields) -> Retrier:
    fields.require("ErrorEquals")
    fields.allow(
        frozenset(
            {
                "ErrorEquals",
                "IntervalSeconds",
                "MaxAttempts",
                "BackoffRate",
                "MaxDelaySeconds",
                "JitterStrategy",
            }
            | {"Comment"}
        )
    )
    interval, attempts = fields.integer("IntervalSeconds", 1), fields.integer("MaxAttempts", 0)
    rate, jitter = fields.number("BackoffRate", 1.0), fields.one_of("JitterStrategy", ("NONE", "FULL"))
    return Retrier(
        fields.texts("ErrorEquals"),
        1 if interval is None else interval,
        3 if attempts is None else attempts,
        2.0 if rate is None else rate,
        fields.integer("MaxDelaySeconds", 1, _MAX_DELAY),
        jitter == "FULL",
    )


def _parse_catcher(fields: Fields, *, is_jsonata: bool) -> Catcher:
    fields.require("ErrorEquals", "Next")
    language = {"Output"} if is_jsonata else {"ResultPath"}
    fields.allow(frozenset({"ErrorEquals", "Next", "Comment", "Assign"} | language))
    output = _jsonata_catch(fields) if is_jsonata else _json_path_catch(fields)
    return Catcher(
        fields.texts("ErrorEquals"), str(fields.value("Next")), output, assign(fields, is_jsonata=is_jsonata)
    )


def _json_path_catch(fields: Fields) -> Callable[..., Json]:
    place = _reference(fields, "ResultPath")
    discard = fields.has("ResultPath") and fields.value("ResultPath") is None
    return lambda raw, error, _scope: put_result(place, discard, raw, error)


def _jsonata_catch(fields: Fields) -> Callable[..., Json]:
    output = query(fields, "Output")

    def evaluate(raw: Json, error: Json, scope: Scope) -> Json:
        states = {"input": raw, "errorOutput": error, "context": scope.context}
        return output(states, scope) if output else error

    return evaluate


def _path_or_nothing(fields: Fields, key: str) -> Expression | None:
    if fields.has(key) and fields.value(key) is None:
        return lambda _data, _scope: {}
    return None if fields.value(key) == "$" else fields.path(key)


def _reference(fields: Fields, key: str) -> ReferencePath | None:
    def compile_reference(text: Json) -> ReferencePath | None:
        if text is None:
            return None
        try:
            place = ReferencePath(text)
        except PathError as error:
            raise ExpressionError("Value is not a Reference Path") from error
        return place if place.steps else None

    return fields.compiled(key, compile_reference)
