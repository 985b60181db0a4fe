"""What the comparison with a recording lets pass, and what it does not."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from local_aws.replay.comparison import difference
from local_aws.replay.verdicts import verdict_difference
from tests.unit.replay.commands import CASES, MACHINES

Case = dict[str, Any]
RETRIED = "errors/retry_counts_attempts_in_the_context_object"
ABORTED = "parallel/the_first_failure_aborts_the_other_branches"
ASSIGNED = "io/variables_are_assigned_together"


def case(name: str) -> Case:
    found: Case = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    assert difference(found) is None
    return found


@pytest.mark.parametrize(
    ("name", "event", "member", "value"),
    [
        (RETRIED, 0, "input", {}),
        (RETRIED, 1, "name", "Other"),
        (RETRIED, 2, "previous", 1),
        (RETRIED, 2, "parameters", {"QueueUrl": "orders", "MessageBody": 0.0}),
        (RETRIED, 4, "cause", "said, but we have none"),
        (RETRIED, 5, "id", 7),
        (RETRIED, 10, "output", {"MessageId": 1}),
        (RETRIED, 10, "resource", "sendMessageBatch"),
        (ASSIGNED, 2, "assigned", {"x": 1}),
        (ABORTED, 3, "input", {"other": 1}),
        (ABORTED, 6, "previous", 3),
    ],
)
def test_an_event_that_differs_in_one_member_is_seen(name: str, event: int, member: str, value: Any) -> None:
    changed = case(name)
    changed["expected"]["events"][event][member] = value
    assert difference(changed) is not None


@pytest.mark.parametrize("name", [RETRIED, ABORTED])
def test_an_event_too_many_or_too_few_is_seen(name: str) -> None:
    fewer, more = case(name), case(name)
    fewer["expected"]["events"].pop()
    more["expected"]["events"].append(more["expected"]["events"][-1])
    assert "AWS has none" in str(difference(fewer))
    assert "ours has none" in str(difference(more))


def test_a_member_that_the_recording_lacks_is_seen() -> None:
    changed = case(RETRIED)
    del changed["expected"]["events"][4]["error"]
    assert str(difference(changed)).startswith("event 5 (TaskFailed), error: AWS null")


def test_events_side_by_side_may_come_in_another_order() -> None:
    changed = case(ABORTED)
    events = changed["expected"]["events"]
    assert events[3]["type"] == events[4]["type"] == "WaitStateEntered"
    events[3], events[4] = ({**events[4], "id": 4}, {**events[3], "id": 5})
    events[5]["previous"], events[7]["previous"] = 5, events[7]["previous"]
    assert difference(changed) is None
    del changed["events_order"]
    assert difference(changed) is not None


def test_events_that_were_not_recorded_are_not_compared() -> None:
    changed = case(RETRIED) | {"events_recorded": False}
    changed["expected"]["events"] = [{"type": "Other"}]
    assert difference(changed) is None


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("errors/a_fail_takes_its_error_and_cause_from_the_input", "status", "TIMED_OUT"),
        ("errors/a_fail_takes_its_error_and_cause_from_the_input", "error", "Order-8"),
        ("errors/a_fail_takes_its_error_and_cause_from_the_input", "cause", "no money"),
        ("errors/a_fail_takes_its_error_and_cause_from_the_input", "cause", {"no": "stock"}),
        ("errors/nothing_catches_a_runtime_error", "cause", None),
        ("intrinsics/merging_is_shallow", "output", {"x": {"q": 3.0}, "y": 2, "z": 4}),
        ("intrinsics/merging_is_shallow", "output", {"x": {"q": 3}, "y": 2}),
        ("intrinsics/an_array_keeps_the_first_of_the_same", "output", [1, 2, 4, 3]),
    ],
)
def test_an_outcome_that_differs_is_seen(name: str, member: str, value: Any) -> None:
    changed = case(name)
    changed["expected"][member] = value
    assert str(difference(changed)).startswith(f"{member}: AWS")


def test_the_cause_of_a_runtime_error_may_have_other_words() -> None:
    changed = case("errors/nothing_catches_a_runtime_error")
    changed["expected"]["cause"] = "in AWS's words of next year"
    assert difference(changed) is None


def test_a_cause_that_is_json_is_compared_as_such() -> None:
    changed = case("errors/a_fail_takes_its_error_and_cause_from_the_input")
    changed["input"]["why"] = '{ "stock": 0 }'
    changed["expected"]["cause"] = {"stock": 0}
    assert difference(changed) is None
    changed["expected"]["cause"] = {"stock": 0.0}
    assert difference(changed) is not None


def test_only_what_aws_made_up_may_differ() -> None:
    given = case("intrinsics/a_uuid_is_new")
    literal, elsewhere, prefixed = deepcopy(given), deepcopy(given), deepcopy(given)
    literal["placeholders"][0]["from"] = "task_result"
    elsewhere["placeholders"][0]["paths"] = ["/expected/cause"]
    prefixed["expected"]["output"] = "no-some-uuid"
    assert None not in map(difference, (literal, elsewhere, prefixed))
    anywhere = deepcopy(given)
    del anywhere["placeholders"][0]["paths"]
    assert difference(anywhere) is None


NO_START = {
    "code": "SCHEMA_VALIDATION_FAILED",
    "location": "/",
    "message": "These fields are required: [StartAt]",
}
CREATED = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {message} at {location}'"


@pytest.mark.parametrize(
    ("machine", "expected", "agrees"),
    [
        ("order", {"result": "OK", "diagnostics": []}, True),
        ("order", {"result": "FAIL", "diagnostics": [NO_START]}, False),
        ("without_start", {"result": "OK", "diagnostics": []}, False),
        ("without_start", {"result": "FAIL", "diagnostics": [NO_START]}, True),
        ("without_start", {"result": "FAIL", "diagnostics": [{**NO_START, "location": "/States"}]}, False),
        ("without_start", {"result": "FAIL", "message": CREATED.format(**NO_START)}, True),
        ("without_start", {"result": "FAIL", "message": {"message": "no"}}, False),
    ],
)
def test_a_verdict_agrees_when_result_and_faults_do(
    machine: str, expected: dict[str, Any], agrees: bool
) -> None:
    text = (MACHINES / f"{machine}.json").read_text(encoding="utf-8")
    found = verdict_difference({"definition_text": text, "expected": expected})
    assert (found is None) == agrees


def test_what_is_not_json_is_so_in_aws_s_words() -> None:
    diagnostic = {"code": "INVALID_JSON_DESCRIPTION", "message": "Unrecognized token", "location": "[Source]"}
    expected = {"result": "FAIL", "diagnostics": [diagnostic]}
    assert verdict_difference({"definition_text": "no", "expected": expected}) is None


def test_an_express_machine_is_held_to_its_own_rules() -> None:
    text = (MACHINES / "order.json").read_text(encoding="utf-8").replace(":sendMessage", ":sendMessage.sync")
    given = {"definition_text": text, "expected": {"result": "OK"}, "machine_type": "EXPRESS"}
    assert "does not support '.sync'" in str(verdict_difference(given))
