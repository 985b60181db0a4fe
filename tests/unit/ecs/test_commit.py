"""Commits: how many transactions, who was faster, and whose claim it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.ecs.commits import ORDERS, claim, date, month, order, tables, transactions, withdraw
from tests.unit.ecs.faults import LOST, aws_error, break_dynamodb, cancelled, once, raising
from tests.unit.ecs.support import VALID, Aws, orders_csv
from transformer.warehouse import Warehouse


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


# How many transactions there are.


def test_a_file_of_100_actions_is_one_transaction(aws: Aws) -> None:
    environ = aws.prepared_at(1, month(33, 1))
    sizes = transactions(aws)
    assert aws.transform(environ) == 0
    assert sizes == [100]
    assert len(aws.orders()) == 33


def test_a_file_of_more_is_accepted_first_and_then_has_a_transaction_a_day(aws: Aws) -> None:
    environ = aws.prepared_at(1, month(25, 3))
    sizes = transactions(aws)
    assert aws.transform(environ) == 0
    assert sizes == [6] * 25  # the claim's check, the head, the total, three categories
    assert len(aws.categories()) == 75
    told = claim(aws, environ)
    assert (told["status"], told["days"], told["rows"]) == ("ACCEPTED", "25", "75")
    assert told["accepted_at"] == told["committed_at"] == told["completed_at"]


def test_categories_to_delete_count_as_actions_too(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", 7)
    assert aws.process_at(1, month(2, 1)) == 0
    environ = aws.prepared_at(2, month(2, 1).replace(b"2025-01-01,Category 0", b"2025-01-01,Toys"))
    sizes = transactions(aws)
    assert aws.transform(environ) == 0
    assert sizes == [5, 4]
    assert ("2025-01-01", "Category 0") not in aws.categories()


def test_a_day_of_97_categories_is_committed(aws: Aws) -> None:
    assert aws.process_at(1, month(1, 97)) == 0
    assert len(aws.categories()) == 97


@pytest.mark.parametrize("days", [1, 2])
def test_a_day_of_98_categories_is_refused_before_anything_is_accepted(aws: Aws, days: int) -> None:
    environ = aws.prepared_at(1, month(days, 98))
    assert aws.transform(environ) == 65
    assert tables(aws) == ({}, {})
    report = aws.report(environ)
    assert report["counts"]["by_rule"] == {"too_many_categories": days}
    assert report["findings"][0]["value"] == "2025-01-01"
    assert "would have 98 categories" in report["findings"][0]["advice"]
    assert report["rows_read"] == 98 * days
    assert "accepted_at" not in claim(aws, environ)


def test_the_categories_that_a_day_had_before_count_as_well(aws: Aws) -> None:
    assert aws.process_at(1, month(1, 50)) == 0
    environ = aws.prepared_at(2, month(1, 50).replace(b"Category", b"Kind"))
    before = tables(aws)
    assert aws.transform(environ) == 65
    assert "would have 100 categories" in aws.report(environ)["findings"][0]["advice"]
    assert tables(aws) == before


# Conflicts.


@pytest.mark.parametrize("filled_before", [True, False])
def test_a_newer_version_that_commits_between_read_and_commit_keeps_its_day(
    aws: Aws, filled_before: bool
) -> None:
    row = "O-1,C-1,2025-07-01,Books,P-1,1,{}.00,false"
    if filled_before:
        assert aws.process_at(1, orders_csv(row.format(1))) == 0
    environ = aws.prepared_at(2, orders_csv(row.format(2).replace("Books", "Toys")))
    rival = aws.prepared_at(3, orders_csv(row.format(3)))

    def let_the_rival_go_first(real: Callable[..., Any], arguments: Any) -> Any:
        assert aws.transform(rival) == 0
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", once(let_the_rival_go_first))
    assert aws.transform(environ) == 0
    assert aws.orders()["2025-07-01"]["total_revenue"] == "3"
    assert list(aws.categories()) == [("2025-07-01", "Books")]
    assert (claim(aws, environ)["status"], claim(aws, environ)["rows_superseded"]) == ("ACCEPTED", "1")


def test_only_the_day_that_somebody_changed_is_computed_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = aws.prepared_at(1, month(3, 1), "input/long.csv")
    rival = aws.prepared_at(2, orders_csv(order(99, date(1))), "input/rival.csv")
    computed: list[str] = []

    def let_the_rival_go_first(real: Callable[..., Any], arguments: Any) -> Any:
        assert aws.transform(rival) == 0
        computed.clear()
        return real(**arguments)

    def remember(real: Callable[..., Any]) -> Any:
        def compute_day(warehouse: Any, parts: Any) -> Any:
            computed.extend(part.path.parent.name for part in parts if "fetched" not in part.path.name)
            return real(warehouse, parts)

        return compute_day

    monkeypatch.setattr(Warehouse, "compute_day", remember(Warehouse.compute_day))
    break_dynamodb(aws, "transact_write_items", once(let_the_rival_go_first))
    assert aws.transform(environ) == 0
    assert computed == [f"order_date={date(1)}"]
    assert aws.orders()[date(1)]["total_orders"] == "2"


@pytest.mark.parametrize(
    "error",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "None"),
        cancelled("ProvisionedThroughputExceeded"),
        aws_error("TransactionInProgressException", "TransactWriteItems"),
        aws_error("InternalServerError", "TransactWriteItems", 500),
        aws_error("ThrottlingException", "TransactWriteItems"),
        LOST,
    ],
)
def test_what_may_pass_is_waited_out_with_jitter(aws: Aws, error: Exception) -> None:
    environ = aws.prepared_at(1, VALID)
    break_dynamodb(aws, "transact_write_items", raising(error, error, error))
    assert aws.transform(environ) == 0
    assert len(aws.clock.slept) == 3
    assert len(set(aws.clock.slept)) == 3
    assert all(0 < slept <= 5 for slept in aws.clock.slept)


def test_after_20_conflicts_it_asks_to_be_tried_again(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    conflicts = [cancelled("TransactionConflict")] * 20
    break_dynamodb(aws, "transact_write_items", raising(*conflicts, then_real=False))
    assert aws.transform(environ) == 75
    assert aws.orders() == {}


def test_a_transaction_that_is_wrong_in_itself_is_a_crash(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    break_dynamodb(aws, "transact_write_items", raising(cancelled("ValidationError")))
    with pytest.raises(ClientError):
        aws.transform(environ)
    assert aws.orders() == {}


# The claim.


@pytest.mark.parametrize(("execution", "status"), [("run-9", "RUNNING"), ("run-1", "FAILED")])
def test_a_claim_lost_between_read_and_commit_keeps_the_numbers_out(
    aws: Aws, execution: str, status: str
) -> None:
    environ = aws.prepared_at(1, VALID)

    def lose_the_claim(real: Callable[..., Any], arguments: Any) -> Any:
        aws.claim(ORDERS, environ["S3_INPUT_VERSION"], execution, status)
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", lose_the_claim)
    assert aws.transform(environ) == 75
    assert aws.orders() == {}


def test_a_version_that_was_taken_back_is_refused_at_once(aws: Aws) -> None:
    environ = aws.upload(VALID)
    withdraw(aws, environ)
    assert aws.transform(environ) == 65
    assert aws.clock.slept == []
    assert aws.report(environ)["counts"]["by_rule"] == {"withdrawn": 1}
    assert aws.orders() == {}


@pytest.mark.parametrize(("most_actions", "left"), [(100, 0), (6, 2)])
def test_a_version_that_is_taken_back_while_it_is_committed_gets_no_further(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, most_actions: int, left: int
) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", most_actions)
    environ = aws.prepared_at(1, month(3, 1))
    written: list[int] = []

    def take_back(real: Callable[..., Any], arguments: Any) -> Any:
        if len(written) == left:
            withdraw(aws, environ)
        written.append(0)
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", take_back)
    assert aws.transform(environ) == 65
    assert aws.report(environ)["counts"]["by_rule"] == {"withdrawn": 1}
    assert len(aws.orders()) == left  # withdraw.sh takes these out
    assert "completed_at" not in claim(aws, environ)
