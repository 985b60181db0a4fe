"""withdraw.sh: a file that was taken back counts for nothing, whoever is at work meanwhile."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from common.names import curated_key, file_id
from mayfly.console import CommandError
from mayfly.data import withdraw as script
from mayfly.data.access import Access
from mayfly.data.withdraw import withdraw
from tests.unit.data_tools.support import (
    A,
    B,
    Fuse,
    Public,
    access_to,
    killed_everywhere,
    order,
    point_scripts_to,
    public,
    say,
    two_files,
)
from tests.unit.ecs.faults import Killed, break_dynamodb, once
from tests.unit.ecs.support import INPUT, Aws, orders_csv

FILE_B = file_id(INPUT, B)


def two_large_days() -> bytes:
    """A file whose days do not go into one transaction: they have fifty categories each."""
    orders = (order(50 * day + number, day, "10", f"Kind {number}") for day in (7, 8) for number in range(50))
    return orders_csv(*orders)


def statuses(aws: Aws, key: str) -> list[str]:
    file = f"file#{file_id(INPUT, key)}"
    return [claim["status"] for (pk, _), claim in aws.ledger().items() if pk == file]


def only_a(aws: Aws) -> Public:
    """Return what people see when B never came."""
    assert aws.process_at(1, orders_csv(order(1, 1), order(2, 2)), A) == 0
    return public(aws)


# What changes.


def test_the_numbers_are_those_that_would_be_there_without_the_file(aws: Aws, access: Access) -> None:
    before = only_a(aws)
    assert aws.process_at(2, orders_csv(order(2, 2, "25", "Toys"), order(3, 3)), B) == 0
    assert public(aws) != before

    withdraw(access, B)

    assert public(aws) == before


def test_it_tells_of_each_day_what_the_numbers_were_and_are(aws: Aws, access: Access) -> None:
    two_files(aws)

    changes = withdraw(access, B)

    told = [
        tuple(numbers and numbers["total_revenue"] for numbers in (change.before, change.after))
        for change in changes
    ]
    assert [change.day for change in changes] == ["2025-07-02", "2025-07-03"]
    assert told == [("25", "10"), ("10", None)]


def test_a_day_whose_only_file_was_taken_back_is_in_no_table(aws: Aws, access: Access) -> None:
    two_files(aws)

    withdraw(access, B)

    assert "2025-07-03" not in aws.orders()
    assert [day for day, _ in aws.categories()] == ["2025-07-01", "2025-07-02"]
    assert aws.keys(curated_key("2025-07-03", FILE_B)) == []


def test_every_version_of_the_file_is_marked(aws: Aws, access: Access) -> None:
    two_files(aws)
    assert aws.process_at(3, orders_csv(order(4, 3)), B) == 0

    withdraw(access, B)

    assert statuses(aws, B) == ["WITHDRAWN", "WITHDRAWN"]
    assert statuses(aws, A) == ["ACCEPTED"]


def test_the_days_of_older_versions_go_too(aws: Aws, access: Access) -> None:
    before = only_a(aws)
    assert aws.process_at(2, orders_csv(order(7, 7)), B) == 0
    assert aws.process_at(3, orders_csv(order(8, 8)), B) == 0

    withdraw(access, B)

    assert public(aws) == before


def test_a_file_uploaded_again_counts_again(aws: Aws, access: Access) -> None:
    two_files(aws)
    before = public(aws)
    withdraw(access, B)

    assert aws.process_at(5, orders_csv(order(2, 2, "25", "Toys"), order(3, 3)), B) == 0

    assert (aws.orders(), aws.categories()) == (before.orders, before.categories)


def test_a_file_that_nobody_knows_is_an_error_and_marks_nothing(aws: Aws, access: Access) -> None:
    writes = Fuse(aws).writes
    with pytest.raises(CommandError, match="there is nothing about"):
        withdraw(access_to(aws), "input/none.csv")
    assert writes == []
    assert access.head_days() == []


# Runs that are under way.


def test_a_version_under_way_cannot_be_committed_afterwards(aws: Aws, access: Access) -> None:
    before = only_a(aws)
    running = aws.prepared_at(2, orders_csv(order(9, 9)), B)

    withdraw(access, B)

    assert aws.transform(running) == 65
    assert public(aws) == before


def test_a_large_version_that_is_in_the_middle_of_its_commit_goes_no_further(aws: Aws) -> None:
    before = only_a(aws)
    running = aws.prepared_at(2, two_large_days(), B)
    fuse = Fuse(aws)
    fuse.set(5, "after")  # two parts, the index, the acceptance, a manifest, and a day
    with pytest.raises(Killed):
        aws.transform(running)
    assert "2025-07-07" in aws.orders()
    assert "2025-07-08" not in aws.orders()
    fuse.set(1000, "before")

    withdraw(access_to(aws), B)

    assert public(aws) == before
    assert aws.transform(aws.reprocess(running)) == 65
    assert public(aws) == before


def test_a_version_that_comes_while_the_others_are_marked_counts(aws: Aws) -> None:
    two_files(aws)
    before = aws.clients

    def let_one_come(real: Callable[..., Any], arguments: Any) -> Any:
        aws.clients = before
        assert aws.process_at(5, orders_csv(order(3, 3, "77")), B) == 0
        return real(**arguments)

    break_dynamodb(aws, "update_item", once(let_one_come))
    withdraw(access_to(aws), B)

    assert aws.orders()["2025-07-03"]["total_revenue"] == "77"
    assert aws.orders()["2025-07-02"]["total_revenue"] == "10"
    assert sorted(statuses(aws, B)) == ["ACCEPTED", "WITHDRAWN"]


def test_an_older_version_that_comes_late_counts_for_nothing(aws: Aws, access: Access) -> None:
    late = aws.prepared_at(2, orders_csv(order(3, 3)), B)
    assert aws.process_at(3, orders_csv(order(4, 3)), B) == 0

    withdraw(access, B, "2025-07-03")

    assert aws.transform(late) == 0
    assert aws.orders() == {}


# One day only.


def test_one_day_alone_can_be_taken_back(aws: Aws, access: Access) -> None:
    two_files(aws)
    before = public(aws)

    changes = withdraw(access, B, "2025-07-02")

    assert [change.day for change in changes] == ["2025-07-02"]
    assert aws.orders()["2025-07-02"]["total_revenue"] == "10"
    assert aws.orders()["2025-07-03"] == before.orders["2025-07-03"]
    assert aws.keys(curated_key("2025-07-02", FILE_B)) == []
    assert aws.keys(curated_key("2025-07-03", FILE_B)) != []


def test_one_day_leaves_the_claims_alone(aws: Aws, access: Access) -> None:
    two_files(aws)
    claims = {key: item for key, item in aws.ledger().items() if key[1] != "head"}

    withdraw(access, B, "2025-07-02")

    assert {key: item for key, item in aws.ledger().items() if key[1] != "head"} == claims


def test_a_day_on_which_the_file_does_not_count_stays_as_it_is(aws: Aws) -> None:
    two_files(aws)
    writes = Fuse(aws).writes

    assert withdraw(access_to(aws), B, "2025-07-01") == []
    assert writes == []


def test_a_newer_version_counts_on_a_day_that_was_taken_back(aws: Aws, access: Access) -> None:
    two_files(aws)
    withdraw(access, B, "2025-07-03")

    assert aws.process_at(4, orders_csv(order(3, 3, "77")), B) == 0

    assert aws.orders()["2025-07-03"]["total_revenue"] == "77"


def test_a_version_under_way_does_not_count_on_a_day_that_was_taken_back(aws: Aws, access: Access) -> None:
    two_files(aws)
    running = aws.prepared_at(4, orders_csv(order(3, 3, "77"), order(4, 4)), B)
    say(aws, running, last_modified="2025-07-05T10:00:04Z")

    withdraw(access, B, "2025-07-03")

    assert aws.transform(running) == 0
    assert sorted(aws.orders()) == ["2025-07-01", "2025-07-02", "2025-07-04"]


def test_a_version_under_way_does_not_bring_a_day_that_was_taken_back_before_it_came(
    aws: Aws, access: Access
) -> None:
    two_files(aws)
    running = aws.prepared_at(4, orders_csv(order(3, 3, "77"), order(4, 4)), B)
    say(aws, running, last_modified="2025-07-05T10:00:04Z")

    assert withdraw(access, B, "2025-07-04") == []

    assert aws.transform(running) == 0
    assert sorted(aws.orders()) == ["2025-07-01", "2025-07-02", "2025-07-03"]


# Again, and from anywhere.


def test_doing_it_again_changes_nothing(aws: Aws, access: Access) -> None:
    two_files(aws)
    withdraw(access, B)
    before, ledger = public(aws), aws.ledger()

    assert withdraw(access, B) == []

    assert public(aws) == before
    assert aws.ledger() == ledger


@pytest.mark.parametrize("how", ["before", "after"])
def test_killed_at_any_write_it_is_finished_by_the_next_run(aws: Aws, how: str) -> None:
    before = only_a(aws)
    assert aws.process_at(2, orders_csv(order(2, 2, "25", "Toys"), order(3, 3)), B) == 0
    kills = list(killed_everywhere(aws, how, lambda: withdraw(access_to(aws), B)))
    assert len(kills) >= 3
    assert public(aws) == before
    assert statuses(aws, B) == ["WITHDRAWN"]


# The command line.


def test_without_a_terminal_and_a_yes_nothing_happens(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)
    before = public(aws)
    point_scripts_to(aws, monkeypatch, B)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(SystemExit) as ended:
        script.main()

    assert ended.value.code == 1
    assert "run it again with --yes" in capsys.readouterr().err
    assert public(aws) == before


@pytest.mark.parametrize(("answer", "revenue"), [("y\n", "10"), ("n\n", "25"), ("\n", "25")])
def test_a_person_is_told_what_it_counts_for_and_asked(
    aws: Aws,
    answer: str,
    revenue: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    two_files(aws)
    point_scripts_to(aws, monkeypatch, B)
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)

    if answer == "y\n":
        script.main()
    else:
        with pytest.raises(SystemExit):
            script.main()

    assert "input/b.csv counts for 2 days: 2025-07-02 to 2025-07-03\n" in capsys.readouterr().err
    assert aws.orders()["2025-07-02"]["total_revenue"] == revenue


def test_the_document_has_the_numbers_before_and_after(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)
    point_scripts_to(aws, monkeypatch, B, "--yes", "--json")

    script.main()

    document = json.loads(capsys.readouterr().out)
    assert [change["day"] for change in document["changes"]] == ["2025-07-02", "2025-07-03"]
    assert document["changes"][1]["before"]["total_orders"] == "1"
    assert document["changes"][1]["after"] is None


def test_people_see_what_changed_and_how_to_have_it_back(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)
    point_scripts_to(aws, monkeypatch, B, "--yes")

    script.main()

    told = capsys.readouterr().out
    assert "25 -> 10" in told
    assert told.endswith(
        "input/b.csv no longer counts for 2 days: 2025-07-02 to 2025-07-03.\n"
        "Upload it again to count it again.\n"
    )
