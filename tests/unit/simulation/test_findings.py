"""How findings are told: to people by lines and tables, to programs by a document."""

from __future__ import annotations

import pytest

from mayfly.simulation.findings import (
    Finding,
    compared,
    document,
    failed,
    show_line,
    show_summary,
    show_table,
)

RIGHT = compared("the sum is right", 3, 3)
WRONG = compared("the [rows] are right", [{"day": 1, "sum": 2}, {"day": 2, "sum": 3}], [])


def test_a_check_that_passes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_line(RIGHT)

    assert capsys.readouterr().out == "ok      the sum is right\n"


def test_a_check_that_fails_shows_all_it_expected_and_found(capsys: pytest.CaptureFixture[str]) -> None:
    show_line(WRONG)

    assert capsys.readouterr().out.splitlines() == [
        "FAILED  the [rows] are right",
        "        expected: day=1, sum=2",
        "                  day=2, sum=3",
        "        found:    nothing",
    ]


def test_the_table_cuts_only_what_is_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    long = "q" * 90
    show_table("Probes", [compared("same", long, long), Finding("other", "y", "z" * 60, ok=False)])

    shown = capsys.readouterr().out
    assert shown.count("q") == 2 * 40
    assert shown.count("z") == 60


@pytest.mark.parametrize(
    ("findings", "said"),
    [([RIGHT], "all 1 checks passed in 2 s"), ([RIGHT, WRONG], "1 of 2 checks FAILED in 2 s")],
)
def test_the_summary_counts(findings: list[Finding], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(findings, 2.4)

    assert capsys.readouterr().out.strip() == said


def test_the_document_has_every_check_and_the_verdict() -> None:
    told = document([RIGHT, WRONG], stage="x")

    assert (told["stage"], told["passed"], told["failed"]) == ("x", False, 1)
    assert told["checks"][0] == {"check": "the sum is right", "expected": "3", "found": "3", "ok": True}
    assert failed([RIGHT]) == 0
