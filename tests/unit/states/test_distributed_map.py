"""The Map in DISTRIBUTED mode (state-map-distributed.html); texts and events as recorded on AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.replay.execution import Outcome, run
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.integrations import check
from local_aws.states.parsing import parse_definition
from tests.unit.states.running import outcome_of, seconds, text_of, types

BUCKET = "data"
GOOD, BAD = {"bad": False, "n": 1}, {"bad": True, "n": 0}


def reading(machine: str, objects: dict[str, str], **given: Any) -> Outcome:
    """Run a machine whose Map reads the objects of a bucket."""
    case = {
        "definition": json.loads(text_of(f"distributed_{machine}")),
        "input": {"bucket": BUCKET, **given},
        "task_results": [],
        "s3_objects": [{"bucket": BUCKET, "key": key, "body": body} for key, body in objects.items()],
    }
    return run(case)


def mapping(machine: str, given: Any) -> Outcome:
    return outcome_of(f"distributed_{machine}", given)


def faults(machine: str) -> set[str]:
    with pytest.raises(DefinitionError) as error:
        parse_definition(text_of(machine), check)
    return {fault.location for fault in error.value.problems}


def test_the_parents_history_has_the_map_run_and_nothing_of_what_the_children_do() -> None:
    outcome = mapping("waits", [1, 2, 3])
    assert types(outcome) == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    assert outcome.output == [1, 2, 3]


def test_the_state_is_left_after_the_start_of_the_map_run_not_after_its_end() -> None:
    ids = {event["type"]: event["id"] for event in mapping("waits", []).events}
    follows = {event["type"]: event["previousEventId"] for event in mapping("waits", []).events}
    assert follows["MapRunSucceeded"] == ids["MapRunStarted"]
    assert follows["MapStateSucceeded"] == ids["MapRunSucceeded"]
    assert follows["MapStateExited"] == ids["MapRunStarted"]


def test_no_more_children_run_at_once_than_max_concurrency_allows() -> None:
    assert seconds(mapping("waits", [1, 2, 3])) == 20


def test_rows_of_a_csv_come_in_batches_with_what_all_batches_share() -> None:
    csv = 'id|text|blank\n1|"one|pipe"|\n\n2|"two\nlines"\n3|three|x|extra\n4|four|\n'
    output = reading("csv", {"in.csv": csv}, key="in.csv", most="3", tag="t").output
    assert [batch["BatchInput"] for batch in output] == [{"tag": "t"}, {"tag": "t"}]
    items = [item for batch in output for item in batch["Items"]]
    assert [len(batch["Items"]) for batch in output] == [2, 1]
    assert [item["index"] for item in items] == [0, 1, 2]
    assert {item["source"] for item in items} == {"s3://data/in.csv"}
    assert [item["value"] for item in items] == [
        {"id": "1", "text": "one|pipe", "blank": ""},
        {"id": "2", "text": "two\nlines", "blank": ""},
        {"id": "3", "text": "three", "blank": "x"},
    ]


@pytest.mark.parametrize(
    ("csv", "most", "cause"),
    [
        ("id|id\n1|2\n", 0, "CSV headers cannot contain duplicates."),
        ("id\n1\n", -1, "field MaxItems must be positive"),
    ],
)
def test_a_csv_that_cannot_be_read_fails_the_map_run(csv: str, most: int, cause: str) -> None:
    outcome = reading("csv", {"in.csv": csv}, key="in.csv", most=most, tag="t")
    assert (outcome.error, outcome.cause) == ("States.ItemReaderFailed", cause)
    assert types(outcome)[-4:] == ["MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_number_of_items_that_is_none_fails_the_state_before_there_is_a_map_run() -> None:
    outcome = reading("csv", {"in.csv": "id\n"}, key="in.csv", most=1.5, tag="t")
    assert outcome.error == "States.Runtime"
    assert 'MaxItemsPath field refers to value "1.5" which is not a valid integer: $.most' in str(
        outcome.cause
    )
    assert types(outcome)[-2:] == ["MapStateStarted", "ExecutionFailed"]


def test_the_items_of_a_json_file_may_stand_deep_in_it() -> None:
    body = json.dumps({"data": {"items": [{"a": 1}, 2, None]}})
    assert reading("json", {"in.json": body}, key="in.json").output == [{"a": 1}, 2, None]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('{"data": {"items": {"a": 1}}}', "Attempting to map over non-iterable node."),
        ('{"data": {}}', "The ItemsPointer /data/items leads nowhere"),
        ("{", "could not be parsed"),
        (None, "The specified key does not exist."),
    ],
)
def test_a_json_file_that_cannot_be_read_is_an_error_that_can_be_caught(body: str | None, cause: str) -> None:
    outcome = reading("json", {} if body is None else {"in.json": body}, key="in.json")
    assert outcome.output["Error"] == "States.ItemReaderFailed"
    assert cause in outcome.output["Cause"]


def test_the_objects_of_a_bucket_are_items_without_being_read() -> None:
    objects = {"a/1": "x", "b/1": "", "a/2": "yy"}
    output = reading("list", objects, prefix="a/").output
    assert {item["source"] for item in output} == {"s3://data"}
    assert [(item["value"]["Key"], item["value"]["Size"]) for item in output] == [("a/1", 1), ("a/2", 2)]
    assert output[0]["value"]["LastModified"] == 1704067200.0
    assert output[0]["value"].keys() == {"Etag", "Key", "LastModified", "Size", "StorageClass"}


def test_the_objects_of_a_bucket_are_read_and_joined_on_demand() -> None:
    objects = {"a/1.jsonl": '{"n": 1}\n{"n": 2}\n', "a/2.jsonl": '{"n": 3}\n\n{"n": 4}', "b": "no JSON"}
    output = reading("jsonl", objects, prefix="a/").output
    assert [(item["value"]["n"], item["source"]) for item in output] == [
        (1, "s3://data/a/1.jsonl"),
        (2, "s3://data/a/1.jsonl"),
        (3, "s3://data/a/2.jsonl"),
    ]


@pytest.mark.parametrize(
    ("count", "percentage", "fails"), [(1, 100, True), (2, 100, False), (9, 40, True), (9, 50, False)]
)
def test_more_failures_than_either_limit_allows_fail_the_map_run(
    count: int, percentage: float, fails: bool
) -> None:
    given = {"items": [BAD, GOOD, BAD, GOOD], "count": count, "percentage": percentage}
    outcome = mapping("tolerant", given)
    assert ("MapRunFailed" in types(outcome)) is fails
    if fails:
        assert outcome.output == {
            "Error": "States.ExceedToleratedFailureThreshold",
            "Cause": "The specified tolerated failure threshold was exceeded",
        }


@pytest.mark.parametrize(("count", "fails"), [(1, True), (2, False)])
def test_with_a_batch_all_its_items_fail(count: int, fails: bool) -> None:
    outcome = mapping("batches", {"items": [BAD, GOOD, GOOD], "count": count})
    assert ("MapRunFailed" in types(outcome)) is fails


def test_of_a_failure_that_is_tolerated_the_output_tells_all() -> None:
    first, second = mapping("tolerant", {"items": [BAD, GOOD], "count": 1, "percentage": 100}).output
    assert (first["Status"], first["Error"], first["Cause"]) == ("FAILED", "BadItem", "it is bad")
    assert json.loads(first["Input"]) == BAD
    assert second == GOOD["n"]


@pytest.mark.parametrize(
    ("count", "percentage", "cause"),
    [
        (-1, 0, "ToleratedFailureCount cannot be negative."),
        (0, 100.1, "ToleratedFailurePercentage must be between 0 and 100."),
        (0, {}, 'value "{}" which is not a valid float: $.percentage'),
    ],
)
def test_a_tolerance_that_is_none_is_states_runtime(count: int, percentage: Any, cause: str) -> None:
    outcome = mapping("tolerant", {"items": [], "count": count, "percentage": percentage})
    assert outcome.error == "States.Runtime"
    assert cause in str(outcome.cause)


def test_without_a_tolerance_one_failure_is_too_many_and_a_retry_is_another_map_run() -> None:
    outcome = mapping("strict", {"items": [GOOD, BAD]})
    assert outcome.error == "States.ExceedToleratedFailureThreshold"
    begun = [event for event in outcome.events if event["type"] == "MapRunStarted"]
    assert len({event["mapRunStartedEventDetails"]["mapRunArn"] for event in begun}) == 2


def test_a_child_is_an_execution_with_a_context_object_of_its_own() -> None:
    outcome = mapping("context", {"items": ["a"]})
    (child,) = outcome.output
    assert child["input"] == "a"
    assert ":execution:machine/Each:" in child["execution"]
    assert child["machine"]["Id"].endswith(":stateMachine:machine/Each")
    assert child["machine"]["Name"] == "machine"


def test_a_child_does_not_see_the_variables_of_its_parent() -> None:
    outcome = mapping("variables", {"items": [1]})
    assert outcome.error == "States.ExceedToleratedFailureThreshold"


def test_a_map_within_a_child_is_a_map_run_of_the_child() -> None:
    outcome = mapping("nested", {"rows": [[1, 2], [3]]})
    assert outcome.output == [[{"twice": 2}, {"twice": 4}], [{"twice": 6}]]
    assert types(outcome).count("MapRunStarted") == 1


def test_jsonata_sets_up_a_distributed_map() -> None:
    one = {"n": 1, "of": 3}
    size = len(json.dumps({"BatchInput": {"entered": True}, "Items": [one, one]}, separators=(",", ":")))
    batches = mapping("jsonata", {"items": [1, 2, 3], "bytes": size}).output
    assert [[item["n"] for item in batch["Items"]] for batch in batches] == [[1, 2], [3]]
    assert batches[0]["BatchInput"] == {"entered": True}
    batches = mapping("jsonata", {"items": [1, 2, 3], "bytes": size - 1}).output
    assert [len(batch["Items"]) for batch in batches] == [1, 1, 1]


def test_an_item_that_fits_into_no_batch_fails_the_map_run() -> None:
    outcome = mapping("jsonata", {"items": [1], "bytes": 10})
    assert outcome.error == "States.DataLimitExceeded"
    assert "MapRunFailed" in types(outcome)


def test_arrays_that_the_children_return_are_joined_on_demand() -> None:
    assert mapping("flatten", [[1, 2], 3, [[4]]]).output == [1, 2, 3, [4]]


def test_a_failure_beside_a_map_run_aborts_it() -> None:
    outcome = mapping("beside_a_failure", [1, 2])
    assert outcome.error == "Broken"
    assert seconds(outcome) == 5
    assert {"MapRunAborted", "MapStateAborted"} <= set(types(outcome))
    assert not {"MapRunFailed", "MapRunSucceeded"} & set(types(outcome))


def test_an_express_child_has_five_minutes() -> None:
    late, early = mapping("express", [301, 299]).output
    assert (late["Status"], late["Error"]) == ("TIMED_OUT", "States.Timeout")
    assert early == 299


def test_an_express_child_cannot_wait_for_a_job() -> None:
    assert faults("distributed_express_job") == {"/States/Each/ItemProcessor/States/Run/Resource"}


def test_a_faulty_definition_is_refused_with_the_path_to_every_fault() -> None:
    assert faults("distributed_faulty") == {
        "/States/Each/Label",
        "/States/Each/ItemProcessor/ProcessorConfig",
        "/States/Each/ItemReader/Resource",
        "/States/Each/ItemReader/ReaderConfig/InputType",
        "/States/Each/ItemReader/ReaderConfig",
        "/States/Each/ItemBatcher",
        "/States/Each/ResultWriter",
        "/States/Each/ToleratedFailurePercentage",
        "/States/Inline",
        "/States/Inline/MaxConcurrency",
    }


def test_items_that_we_cannot_read_are_refused_by_name() -> None:
    with pytest.raises(NotModelledError, match="InputType MANIFEST at /States/Each/ItemReader"):
        parse_definition(text_of("distributed_manifest"), check)
