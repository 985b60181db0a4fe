"""recompute.sh: changes nothing when all is right, and makes all right when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from common.names import curated_key, file_id
from mayfly.console import CommandError
from mayfly.data import recompute as script
from mayfly.data.access import Access
from mayfly.data.recompute import rebuild, recompute
from mayfly.data.withdraw import withdraw
from tests.unit.data_tools.support import (
    A,
    B,
    Fuse,
    access_to,
    killed_everywhere,
    order,
    point_scripts_to,
    public,
    two_files,
)
from tests.unit.ecs.faults import break_dynamodb
from tests.unit.ecs.support import CLEANED, INPUT, Aws, orders_csv

FILE_A, FILE_B = file_id(INPUT, A), file_id(INPUT, B)
NUMBER = {"N": "7"}


def empty(aws: Aws, table: str, *keys: str) -> None:
    for item in aws.dynamodb.scan(TableName=table)["Items"]:
        aws.dynamodb.delete_item(TableName=table, Key={key: item[key] for key in keys})


def empty_the_kpi_tables(aws: Aws) -> None:
    empty(aws, "OrderKPIs", "order_date")
    empty(aws, "CategoryKPIs", "category", "order_date")


def empty_all_but_curated(aws: Aws) -> None:
    """Lose the tables, and all that is in the cleaned bucket beside curated/."""
    empty_the_kpi_tables(aws)
    empty(aws, "PipelineFiles", "pk", "sk")
    versions = aws.s3.list_object_versions(Bucket=CLEANED)
    for version in versions["Versions"] + versions.get("DeleteMarkers", []):
        if not version["Key"].startswith("curated/"):
            aws.s3.delete_object(Bucket=CLEANED, Key=version["Key"], VersionId=version["VersionId"])


def put_order(aws: Aws, day: str) -> None:
    aws.dynamodb.put_item(TableName="OrderKPIs", Item={"order_date": {"S": day}, "total_orders": NUMBER})


def put_category(aws: Aws, category: str, day: str) -> None:
    aws.dynamodb.put_item(
        TableName="CategoryKPIs",
        Item={"category": {"S": category}, "order_date": {"S": day}, "daily_revenue": NUMBER},
    )


def put_stray_day(aws: Aws) -> None:
    put_order(aws, "2031-01-01")
    put_category(aws, "Toys", "2031-01-01")


def put_stray_object(aws: Aws) -> None:
    aws.s3.put_object(Bucket=CLEANED, Key=curated_key("2025-07-01", "0" * 32), Body=b"not ours")


DAMAGE: dict[str, Callable[[Aws], Any]] = {
    "all items are gone": empty_the_kpi_tables,
    "a day has other numbers": lambda aws: put_order(aws, "2025-07-02"),
    "a category has other numbers": lambda aws: put_category(aws, "Toys", "2025-07-02"),
    "there is an item of a category that no file has": lambda aws: put_category(aws, "Gone", "2025-07-02"),
    "there are items of a day that no file has": put_stray_day,
    "there is an object of a file that does not count": put_stray_object,
    "an object is missing": lambda aws: aws.s3.delete_object(
        Bucket=CLEANED, Key=curated_key("2025-07-02", FILE_A)
    ),
    "an object is another": lambda aws: aws.s3.put_object(
        Bucket=CLEANED, Key=curated_key("2025-07-02", FILE_B), Body=b"another"
    ),
}


# When all is right.


def test_nothing_is_written_when_nothing_differs(aws: Aws) -> None:
    two_files(aws)
    withdraw(access_to(aws), A, "2025-07-01")
    writes = Fuse(aws).writes

    result = recompute(access_to(aws), None)

    assert (result.days_checked, result.differences) == (3, [])
    assert writes == []


def test_an_empty_stage_has_nothing_to_check(access: Access) -> None:
    assert recompute(access, None).days_checked == 0


# When something is not.


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_what_differs_is_told_by_a_dry_run_and_put_right_by_a_real_one(
    aws: Aws, damage: Callable[[Aws], Any]
) -> None:
    two_files(aws)
    right = public(aws)
    damage(aws)
    wrong, writes = public(aws), Fuse(aws).writes

    told = recompute(access_to(aws), None, dry_run=True)
    assert (public(aws), writes) == (wrong, [])

    mended = recompute(access_to(aws), None)
    assert public(aws) == right
    assert mended.differences == told.differences != []


def test_one_day_is_put_right_alone(aws: Aws, access: Access) -> None:
    two_files(aws)
    for day in ("2025-07-01", "2025-07-02"):
        put_order(aws, day)
        put_category(aws, "Gone", day)

    result = recompute(access, "2025-07-02")

    assert (result.days_checked, result.days_differing) == (1, 1)
    assert aws.orders()["2025-07-01"]["total_orders"] == "7"
    assert aws.orders()["2025-07-02"]["total_orders"] == "1"
    assert ("2025-07-02", "Gone") not in aws.categories()


def test_a_difference_says_what_was_found_and_what_was_computed(aws: Aws, access: Access) -> None:
    two_files(aws)
    put_category(aws, "Toys", "2025-07-02")

    (difference,) = recompute(access, None).differences

    assert (difference.day, difference.what) == ("2025-07-02", "CategoryKPIs Toys")
    assert difference.found == "daily_revenue 7"
    assert difference.computed == "daily_revenue 25, avg_order_value 25, avg_return_rate 0"


def test_more_stray_items_than_a_transaction_takes_are_removed(aws: Aws, access: Access) -> None:
    two_files(aws)
    before = public(aws)
    for number in range(120):
        put_category(aws, f"Gone {number}", "2025-07-02")

    recompute(access, None)

    assert public(aws) == before


# While others are at work.


@pytest.mark.parametrize("damage", ["all items are gone", "there is an item of a category that no file has"])
@pytest.mark.parametrize("operation", ["batch_get_item", "transact_write_items"])
def test_a_commit_in_between_is_neither_taken_for_a_difference_nor_undone(
    aws: Aws, operation: str, damage: str
) -> None:
    two_files(aws)
    arrives = aws.prepared_at(3, orders_csv(order(5, 2, "100", "Gone")), "input/c.csv")
    DAMAGE[damage](aws)
    arrived: list[int] = []
    clients = aws.clients

    def commit_first(real: Callable[..., Any], arguments: Any) -> Any:
        if not arrived:
            arrived.append(0)
            while_others_work, aws.clients = aws.clients, clients
            assert aws.transform(arrives) == 0
            aws.clients = while_others_work
        return real(**arguments)

    break_dynamodb(aws, operation, commit_first)
    recompute(access_to(aws), "2025-07-02")

    assert arrived
    assert aws.orders()["2025-07-02"]["total_revenue"] == "125"
    assert aws.categories()["2025-07-02", "Gone"]["daily_revenue"] == "100"
    assert recompute(access_to(aws), "2025-07-02").differences == []


@pytest.mark.parametrize("how", ["before", "after"])
def test_killed_at_any_write_it_is_finished_by_the_next_run(aws: Aws, how: str) -> None:
    two_files(aws)
    before = public(aws)
    for damage in DAMAGE.values():
        damage(aws)
    kills = list(killed_everywhere(aws, how, lambda: recompute(access_to(aws), None)))
    assert len(kills) >= 3
    assert public(aws) == before


# From curated/ alone.


def test_the_tables_come_back_from_curated_alone(aws: Aws, access: Access) -> None:
    two_files(aws)
    before = public(aws)
    empty_all_but_curated(aws)

    result = rebuild(access)

    assert result.days_rebuilt == 3
    assert public(aws) == before


def test_what_comes_after_a_rebuild_adds_up_with_it(aws: Aws, access: Access) -> None:
    two_files(aws)
    empty_all_but_curated(aws)
    rebuild(access)

    assert aws.process_at(3, orders_csv(order(3, 3, "77")), B) == 0  # a newer version of the file
    assert aws.process_at(4, orders_csv(order(6, 1, "5")), "input/c.csv") == 0

    revenues = {day: numbers["total_revenue"] for day, numbers in aws.orders().items()}
    assert revenues == {"2025-07-01": "15", "2025-07-02": "25", "2025-07-03": "77"}


def test_a_file_can_be_withdrawn_after_a_rebuild(aws: Aws, access: Access) -> None:
    two_files(aws)
    empty_all_but_curated(aws)
    rebuild(access)

    withdraw(access, B)

    assert {day: numbers["total_revenue"] for day, numbers in aws.orders().items()} == {
        "2025-07-01": "10",
        "2025-07-02": "10",
    }


def test_a_rebuild_removes_items_that_nothing_under_curated_gives(aws: Aws, access: Access) -> None:
    two_files(aws)
    before = public(aws)
    empty_all_but_curated(aws)
    DAMAGE["there are items of a day that no file has"](aws)

    rebuild(access)

    assert public(aws) == before


def test_a_ledger_that_knows_its_days_is_not_built_over(aws: Aws, access: Access) -> None:
    two_files(aws)
    before, ledger = public(aws), aws.ledger()

    with pytest.raises(CommandError, match="the ledger is not lost"):
        rebuild(access)

    assert (public(aws), aws.ledger()) == (before, ledger)


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_rebuild_that_was_killed_goes_on(aws: Aws, how: str) -> None:
    two_files(aws)
    before = public(aws)
    empty_all_but_curated(aws)
    kills = list(killed_everywhere(aws, how, lambda: rebuild(access_to(aws))))
    assert len(kills) >= 3
    assert public(aws) == before
    assert rebuild(access_to(aws)).days_rebuilt == 0


def test_an_object_that_is_not_what_its_key_says_is_an_error(aws: Aws, access: Access) -> None:
    two_files(aws)
    empty_all_but_curated(aws)
    body = aws.read(curated_key("2025-07-01", FILE_A))
    aws.s3.put_object(Bucket=CLEANED, Key=curated_key("2025-07-09", FILE_A), Body=body)

    with pytest.raises(CommandError, match="cannot be used"):
        rebuild(access)


# The command line.


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--all", "--dry-run"], 1, "3 days checked: 1 difference(s) on 1 day, left as they are."),
        (["--all"], 0, "3 days checked: 1 difference(s) on 1 day, put right."),
        (["--date", "2025-07-03"], 0, "1 day checked: nothing differs."),
    ],
)
def test_the_end_says_what_differed_and_the_exit_code_whether_it_does(
    aws: Aws,
    arguments: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    two_files(aws)
    put_order(aws, "2025-07-02")
    point_scripts_to(aws, monkeypatch, *arguments)

    with pytest.raises(SystemExit) as ended:
        script.main()

    assert ended.value.code == code
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_the_document_has_every_difference(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)
    put_order(aws, "2025-07-02")
    point_scripts_to(aws, monkeypatch, "--all", "--json")

    with pytest.raises(SystemExit):
        script.main()

    document = json.loads(capsys.readouterr().out)
    assert (document["days_checked"], document["days_differing"], document["repaired"]) == (3, 1, True)
    assert document["differences"][0]["what"] == "OrderKPIs"


def test_a_long_list_is_cut_with_a_word(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, 61):
        put_order(aws, f"2031-{number // 28 + 1:02}-{number % 28 + 1:02}")
    point_scripts_to(aws, monkeypatch, "--all", "--dry-run")

    with pytest.raises(SystemExit):
        script.main()

    assert "And 10 more; --json has all." in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["--all", "--date", "2025-07-01"], ["--from-curated", "--dry-run"]]
)
def test_what_makes_no_sense_is_a_usage_error(
    aws: Aws, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    point_scripts_to(aws, monkeypatch, *arguments)
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 2
