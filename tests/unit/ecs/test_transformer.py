"""The transformer: it waits for its hand-off, and the tables follow from the accepted versions alone."""

from __future__ import annotations

import json
import uuid

import pytest

from common.names import file_id
from tests.unit.ecs.support import CLEANED, GOOD_ROW, INPUT, VALID, Aws, orders_csv, row_with

ORDERS = "input/orders.csv"


def order(number: int, date: str, category: str = "Books", price: str = "10.00") -> str:
    return f"O-{number},C-{number},{date},{category},P-1,1,{price},false"


def test_it_waits_for_the_handoff_and_says_so_every_minute(aws: Aws) -> None:
    environ = aws.upload(VALID)

    def validator_takes_150_seconds() -> None:
        if aws.clock.seconds == 150:
            assert aws.validate(environ) == 0

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
    [("input_version_id", "older"), ("input_key", "input/other.csv"), ("grammar_version", 2), ("novel", 1)],
)
def test_a_handoff_that_is_about_something_else_is_refused(aws: Aws, field: str, value: object) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    changed = {**aws.handoff(environ), field: value}
    aws.s3.put_object(Bucket=CLEANED, Key="handoff/run-1.json", Body=json.dumps(changed).encode())
    assert aws.transform(environ) == 78
    assert aws.orders() == {}


def test_the_cleaned_version_of_the_handoff_is_read_although_a_newer_one_is_there(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    aws.s3.put_object(Bucket=CLEANED, Key=f"cleaned/{ORDERS}", Body=orders_csv(GOOD_ROW))
    assert aws.transform(environ) == 0
    assert len(aws.orders()) == 3


def test_a_cleaned_object_that_is_not_what_the_validator_wrote_is_not_counted(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    other = aws.s3.put_object(Bucket=CLEANED, Key=f"cleaned/{ORDERS}", Body=orders_csv(GOOD_ROW))
    changed = {**aws.handoff(environ), "cleaned_version_id": other["VersionId"]}
    aws.s3.put_object(Bucket=CLEANED, Key="handoff/run-1.json", Body=json.dumps(changed).encode())
    assert aws.transform(environ) == 75
    assert aws.orders() == {}


def test_a_cleaned_version_that_is_gone_is_said_to_be(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    version = aws.handoff(environ)["cleaned_version_id"]
    aws.s3.delete_object(Bucket=CLEANED, Key=f"cleaned/{ORDERS}", VersionId=version)
    assert aws.transform(environ) == 75
    assert "is gone" in aws.messages()


def test_the_ledger_tells_of_the_acceptance_and_of_each_days_head(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    aws.transform(environ)
    version, file = environ["S3_INPUT_VERSION"], file_id(INPUT, ORDERS)
    claim = aws.ledger()[f"file#{file}", f"v#{version}"]
    assert claim["status"] == "ACCEPTED"
    assert claim["execution"] == "run-1"
    assert claim["owner"].endswith(":run-1")
    assert claim["accepted_at"] == "2025-07-05T12:00:00Z"
    assert claim["rows"] == "16"
    assert "2025-07-03" in claim["days"]
    head = aws.ledger()["day#2025-07-02", "head"]
    assert uuid.UUID(head["revision"]).version == 4
    assert (head["file_id"], head["key"], head["version_id"]) == (file, ORDERS, version)
    assert head["last_modified"] == aws.handoff(environ)["input_last_modified"]
    assert sum(key[0].startswith("day#") for key in aws.ledger()) == 3


def test_a_retry_after_the_commit_changes_nothing(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    aws.transform(environ)
    before = aws.ledger(), aws.orders(), aws.categories()
    assert aws.transform(environ) == 0
    assert (aws.ledger(), aws.orders(), aws.categories()) == before


def test_a_corrected_version_replaces_its_days_and_the_categories_it_no_longer_has(aws: Aws) -> None:
    first = orders_csv(order(1, "2025-07-01"), order(2, "2025-07-01", "Toys"), order(3, "2025-07-02"))
    assert aws.process_at(1, first) == 0
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01", price="12.00"))) == 0
    assert {day: item["total_revenue"] for day, item in aws.orders().items()} == {
        "2025-07-01": "12",
        "2025-07-02": "10",  # of the first version, the newest that holds this day
    }
    assert set(aws.categories()) == {("2025-07-01", "Books"), ("2025-07-02", "Books")}


def test_an_older_version_that_comes_late_counts_only_for_days_the_newer_one_has_not(aws: Aws) -> None:
    older = orders_csv(order(1, "2025-07-01", "Toys", "1.00"), order(2, "2025-07-02", price="2.00"))
    assert aws.process_at(2, orders_csv(order(1, "2025-07-01", price="9.00"))) == 0
    assert aws.process_at(1, older) == 0
    assert {day: item["total_revenue"] for day, item in aws.orders().items()} == {
        "2025-07-01": "9",
        "2025-07-02": "2",
    }
    assert set(aws.categories()) == {("2025-07-01", "Books"), ("2025-07-02", "Books")}
    claims = [item for key, item in aws.ledger().items() if key[0].startswith("file#")]
    assert [claim["status"] for claim in claims] == ["ACCEPTED", "ACCEPTED"]


def test_of_two_versions_of_one_second_the_greater_version_id_counts(aws: Aws) -> None:
    revenue_of = {}
    for price in ("1.00", "2.00", "3.00"):
        environ = aws.prepared_at(1, orders_csv(order(1, "2025-07-01", price=price)))
        assert aws.transform(environ) == 0
        revenue_of[environ["S3_INPUT_VERSION"]] = price.removesuffix(".00")
    assert aws.orders()["2025-07-01"]["total_revenue"] == revenue_of[max(revenue_of)]


def test_a_day_that_another_file_fills_is_refused_and_told(aws: Aws) -> None:
    aws.process(orders_csv(order(1, "2025-07-01")), "input/first.csv")
    environ = aws.upload(orders_csv(order(2, "2025-07-01"), order(3, "2025-07-02")), "input/second.csv")
    aws.validate(environ)
    before = aws.orders()
    assert aws.transform(environ) == 65
    assert aws.orders() == before
    report = aws.report(environ)
    assert report["counts"]["by_rule"] == {"day_taken": 1}
    assert report["findings"][0]["value"] == "2025-07-01"
    assert "input/first.csv" in report["findings"][0]["advice"]
    assert report["rows_read"] == 2
    summary = aws.rejected(environ, "summary.txt").decode()
    assert summary.startswith("REJECTED: input/second.csv")
    assert "found '2025-07-01'" in summary


def test_a_file_of_100_actions_is_committed(aws: Aws) -> None:
    rows = [order(n, f"2025-{1 + n // 28:02}-{1 + n % 28:02}") for n in range(33)]
    assert aws.process(orders_csv(*rows)) == 0
    assert len(aws.orders()) == 33


def test_a_file_of_101_actions_is_refused_and_told_how_many_it_needs(aws: Aws) -> None:
    rows = [order(n, f"2025-{1 + n // 28:02}-{1 + n % 28:02}") for n in range(33)]
    environ = aws.upload(orders_csv(*rows, order(99, "2025-01-01", "Toys")))
    aws.validate(environ)
    assert aws.transform(environ) == 65
    assert aws.orders() == {}
    advice = aws.report(environ)["findings"][0]["advice"]
    assert "33 days with 34 day-and-category totals need 101 writes" in advice


def test_categories_to_delete_count_as_actions_too(aws: Aws) -> None:
    rows = [order(n, f"2025-{1 + n // 28:02}-{1 + n % 28:02}") for n in range(33)]
    assert aws.process_at(1, orders_csv(*rows)) == 0
    toys = [row.replace("Books", "Toys") for row in rows[:1]] + rows[1:]
    environ = aws.prepared_at(2, orders_csv(*toys))
    assert aws.transform(environ) == 65
    assert "need 101 writes" in aws.report(environ)["findings"][0]["advice"]


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_version_that_this_execution_has_not_claimed_is_left_alone(aws: Aws, taken_over: bool) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
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
    environ = aws.upload(VALID)
    aws.validate(environ)
    aws.claim(ORDERS, environ["S3_INPUT_VERSION"], "run-1", status)
    assert aws.transform(environ) == 75
    assert f"is {status}" in aws.messages()
    assert aws.orders() == {}


def test_a_version_that_is_archived_already_is_left_as_it_is(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    aws.claim(ORDERS, environ["S3_INPUT_VERSION"], "run-1", "ARCHIVED")
    assert aws.transform(environ) == 0
    assert aws.orders() == {}


def test_a_rejected_file_reaches_no_table(aws: Aws) -> None:
    environ = aws.upload(orders_csv(row_with("quantity", "0")))
    assert aws.validate(environ) == 65
    aws.clock.oversleeps = 99
    assert aws.transform(environ) == 75
    assert aws.orders() == {}
    assert aws.categories() == {}
