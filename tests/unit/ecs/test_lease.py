"""Leases: a slow file gets through a stream of quick ones, and nobody depends on a lease being kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.ecs.faults import (
    LOST,
    Killed,
    aws_error,
    break_dynamodb,
    cancelled,
    raising,
)
from tests.unit.ecs.support import Aws, orders_csv
from transformer.ledger import lease_key
from transformer.warehouse import Warehouse


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


DAY = "2025-07-01"
CONFLICT = cancelled("None", "TransactionConflict")


def one_order(number: int, day: str = DAY) -> bytes:
    return orders_csv(f"O-{number},C-{number},{day},Books,P-1,1,1.00,false")


def put_lease(aws: Aws, owner: str, seconds: float, day: str = DAY) -> None:
    """Give somebody a lease that ends so many seconds from now."""
    until = f"{aws.clock.now().timestamp() + seconds:.3f}"
    item = {**lease_key(day), "owner": {"S": owner}, "until": {"N": until}}
    aws.dynamodb.put_item(TableName="PipelineFiles", Item=item)


def lease(aws: Aws, day: str = DAY) -> dict[str, str] | None:
    return aws.ledger().get((f"day#{day}", "lease"))


def leases_written(aws: Aws, on_lease: Callable[[], None] = lambda: None) -> list[tuple[str, float]]:
    """Return a list to which every lease is added when written: its day, and how many seconds it lasts."""
    written: list[tuple[str, float]] = []

    def remember(real: Callable[..., Any], arguments: Any) -> Any:
        if arguments["Key"]["sk"]["S"] == "lease":
            until = float(arguments["ExpressionAttributeValues"][":until"]["N"])
            seconds = until - aws.clock.now().timestamp() if until else 0.0
            written.append((arguments["Key"]["pk"]["S"], round(seconds)))
            on_lease()
        return real(**arguments)

    break_dynamodb(aws, "update_item", remember)
    return written


def test_a_slow_file_is_not_starved_by_a_stream_of_quick_ones(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = aws.prepared_at(59, one_order(0), "input/slow.csv")
    quick = [aws.prepared_at(n, one_order(n), f"input/quick-{n}.csv") for n in range(1, 10)]
    waiting: list[dict[str, str]] = []
    is_nested = False
    compute_day = Warehouse.compute_day

    def must_wait() -> None:
        if is_nested:
            raise Killed

    def minutes_of_computing(warehouse: Warehouse, parts: Any) -> Any:
        """While the slow file computes, a quick one comes every minute, and goes away if it has to wait."""
        nonlocal is_nested
        if not is_nested:
            is_nested = True
            for _ in range(2):
                aws.clock.seconds += 60
                environ = quick.pop(0)
                try:
                    assert aws.transform(environ) == 0
                except Killed:
                    waiting.append(environ)
            is_nested = False
        return compute_day(warehouse, parts)

    aws.clock.during_sleep = must_wait
    monkeypatch.setattr(Warehouse, "compute_day", minutes_of_computing)
    assert aws.transform(slow) == 0
    monkeypatch.undo()
    assert (len(waiting), len(quick)) == (
        2,
        1,
    )  # three tries let two quick files through each, the fourth none
    assert aws.orders()[DAY]["total_orders"] == "7"
    for environ in waiting + quick:
        assert aws.transform(environ) == 0
    assert aws.orders()[DAY]["total_orders"] == "10"


def test_after_three_conflicts_it_asks_for_the_days_in_conflict_alone_and_lets_them_go_at_the_end(
    aws: Aws,
) -> None:
    body = orders_csv(*(f"O-{n},C-{n},2025-07-0{n},Books,P-1,1,1.00,false" for n in (1, 2)))
    environ = aws.prepared_at(1, body)
    written = leases_written(aws)
    second_day = cancelled("None", "None", "None", "None", "TransactionConflict")
    break_dynamodb(aws, "transact_write_items", raising(second_day, second_day, second_day))
    assert aws.transform(environ) == 0
    assert written == [("day#2025-07-02", 30), ("day#2025-07-02", 0)]
    assert lease(aws, "2025-07-01") is None
    assert lease(aws, "2025-07-02") == {"owner": "run-1", "until": "0.000"}


def test_two_conflicts_are_no_reason_to_hold_up_others(aws: Aws) -> None:
    environ = aws.prepared_at(1, one_order(1))
    break_dynamodb(aws, "transact_write_items", raising(CONFLICT, CONFLICT))
    assert aws.transform(environ) == 0
    assert lease(aws) is None


def test_lost_answers_are_no_conflicts(aws: Aws) -> None:
    environ = aws.prepared_at(1, one_order(1))
    break_dynamodb(aws, "transact_write_items", raising(*[LOST] * 10))
    assert aws.transform(environ) == 0
    assert lease(aws) is None


def test_it_waits_while_somebody_else_has_a_lease(aws: Aws) -> None:
    put_lease(aws, "run-9", 40)
    assert aws.process_at(1, one_order(1)) == 0
    assert 40 <= aws.clock.seconds < 44
    assert "waiting for a commit that goes first" in aws.messages()
    assert aws.orders()[DAY]["total_orders"] == "1"


def test_it_goes_on_as_soon_as_the_lease_is_released(aws: Aws) -> None:
    put_lease(aws, "run-9", 400)

    def release_after_a_minute() -> None:
        if aws.clock.seconds >= 60:
            put_lease(aws, "run-9", -1)

    aws.clock.during_sleep = release_after_a_minute
    assert aws.process_at(1, one_order(1)) == 0
    assert 60 <= aws.clock.seconds < 64


@pytest.mark.parametrize(("owner", "seconds"), [("run-9", -1), ("run-1", 400)])
def test_a_lease_that_has_ended_or_is_its_own_is_not_waited_for(aws: Aws, owner: str, seconds: float) -> None:
    put_lease(aws, owner, seconds)
    assert aws.process_at(1, one_order(1)) == 0
    assert aws.clock.seconds == 0


def test_a_lease_that_is_renewed_for_ever_holds_nobody_up_for_more_than_a_quarter_of_an_hour(
    aws: Aws,
) -> None:
    aws.clock.oversleeps = 30
    aws.clock.during_sleep = lambda: put_lease(aws, "run-9", 400)
    put_lease(aws, "run-9", 400)
    assert aws.process_at(1, one_order(1)) == 0
    assert 900 <= aws.clock.seconds < 934


@pytest.mark.parametrize("error", [LOST, aws_error("ThrottlingException", "UpdateItem")])
def test_a_lease_that_cannot_be_released_is_no_reason_to_fail(aws: Aws, error: Exception) -> None:
    environ = aws.prepared_at(1, one_order(1))

    def fail_at_the_release(real: Callable[..., Any], arguments: Any) -> Any:
        if arguments["ExpressionAttributeValues"].get(":until") == {"N": "0.000"}:
            raise error
        return real(**arguments)

    break_dynamodb(aws, "update_item", fail_at_the_release)
    break_dynamodb(aws, "transact_write_items", raising(CONFLICT, CONFLICT, CONFLICT))
    assert aws.transform(environ) == 0
    assert float((lease(aws) or {})["until"]) > aws.clock.now().timestamp()


def test_a_lease_that_somebody_took_over_is_not_released(aws: Aws) -> None:
    environ = aws.prepared_at(1, one_order(1))
    leases_written(aws, lambda: put_lease(aws, "run-9", 60) if lease(aws) else None)
    break_dynamodb(aws, "transact_write_items", raising(CONFLICT, CONFLICT, CONFLICT))
    assert aws.transform(environ) == 0
    assert (lease(aws) or {})["owner"] == "run-9"
