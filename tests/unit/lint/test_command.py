"""`python -m local_aws lint` from the command line, and findings that a definition accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_aws import __main__ as command_line
from local_aws.lint.linter import lint
from local_aws.lint.rules import RULES
from local_aws.lint.source import Source
from mayfly.template import ROOT
from tests.documents import rows

HERE = Path(__file__).parent
SLIP = HERE / "slips" / "NO_TIMEOUT-task.json"
CLEAN = HERE / "corrected" / "NO_TIMEOUT-task.json"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["local_aws", "lint", *map(str, arguments)])
    return command_line.main()


def codes(text: str) -> list[str]:
    return [found.code for found in lint(Source(text))]


def with_comments(machine: str | None = None, run: str | None = None) -> str:
    definition = json.loads(SLIP.read_text(encoding="utf-8"))
    if machine is not None:
        definition["Comment"] = machine
    if run is not None:
        definition["States"]["Run"]["Comment"] = run
    return json.dumps(definition)


def test_a_clean_file_ends_with_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, CLEAN) == 0
    assert capsys.readouterr().out == "0 finding(s) in 1 file(s)\n"


def test_a_finding_is_told_with_its_place_why_it_matters_and_how_to_fix_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, CLEAN, SLIP) == 1
    assert capsys.readouterr().out == (
        f"{SLIP}:4:5: NO_TIMEOUT at /States/Run\n"
        "  the Task Run has no TimeoutSeconds\n"
        f"  why: {RULES['NO_TIMEOUT'].why}\n"
        "  fix: give the Task the TimeoutSeconds after which it is surely lost\n"
        "1 finding(s) in 2 file(s)\n"
    )


def test_json_has_a_finding_with_all_that_is_known_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--json", SLIP) == 1
    assert json.loads(capsys.readouterr().out) == {
        "findings": [
            {
                "file": str(SLIP),
                "code": "NO_TIMEOUT",
                "path": "/States/Run",
                "line": 4,
                "column": 5,
                "what": "the Task Run has no TimeoutSeconds",
                "why": RULES["NO_TIMEOUT"].why,
                "fix": RULES["NO_TIMEOUT"].fix,
            }
        ],
        "unreadable": [],
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), (b"{", "not JSON"), (b"\xff", "not JSON"), (b'{"a": NaN}', "NaN is not JSON")],
)
def test_a_file_that_cannot_be_read_ends_with_2_after_the_others_are_linted(
    content: bytes | None,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_bytes(content)
    assert run(monkeypatch, "--json", bad, SLIP) == 2
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert [one["code"] for one in answer["findings"]] == ["NO_TIMEOUT"]
    assert [one["file"] for one in answer["unreadable"]] == [str(bad)]
    assert told in answer["unreadable"][0]["why"]
    assert told in printed.err


@pytest.mark.parametrize("holder", ["machine", "run"])
def test_a_finding_is_accepted_by_the_comment_of_its_state_or_of_the_machine(holder: str) -> None:
    assert codes(with_comments(**{holder: "Runs long. lint:ignore NO_TIMEOUT the run may take days"})) == []


def test_a_comment_accepts_several_findings_each_with_a_reason() -> None:
    text = "lint:ignore NO_TIMEOUT it takes days; lint:ignore NO_DOLLAR it is meant"
    assert codes(with_comments(run=text)) == ["IGNORE_WITHOUT_EFFECT"]


@pytest.mark.parametrize("comment", ["lint:ignore NO_TIMEOUT", "lint:ignore NO_TIMEOUT  :"])
def test_without_a_reason_nothing_is_accepted(comment: str) -> None:
    assert set(codes(with_comments(run=comment))) == {"NO_TIMEOUT", "IGNORE_WITHOUT_REASON"}


def test_a_bad_comment_cannot_be_accepted_itself() -> None:
    text = "lint:ignore IGNORE_WITHOUT_EFFECT so; lint:ignore NO_DOLLAR so"
    assert sorted(codes(with_comments(machine=text))) == ["IGNORE_WITHOUT_EFFECT"] * 2 + ["NO_TIMEOUT"]


def test_the_page_has_each_rule_as_the_code_has_it() -> None:
    told = [row for row in rows(ROOT / "docs" / "lint.md") if row[0].strip("`") in RULES]
    assert told == [[f"`{rule.code}`", rule.what, rule.why, _cell(rule.fix)] for rule in RULES.values()]


def _cell(fix: str) -> str:
    return fix[0].upper() + fix[1:] + "."
