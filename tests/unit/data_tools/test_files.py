"""files.sh: the versions in the ledger, what became of a file, and what a day is made of."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from common.names import file_id
from mayfly.console import CommandError
from mayfly.data import files, shown
from mayfly.data.access import Access, calendar_day, spans
from mayfly.data.withdraw import withdraw
from tests.unit.data_tools.support import A, B, order, point_scripts_to, say, two_files
from tests.unit.ecs.support import INPUT, Aws, orders_csv


def claimed(aws: Aws, key: str, second: int, **attributes: str) -> dict[str, str]:
    environ = aws.upload(b"", key)
    moment = f"2025-07-05T10:00:{second:02}Z"
    say(aws, environ, bucket=INPUT, key=key, last_modified=moment, started_at=moment, **attributes)
    return environ


# The list.


def test_the_list_has_the_newest_first_and_says_how_many_it_leaves_out(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    for second in (3, 9, 5):
        claimed(aws, f"input/{second}.csv", second)

    document = files.list_document(access, 2)
    shown.show_list(document)

    assert [version["key"] for version in document["versions"]] == ["input/9.csv", "input/5.csv"]
    assert capsys.readouterr().out.endswith("The newest 2 of 3 versions; --limit 3 shows all.\n")


def test_a_list_that_is_whole_says_nothing_of_more(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)

    document = files.list_document(access, 2)
    shown.show_list(document)

    assert document["capped"] is False
    assert "--limit" not in capsys.readouterr().out


def test_a_line_of_the_list_tells_rows_rejected_ones_superseded_ones_days_and_seconds(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    claimed(
        aws,
        "input/x\x1b[31m.csv",
        1,
        rows="1200",
        rows_rejected="34",
        rows_superseded="56",
        days="2",
        first_day="2025-07-01",
        last_day="2025-07-09",
        validate_seconds="78",
        transform_seconds="90",
    )

    shown.show_list(files.list_document(access, 1))

    (line,) = [line for line in capsys.readouterr().out.splitlines() if "1200" in line]
    assert line.split()[-1] == "90"
    for told in (
        "RUNNING",
        r"input/x\x1b[31m.csv",
        "34",
        "56",
        "2 days within 2025-07-01 to 2025-07-09",
        "78",
    ):
        assert told in line


def test_an_empty_ledger_is_said_to_be_so(access: Access, capsys: pytest.CaptureFixture[str]) -> None:
    shown.show_list(files.list_document(access, 5))

    assert "The ledger is empty" in capsys.readouterr().out


# One file.


def test_a_file_tells_for_each_version_the_days_it_counts_for_now(aws: Aws, access: Access) -> None:
    old = aws.prepared_at(1, orders_csv(order(1, 1), order(2, 2)), A)
    new = aws.prepared_at(2, orders_csv(order(3, 2), order(4, 3)), A)
    for environ, second in ((old, 1), (new, 2)):
        say(aws, environ, last_modified=f"2025-07-05T10:00:{second:02}Z")
        assert aws.transform(environ) == 0

    document = files.file_document(access, A)

    assert document["days"] == ["2025-07-01", "2025-07-02", "2025-07-03"]
    assert [(each["version_id"], each["counts_for"]) for each in document["versions"]] == [
        (new["S3_INPUT_VERSION"], ["2025-07-02", "2025-07-03"]),
        (old["S3_INPUT_VERSION"], ["2025-07-01"]),
    ]


def test_a_file_tells_what_happened_to_it_in_the_order_in_which_it_did(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1)), A)
    say(
        aws,
        environ,
        started_at="2025-07-05T10:00:03Z",
        validated_at="2025-07-05T10:00:09Z",
        rows_rejected="0",
        contract="orders",
        contract_version="1",
    )
    assert aws.transform(environ) == 0
    say(aws, environ, archived_at="2025-07-05T13:00:00Z", status="ARCHIVED")

    document = files.file_document(access, A)
    shown.show_file(document)

    events = [each["event"] for each in document["versions"][0]["history"]]
    assert events == ["claimed", "validated", "accepted", "committed", "completed", "archived"]
    told = capsys.readouterr().out
    assert "claimed by execution run-1\n" in told
    assert "validated: 1 rows, 0 rejected, by contract orders 1\n" in told
    assert "holds 2025-07-01, counts for 1 day: 2025-07-01\n" in told


def test_a_rejected_file_tells_the_error_and_where_the_report_is(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = claimed(
        aws,
        A,
        1,
        status="REJECTED",
        error="ValidationError",
        cause="bad\nrows",
        failed_at="2025-07-05T10:01:00Z",
        execution="run-7",
    )

    document = files.file_document(access, environ["S3_INPUT_KEY"])
    shown.show_file(document)

    told = capsys.readouterr().out
    assert f"rejected/{file_id(INPUT, A)}/run-7.json" in told
    assert r"failed: ValidationError: bad\nrows" in told
    assert "counts for 0 days\n" in told


def test_the_cause_of_a_crash_which_is_long_is_cut_with_a_word(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    claimed(aws, A, 1, status="FAILED", cause="x" * 9000, failed_at="2025-07-05T10:01:00Z")

    shown.show_file(files.file_document(access, A))

    told = capsys.readouterr().out
    assert told.count("x") < 600
    assert "... (--json has all)" in told


def test_a_file_that_was_never_claimed_is_an_error(access: Access) -> None:
    with pytest.raises(CommandError, match=r"there is nothing about 'input/none\.csv'"):
        files.file_document(access, "input/none.csv")


# One day.


def test_a_day_tells_its_files_the_newest_first_and_which_rows_do_not_count(aws: Aws, access: Access) -> None:
    two_files(aws)

    document = files.day_document(access, "2025-07-02")

    assert document["numbers"]["total_revenue"] == "25"
    told = [(each["key"], each["rows"], each["rows_superseded"]) for each in document["files"]]
    assert told == [(B, 1, 0), (A, 1, 1)]


def test_a_day_tells_of_the_files_that_were_taken_back(
    aws: Aws, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    two_files(aws)
    withdraw(access, B)

    shown.show_day(files.day_document(access, "2025-07-03"))

    told = capsys.readouterr().out
    assert told.startswith("2025-07-03: no orders\n")
    (line,) = [line for line in told.splitlines() if B in line]
    assert line.rstrip().endswith("withdrawn")


def test_a_day_that_no_file_has_filled_is_an_error(aws: Aws, access: Access) -> None:
    two_files(aws)
    with pytest.raises(CommandError, match="there is nothing about 2025-07-09"):
        files.day_document(access, "2025-07-09")


# The command line.


@pytest.mark.parametrize(
    ("arguments", "key"),
    [([], "versions"), (["--key", A], "versions"), (["--date", "2025-07-01"], "files")],
)
def test_the_document_of_each_question_goes_to_stdout(
    aws: Aws,
    arguments: list[str],
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    two_files(aws)
    point_scripts_to(aws, monkeypatch, "--json", *arguments)

    files.main()

    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document[key]


@pytest.mark.parametrize(
    "arguments", [["--limit", "0"], ["--date", "2025-02-30"], ["--key", A, "--date", "x"]]
)
def test_what_makes_no_sense_is_a_usage_error(
    aws: Aws, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    point_scripts_to(aws, monkeypatch, *arguments)
    with pytest.raises(SystemExit) as ended:
        files.main()
    assert ended.value.code == 2


@pytest.mark.parametrize("text", ["2025-02-30", "20250701", "2025-7-1", "today", "2025-W27-2"])
def test_what_is_no_day_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        calendar_day(text)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([], "0 days"),
        (["2025-02-28"], "1 day: 2025-02-28"),
        (["2025-03-01", "2025-02-28", "2025-03-03"], "3 days: 2025-02-28 to 2025-03-01, 2025-03-03"),
        (
            [f"2025-07-{day:02}" for day in range(1, 31, 2)],
            "15 days: 2025-07-01, 2025-07-03, 2025-07-05, 2025-07-07, 2025-07-09, 2025-07-11, "
            "and 9 more such",
        ),
    ],
)
def test_days_are_told_as_runs(days: list[str], told: str) -> None:
    assert spans(days) == told
