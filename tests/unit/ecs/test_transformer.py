"""The transformer: it waits for its hand-off, and the tables follow from the accepted versions alone."""

from __future__ import annotations

import json
import uuid

import pytest

from common.names import file_id
from tests.unit.ecs.commits import ORDERS, claim, order
from tests.unit.ecs.support import CLEANED, GOOD_ROW, INPUT, VALID, Aws, orders_csv


def revenue(aws: Aws) -> dict[str, str]:
    return {day: item["total_revenue"] for day, item in aws.orders().items()}


def change_handoff(aws: Aws, environ: dict[str, str], **fields: object) -> None:
    changed = {**aws.handoff(environ), **fields}
    key = f"handoff/{environ['EXECUTION_ID']}.json"
    aws.s3.put_object(Bucket=CLEANED, Key=key, Body=json.dumps(changed).encode())


# The hand-off.


def test_it_waits_for_the_handoff_and_says_so_every_minute(aws: Aws) -> None:
    environ = aws.upload(VALID)

    def validator_takes_150_seconds() -> None:
        if aws.clock.seconds == 150:
            aws.hand_over(environ, VALID)

    aws.clock.during_sleep = validator_takes_150_seconds
    assert aws.transform(environ) == 0
    waiting = [line["seconds"] for line in aws.log if line["message"] == "waiting for the validator"]
    assert waiting == [60, 120]
    assert len(aws.orders()) == 3


def test_after_two_hours_without_a_handoff_it_asks_to_be_tried_again(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.clock.oversleeps = 99
    assert aws.transform(environ) == 75
    assert aws.clock.seconds == 7200
    assert aws.orders() == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("input_version_id", "older"), ("input_key", "input/other.csv"), ("format", 1), ("novel", 1)],
)
def test_a_handoff_that_is_about_something_else_is_refused(aws: Aws, field: str, value: object) -> None:
    environ = aws.prepared_at(1, VALID)
    change_handoff(aws, environ, **{field: value})
    assert aws.transform(environ) == 78
    assert aws.orders() == {}


def test_the_cleaned_version_of_the_handoff_is_read_although_a_newer_one_is_there(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    aws.s3.put_object(Bucket=CLEANED, Key=f"cleaned/{ORDERS}", Body=orders_csv(GOOD_ROW))
    assert aws.transform(environ) == 0
    assert len(aws.orders()) == 3


@pytest.mark.parametrize("field", ["rows", "cleaned_bytes"])
def test_a_cleaned_object_that_is_not_what_the_handoff_says_is_not_counted(aws: Aws, field: str) -> None:
    environ = aws.prepared_at(1, VALID)
    change_handoff(aws, environ, **{field: aws.handoff(environ)[field] + 1})
    assert aws.transform(environ) == 75
    assert "reprocess the file" in aws.messages()
    assert aws.orders() == {}


def test_a_cleaned_version_that_is_gone_is_said_to_be(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    version = aws.handoff(environ)["cleaned_version_id"]
    aws.s3.delete_object(Bucket=CLEANED, Key=f"cleaned/{ORDERS}", VersionId=version)
    assert aws.transform(environ) == 75
    assert "is gone" in aws.messages()


def test_nothing_is_left_on_the_scratch_disk(aws: Aws) -> None:
    assert aws.process_at(1, VALID) == 0
    assert list(aws.scratch.iterdir()) == []


# What the tables say.


def test_two_files_of_one_day_add_up(aws: Aws) -> None:
    first = orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01", "Toys"))
    assert aws.process_at(1, first, "input/first.csv") == 0
    assert aws.process_at(2, orders_csv(order(3, "2025-07-01", price="5.00")), "input/second.csv") == 0
    assert aws.orders()["2025-07-01"] == {
        "total_orders": "3",
        "total_revenue": "25",
        "total_items_sold": "3",
        "return_rate": "0",
        "unique_customers": "3",
    }
    books = {"daily_revenue": "15", "avg_order_value": "7.5", "avg_return_rate": "0"}
    assert aws.categories()["2025-07-01", "Books"] == books
    assert aws.categories()["2025-07-01", "Toys"]["daily_revenue"] == "10"


def test_a_corrected_version_replaces_its_days_and_the_categories_it_no_longer_has(aws: Aws) -> None:
    first = orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01", "Toys"), order(3, "2025-07-02"))
    assert aws.process_at(1, first) == 0
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01", price="12.00"))) == 0
    assert revenue(aws) == {
        "2025-07-01": "12",
        "2025-07-02": "10",  # of the first version, the newest that holds this day
    }
    assert set(aws.categories()) == {("2025-07-01", "Books"), ("2025-07-02", "Books")}


def test_a_category_that_one_file_drops_stays_as_long_as_another_file_has_it(aws: Aws) -> None:
    both = orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01", "Toys"))
    assert aws.process_at(1, both, "input/first.csv") == 0
    toys = orders_csv(order(3, "2025-07-01", "Toys", "1.00"))
    assert aws.process_at(2, toys, "input/second.csv") == 0
    assert aws.process_at(3, orders_csv(order(1, "2025-07-01")), "input/first.csv") == 0
    assert {key[1]: item["daily_revenue"] for key, item in aws.categories().items()} == {
        "Books": "10",
        "Toys": "1",
    }


def test_an_older_version_that_comes_late_counts_only_for_days_the_newer_one_has_not(aws: Aws) -> None:
    older = orders_csv(order(1, "2025-07-01", "Toys", "1.00"), order(2, "2025-07-02", price="2.00"))
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01", price="9.00"))) == 0
    late = aws.prepared_at(1, older)
    assert aws.transform(late) == 0
    assert revenue(aws) == {"2025-07-01": "9", "2025-07-02": "2"}
    assert set(aws.categories()) == {("2025-07-01", "Books"), ("2025-07-02", "Books")}
    assert claim(aws, late)["status"] == "ACCEPTED"
    assert claim(aws, late)["rows_superseded"] == "1"


def test_of_two_versions_of_one_second_the_greater_version_id_counts(aws: Aws) -> None:
    revenue_of = {}
    for price in ("1.00", "2.00", "3.00"):
        environ = aws.prepared_at(1, orders_csv(order(1, "2025-07-01", price=price)))
        assert aws.transform(environ) == 0
        revenue_of[environ["S3_INPUT_VERSION"]] = price.removesuffix(".00")
    assert aws.orders()["2025-07-01"]["total_revenue"] == revenue_of[max(revenue_of)]


@pytest.mark.parametrize("newer_first", [True, False])
def test_an_order_that_stands_in_two_files_counts_once_by_the_newer(aws: Aws, newer_first: bool) -> None:
    older = orders_csv(order(1, "2025-07-01", "Toys", "1.00"), order(2, "2025-07-01", price="2.00"))
    newer = orders_csv(order(1, "2025-07-01", price="9.00"))
    runs = [(1, older, "input/older.csv"), (2, newer, "input/newer.csv")]
    for second, body, key in reversed(runs) if newer_first else runs:
        assert aws.process_at(second, body, key) == 0
    assert revenue(aws) == {"2025-07-01": "11"}
    assert aws.orders()["2025-07-01"]["total_orders"] == "2"
    assert set(aws.categories()) == {("2025-07-01", "Books")}


def test_an_order_id_counts_on_each_of_its_days(aws: Aws) -> None:
    assert aws.process_at(1, orders_csv(order(1, "2025-07-01")), "input/first.csv") == 0
    assert aws.process_at(2, orders_csv(order(1, "2025-07-02")), "input/second.csv") == 0
    assert revenue(aws) == {"2025-07-01": "10", "2025-07-02": "10"}


def test_a_rejected_file_reaches_no_table(aws: Aws) -> None:
    environ = aws.upload(orders_csv("O-1,C-1,2025-07-01,Books,P-1,0,10.50,false"))
    assert aws.validate(environ) == 65
    aws.clock.oversleeps = 99
    assert aws.transform(environ) == 75
    assert aws.orders() == {}
    assert aws.categories() == {}


# What the ledger says.


def test_the_ledger_tells_of_the_acceptance_and_its_end(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    assert aws.transform(environ) == 0
    told = claim(aws, environ)
    parts = f"parts/{file_id(INPUT, ORDERS)}/{environ['S3_INPUT_VERSION']}/run-1"
    assert told["owner"].endswith(":run-1")
    assert {name: told[name] for name in told if name not in ("owner", "index_version")} == {
        "execution": "run-1",
        "status": "ACCEPTED",
        "accepted_at": "2025-07-05T12:00:00Z",
        "accepted_by": "run-1",
        "committed_at": "2025-07-05T12:00:00Z",
        "completed_at": "2025-07-05T12:00:00Z",
        "index": f"{parts}/index.json",
        "days": "3",
        "first_day": "2025-07-01",
        "last_day": "2025-07-03",
        "rows": "16",
        "rows_superseded": "0",
        "transform_seconds": "0.000",
    }
    index = json.loads(aws.read(told["index"]))
    assert (index["key"], index["rows"], index["contract"]["version"]) == (ORDERS, 16, "1")
    assert index["last_modified"] == aws.handoff(environ)["input_last_modified"]
    assert [part["key"] for part in index["parts"]] == [
        f"{parts}/2025-07-0{day}.parquet" for day in (1, 2, 3)
    ]
    assert sum(part["rows"] for part in index["parts"]) == 16


def test_a_days_head_names_the_manifest_of_what_the_day_was_computed_from(aws: Aws) -> None:
    assert aws.process_at(1, orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01")), "input/a.csv") == 0
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01", "Toys")), "input/b.csv") == 0
    head = aws.ledger()["day#2025-07-01", "head"]
    assert uuid.UUID(head["revision"]).version == 4
    assert head["manifest"] == f"manifests/2025-07-01/{head['revision']}.json"
    body = aws.s3.get_object(Bucket=CLEANED, Key=head["manifest"], VersionId=head["manifest_version"])["Body"]
    manifest = json.loads(body.read())
    told = [(part["key"], part["rows"], part["rows_superseded"]) for part in manifest["parts"]]
    assert told == [("input/a.csv", 2, 1), ("input/b.csv", 1, 0)]
    assert manifest["categories"] == ["Books", "Toys"]
    assert len({part["part"]["version_id"] for part in manifest["parts"]}) == 2


def test_rows_that_a_newer_file_has_are_counted_as_superseded(aws: Aws) -> None:
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01")), "input/newer.csv") == 0
    older = orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01"), order(1, "2025-07-02"))
    environ = aws.prepared_at(1, older, "input/older.csv")
    assert aws.transform(environ) == 0
    assert claim(aws, environ)["rows_superseded"] == "1"


def test_a_retry_after_the_end_changes_nothing(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    aws.transform(environ)
    before = aws.ledger(), aws.orders(), aws.categories(), aws.keys()
    assert aws.transform(environ) == 0
    assert (aws.ledger(), aws.orders(), aws.categories(), aws.keys()) == before


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_version_that_this_execution_has_not_claimed_is_left_alone(aws: Aws, taken_over: bool) -> None:
    environ = aws.prepared_at(1, VALID)
    if taken_over:
        aws.claim(ORDERS, environ["S3_INPUT_VERSION"], "run-9")
    else:
        key = {"pk": {"S": f"file#{file_id(INPUT, ORDERS)}"}, "sk": {"S": f"v#{environ['S3_INPUT_VERSION']}"}}
        aws.dynamodb.delete_item(TableName="PipelineFiles", Key=key)
    assert aws.transform(environ) == 75
    assert "not by this execution" in aws.messages()
    assert aws.orders() == {}


@pytest.mark.parametrize("status", ["FAILED", "REJECTED"])
def test_a_task_that_outlives_its_execution_commits_nothing(aws: Aws, status: str) -> None:
    environ = aws.prepared_at(1, VALID)
    aws.claim(ORDERS, environ["S3_INPUT_VERSION"], "run-1", status)
    assert aws.transform(environ) == 75
    assert f"is {status}" in aws.messages()
    assert aws.orders() == {}


def test_a_version_that_is_archived_already_is_left_as_it_is(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    aws.claim(ORDERS, environ["S3_INPUT_VERSION"], "run-1", "ARCHIVED")
    assert aws.transform(environ) == 0
    assert aws.orders() == {}


def test_the_last_log_line_tells_where_the_time_went(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.clock.during_sleep = lambda: aws.hand_over(environ, VALID)
    assert aws.transform(environ) == 0
    last = aws.log[-1]
    assert last["message"] == "done"
    assert last["seconds"] == 1
    assert last["stages"]["wait"] == 1
    assert set(last["stages"]) == {"wait", "fetch", "parts", "upload", "compute", "commit", "curated"}
    assert last["bytes"] == len(VALID)
    assert last["peak_memory_bytes"] > 10_000_000
