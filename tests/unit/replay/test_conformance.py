"""`python -m local_aws conformance`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.replay.commands import CASES, started

CASE = CASES / "choice" / "null_is_present.json"
VERDICT = {
    "name": "empty",
    "definition_text": "{}",
    "machine_type": "STANDARD",
    "expected": {
        "result": "FAIL",
        "diagnostics": [
            {
                "code": "SCHEMA_VALIDATION_FAILED",
                "location": "/",
                "message": "These fields are required: [States, StartAt]",
                "severity": "ERROR",
            }
        ],
    },
}


def altered(file: Path, folder: Path, **members: Any) -> None:
    """Write a copy of a case into a folder, without the members that are None."""
    content = json.loads(file.read_text(encoding="utf-8")) | members
    kept = {key: value for key, value in content.items() if value is not None}
    (folder / f"{kept.get('name', 'nameless')}.json").write_text(json.dumps(kept), encoding="utf-8")


def report(capsys: pytest.CaptureFixture[str], folder: Path) -> tuple[int, dict[str, Any]]:
    code = started("conformance", folder, "--json")
    categories: dict[str, Any] = json.loads(capsys.readouterr().out)["categories"]
    return code, categories


def test_a_folder_of_folders_is_counted_by_category(capsys: pytest.CaptureFixture[str]) -> None:
    code, categories = report(capsys, CASES)
    assert code == 0
    assert {folder.name for folder in CASES.iterdir()} == set(categories)
    for name, counts in categories.items():
        assert counts == {"passed": len(list((CASES / name).iterdir())), "failed": 0, "failures": []}


def test_a_folder_of_cases_may_be_flat_and_hold_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(CASE, tmp_path)
    (tmp_path / "verdict.json").write_text(json.dumps(VERDICT), encoding="utf-8")
    one = {"passed": 1, "failed": 0, "failures": []}
    assert report(capsys, tmp_path) == (0, {"choice": one, "validation": one})


def test_a_case_that_differs_is_told_with_its_first_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered(CASE, tmp_path, expected={"status": "SUCCEEDED", "output": "other"})
    code, categories = report(capsys, tmp_path)
    failure = {"case": "null_is_present", "difference": 'output: AWS "other", ours "taken"'}
    assert (code, categories) == (1, {"choice": {"passed": 0, "failed": 1, "failures": [failure]}})
    assert started("conformance", tmp_path) == 1
    told = capsys.readouterr().out
    assert "choice     0 passed     1 failed" in told
    assert "choice/null_is_present\n  output:" in told


def test_a_case_may_have_less_and_more_than_usual(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    altered(
        CASE,
        tmp_path,
        category=None,
        name=None,
        task_results=None,
        placeholders=None,
        events_recorded=None,
        more={"of": "it"},
    )
    _, categories = report(capsys, tmp_path)
    assert categories == {tmp_path.name: {"passed": 1, "failed": 0, "failures": []}}


def test_an_execution_that_we_cannot_run_is_one_failure_and_not_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered(CASES / "io" / "a_result_may_be_thrown_away.json", tmp_path, task_results=[{"no": "state"}])
    shutil.copy(CASE, tmp_path)
    code, categories = report(capsys, tmp_path)
    assert code == 1
    assert categories["choice"]["passed"] == 1
    assert categories["io"]["failures"][0]["difference"].startswith("ours ended with KeyError: 'state'")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[", "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "neither definition nor definition_text"),
        ('{"definition": {}, "expected": {}}', "no expected.status"),
    ],
)
def test_a_file_that_is_no_case_is_named_and_the_others_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, found: str
) -> None:
    shutil.copy(CASE, tmp_path)
    (tmp_path / "odd.json").write_text(text, encoding="utf-8")
    assert started("conformance", tmp_path, "--json") == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["categories"]["choice"]["passed"] == 1
    assert "odd.json" in told.err
    assert found in told.err


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_a_folder_without_cases_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert started("conformance", tmp_path / name) == 2
    assert f"{name} cannot be read" in capsys.readouterr().err


def test_executions_are_replayed_without_the_emulator() -> None:
    """Loading moto would take longer than all cases together."""
    modules = "local_aws.replay.single_run, local_aws.replay.conformance"
    replay = f"import sys, {modules}; sys.exit('moto' in sys.modules)"
    subprocess.run([sys.executable, "-c", replay], check=True)
