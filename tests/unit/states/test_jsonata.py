"""JSONata as Step Functions runs it: values, functions, what fails and how AWS words it, what it refuses."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from local_aws.states import jsonata
from local_aws.states.errors import EvaluationError
from local_aws.states.scope import Scope
from tests.unit.states.running import outcome_of

NOW = datetime(2024, 5, 6, 7, 8, 9, 120_000, UTC)
INPUT = {"nil": None, "some": [None, 1], "one": [1], "none": [], "whole": 2.0, "big": 9_007_199_254_740_993}


def scope(**variables: Any) -> Scope:
    return Scope({}, variables, lambda: "an-id", random.Random(0), lambda: NOW)  # noqa: S311 - no secret


def value_of(text: str, **variables: Any) -> Any:
    faults: list[Any] = []
    expression = jsonata.compile_value(f"{{% {text} %}}", "Output/v", lambda *fault: faults.append(fault))
    assert faults == []
    return expression({"input": INPUT, "context": {}}, scope(**variables))


def failure_of(text: str, **variables: Any) -> str:
    with pytest.raises(EvaluationError) as failure:
        value_of(text, **variables)
    assert (failure.value.error, failure.value.location) == ("States.QueryEvaluationError", "Output/v")
    told = f"The JSONata expression '{text}' specified for the field 'Output/v' "
    assert str(failure.value.cause).startswith(told)
    return str(failure.value.cause).removeprefix(told)


def faults_of(text: str, field: str = "Output") -> list[tuple[str, str, str]]:
    faults: list[tuple[str, str, str]] = []
    jsonata.compile_value({"v": f"{{% {text} %}}"}, field, lambda *fault: faults.append(fault))
    return faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$states.input.nil", None),
        ("$states.input.some = [null, 1]", True),
        ("$map($states.input.some, $type)", ["null", "number"]),
        ("$states.input.some[$ = null]", None),
        ("$count(null)", 1),
        ("$states.input.one", [1]),
        ("$map($states.input.one, function($x) { $x })", 1),
        ("$states.input.none", []),
        ("$distinct([1, 1, true])", [1, True]),
        ("$merge([$states.input, {'z': 1}]).nil", None),
        ("$type($states)", "object"),
        ("$lookup($states, 'input').one", [1]),
    ],
)
def test_null_is_a_value_and_a_sequence_of_one_is_that_one(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 / 2", 5),
        ("$states.input.whole", 2),
        ("$states.input.big", 9_007_199_254_740_993),
        ("2.50", 2.5),
        ("1e21", 1e21),
        ("$power(2, 70)", 2.0**70),
    ],
)
def test_whole_numbers_stay_whole_and_what_exceeds_64_bits_is_a_double(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$partition([1..5], 2.9)", [[1, 2], [3, 4], [5]]),
        ("$partition([0], 3)", [[0]]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(0, 6, 2)", [0, 2, 4, 6]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(1, 9, 9)", 1),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("$random(42)", 0.7275636800328681),
        ("$uuid()", "an-id"),
        ("$parse('{\"a\": [1, null]}').a", [1, None]),
        ("$now()", "2024-05-06T07:08:09.120Z"),
        ("$now('[Y]')", "2024"),
        ("$millis()", 1714979289120),
    ],
)
def test_the_functions_that_aws_adds_and_those_that_tell_the_time(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "$states.input.missing",
        "$nowhere",
        "$partition([1], 0)",
        "$partition([], 1)",
        "$range(1, 5)",
        "$range(1, 5, -1)",
        "$hash('x')",
    ],
)
def test_what_gives_nothing_fails_its_field(text: str) -> None:
    assert failure_of(text) == "returned nothing (undefined)."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$nowhere(1)", "T1006: Attempted to invoke a non-function"),
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("'a' + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$uppercase(1)", 'T0410: Argument 1 of function "uppercase" does not match function signature'),
        ("$length(null)", 'T0410: Argument 1 of function "length" does not match function signature'),
        ("$sum(['a'])", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        (
            "null < 1",
            'T2010: The expressions either side of operator "<" must evaluate to numeric or string values',
        ),
        ("-null", "D1002: Cannot negate a non-numeric value: null"),
        ("$number('x')", 'D3030: Unable to cast value to a number: "x"'),
        ("$error('no stock')", "D3137: no stock"),
    ],
)
def test_a_failure_is_worded_as_jsonata_words_it_with_its_code(text: str, reason: str) -> None:
    assert failure_of(text) == f"threw an error during evaluation. {reason}"


def test_a_recursion_without_an_end_is_ended() -> None:
    reason = failure_of("( $f := function($n) { 1 + $f($n) }; $f(1) )")
    assert "D1011: Stack overflow. Check for non-terminating recursive function." in reason


def test_what_has_no_code_follows_a_colon() -> None:
    assert failure_of("$parse('{')").startswith("threw an error during evaluation: ")


def test_a_function_is_no_result() -> None:
    assert failure_of("function($x) { $x }") == "returned an unsupported result type."


def test_an_expression_has_its_time_for_each_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 100.0, 101.0])
    monkeypatch.setattr("local_aws.states.jsonata_library.time.monotonic", lambda: next(clock))
    expression = jsonata.compile_value("{% 1 %}", "Output", lambda *_: None)
    assert [expression({}, scope()), expression({}, scope())] == [1, 1]


def test_a_sort_keeps_what_is_equal_in_its_order() -> None:
    items = [{"n": 2, "i": 0}, {"n": 1, "i": 1}, {"n": 2, "i": 2}, {"n": 1, "i": 3}]
    text = "$sort($items, function($a, $b) { $a.n > $b.n }).i"
    assert value_of(text, items=items) == [1, 3, 0, 2]


def test_grouping_many_is_not_taken_for_recursion() -> None:
    items = [{"k": str(number), "v": 1} for number in range(300)]
    assert len(value_of("$items{k: $sum(v)}", items=items)) == 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phone", "Reference to 'phone' at the top level is not supported."),
        ("$map($states.input.a, function($x) { b })", "Reference to 'b' at the top level is not supported."),
        ("$.phone", "Reference to '$' at the top level is not supported."),
        ("$states.input[$$.x]", "Reference to '$$' is not supported."),
        ("$states.errorOutput", "Field '$states.errorOutput' does not exist."),
    ],
)
def test_references_that_lead_nowhere_are_refused(text: str, message: str) -> None:
    assert faults_of(text) == [("UNSUPPORTED_JSONATA_EXPRESSION", message, "Output/v")]


@pytest.mark.parametrize(
    "text",
    [
        "$states.input.items[phone > 3]",
        "$states.input.items^(price).name",
        "$states.input.a{b: c}",
        "$phone.b",
    ],
)
def test_names_read_of_something_are_accepted(text: str) -> None:
    assert faults_of(text) == []


def test_a_catcher_may_read_the_error() -> None:
    assert faults_of("$states.errorOutput.Error", "Catch[0]/Output") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ("1 +", "Unexpected end of expression"),
        ('{"a":}', 'The symbol "}" cannot be used as a unary operator'),
        ("$match('a', /abc", "No terminating / in regular expression"),
        ("", "Unexpected end of expression"),
    ],
)
def test_what_does_not_parse_is_refused_in_the_parsers_words(text: str, message: str) -> None:
    assert faults_of(text) == [("INVALID_JSONATA_EXPRESSION", message, "Output/v")]


def test_a_failed_evaluation_is_an_event_after_what_came_before_the_state() -> None:
    outcome = outcome_of("jsonata_missing", {})
    failed = outcome.events[-2]
    assert (failed["type"], failed["previousEventId"]) == ("EvaluationFailed", 0)
    assert failed["evaluationFailedEventDetails"] == {
        "error": "States.QueryEvaluationError",
        "cause": outcome.cause,
        "state": "A",
        "location": "Output",
    }
    assert outcome.events[-1]["previousEventId"] == failed["id"]
