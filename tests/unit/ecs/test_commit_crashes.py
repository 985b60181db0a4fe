"""Commits that are cut short anywhere: never half a day, never twice, and always finished."""

from __future__ import annotations

import datetime as calendar
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.properties.plain_warehouse import PlainWarehouse
from tests.unit.ecs.commits import assert_days_add_up, claim, date, month, order, read_pinned, tables
from tests.unit.ecs.faults import LOST, Fuse, Killed, break_dynamodb, once, raising
from tests.unit.ecs.support import VALID, Aws, orders_csv


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


# Crashes and lost answers.


@pytest.mark.parametrize("how", ["before", "after", "answer"])
@pytest.mark.parametrize("most_actions", [100, 6])
def test_wherever_an_attempt_is_cut_short_the_next_one_brings_the_tables_to_the_same_end(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, most_actions: int, how: str
) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", most_actions)
    assert aws.process_at(0, month(2, 1, "1.00"), "input/other.csv") == 0
    body = month(2, 1).replace(b"O-", b"P-").replace(b"Category", b"Kind")
    fuse = Fuse(aws)
    fuse.install()
    at, is_over = 0, False
    while not is_over:
        environ = aws.prepared_at(at + 1, body)
        fuse.set(at, how)
        try:
            code = aws.transform(environ)
        except Killed:
            code = 137
        is_over = not fuse.blown
        fuse.unset()
        assert_days_add_up(aws)
        assert aws.transform(environ) == 0 or (is_over and code == 0)
        assert {day: item["total_revenue"] for day, item in aws.orders().items()} == {
            date(0): "11",
            date(1): "11",
        }
        assert len(aws.categories()) == 4
        assert claim(aws, environ)["status"] == "ACCEPTED"
        assert "completed_at" in claim(aws, environ)
        assert len(aws.keys("curated/")) == 4
        at += 1
    assert at > (8 if most_actions == 100 else 12)


def four_hundred_days(price: str, categories: int) -> bytes:
    """A file of 400 days, each of so many categories of one order."""
    days = [(calendar.date(2025, 1, 1) + calendar.timedelta(day)).isoformat() for day in range(400)]
    return orders_csv(
        *(order(number, day, f"Category {number}", price) for day in days for number in range(categories))
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_400_days_of_10_categories_may_be_cut_short_after_every_single_write(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that has changed nothing for good is followed by one that gets a write further."""
    monkeypatch.setattr("transformer.transformer.Warehouse", PlainWarehouse)
    assert aws.process_at(0, four_hundred_days("1.00", 10)) == 0
    environ = aws.prepared_at(1, four_hundred_days("2.00", 9))
    fuse = Fuse(aws)
    fuse.install()
    attempts, at, code = 0, 0, 137
    progress: Any = None
    while code == 137:
        fuse.set(at, "after")
        try:
            code = aws.transform(environ)
        except Killed:
            attempts += 1
        fuse.unset()
        revenues = Counter(item["total_revenue"] for item in aws.orders().values())
        assert_days_add_up(aws)
        before, progress = progress, ("accepted_at" in claim(aws, environ), revenues["18"])
        assert set(revenues) <= ({"10", "18"} if progress[0] else {"10"})
        at = at + 1 if progress == before else 0
    assert (code, revenues, len(aws.categories())) == (0, {"18": 400}, 3600)
    assert claim(aws, environ)["completed_at"]
    assert attempts >= 402 + 2 * 400 + 400  # parts; manifests and transactions; curated objects


def test_what_was_cut_short_before_its_acceptance_is_in_no_table(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", 6)
    environ = aws.prepared_at(1, month(3, 1))
    break_dynamodb(aws, "update_item", raising(Killed()))
    with pytest.raises(Killed):
        aws.transform(environ)
    assert tables(aws) == ({}, {})
    assert "accepted_at" not in claim(aws, environ)


def test_a_reprocess_finishes_what_was_accepted_without_a_handoff(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", 6)
    environ = aws.prepared_at(1, month(3, 1))
    real = aws.clients
    break_dynamodb(aws, "transact_write_items", raising(*[LOST] * 20))
    assert aws.transform(environ) == 75
    assert claim(aws, environ)["status"] == "COMMITTING"
    aws.clients = real
    again = aws.reprocess(environ)
    assert aws.transform(again) == 0
    assert len(aws.orders()) == 3
    told = claim(aws, environ)
    assert (told["status"], told["execution"], told["accepted_by"]) == ("ACCEPTED", "run-2", "run-1")


def test_a_reprocess_of_a_finished_version_only_says_so(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    assert aws.transform(environ) == 0
    before = tables(aws), aws.keys()
    again = aws.reprocess(environ)
    assert aws.transform(again) == 0
    assert (tables(aws), aws.keys()) == before
    assert claim(aws, environ)["status"] == "ACCEPTED"


def test_two_attempts_of_one_execution_accept_one_and_the_same(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformer.commit.MOST_ACTIONS", 6)
    environ = aws.prepared_at(1, month(2, 1))
    alone = aws.clients

    def let_the_other_attempt_go_first(real: Callable[..., Any], arguments: Any) -> Any:
        aws.clients = alone
        assert aws.transform(environ) == 0
        return real(**arguments)

    break_dynamodb(aws, "update_item", once(let_the_other_attempt_go_first))
    assert aws.transform(environ) == 0
    told = claim(aws, environ)
    accepted = read_pinned(aws, told["index"], told["index_version"])
    for number, part in enumerate(accepted["parts"]):
        head = aws.ledger()[f"day#{date(number)}", "head"]
        [counted] = read_pinned(aws, head["manifest"], head["manifest_version"])["parts"]
        assert counted["part"] == {"key": part["key"], "version_id": part["version_id"]}


def test_a_commit_whose_answer_is_lost_is_found_in_the_ledger(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    calls: list[Any] = []

    def commit_and_lose_the_answer(real: Callable[..., Any], arguments: Any) -> Any:
        calls.append(arguments)
        real(**arguments)
        raise LOST

    break_dynamodb(aws, "transact_write_items", commit_and_lose_the_answer)
    assert aws.transform(environ) == 0
    assert len(calls) == 1
    assert len(aws.orders()) == 3


def test_a_commit_that_was_lost_on_its_way_is_sent_again(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    tokens: list[str] = []
    aws.clock.oversleeps = 1

    def lose_the_first(real: Callable[..., Any], arguments: Any) -> Any:
        tokens.append(arguments["ClientRequestToken"])
        if len(tokens) == 1:
            raise LOST
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", lose_the_first)
    assert aws.transform(environ) == 0
    assert len(set(tokens)) == 2
    assert {len(token) for token in tokens} == {36}
    assert len(aws.orders()) == 3


def test_a_lost_commit_that_arrives_late_does_no_harm(aws: Aws) -> None:
    environ = aws.prepared_at(1, VALID)
    late: list[Any] = []

    def arrive_late(real: Callable[..., Any], arguments: Any) -> Any:
        if not late:
            late.append(arguments)
            raise LOST
        real(**late[0])
        return real(**arguments)  # whose claim is no longer as it was read

    break_dynamodb(aws, "transact_write_items", arrive_late)
    assert aws.transform(environ) == 0
    assert len(aws.orders()) == 3
    assert_days_add_up(aws)
