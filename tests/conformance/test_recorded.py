"""The interpreter against executions and verdicts recorded on AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.replay.comparison import difference
from local_aws.states.fields import DefinitionError
from local_aws.states.integrations import check
from local_aws.states.parsing import parse_definition

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "asl_conformance"
GAPS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "known_gaps.json").read_text(encoding="utf-8")
)
WITHOUT = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recordings are not in {FOLDER}")
CATEGORIES = ("base", "intrinsics", "choice", "errors", "parallel_map", "context", "io", "services")


def cases(category: str) -> dict[str, Any]:
    paths = sorted((FOLDER / "cases" / category).glob("*.json"))
    return {f"{category}/{path.stem}": json.loads(path.read_text(encoding="utf-8")) for path in paths}


def first_difference(case: dict[str, Any]) -> str | None:
    try:
        return difference(case)
    except LookupError as error:
        return str(error)


@WITHOUT
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_recorded_execution_runs_as_on_aws_but_for_the_known_gaps(category: str) -> None:
    known = {name for names in GAPS.values() for name in names}
    found = {name: first_difference(case) for name, case in cases(category).items()}
    wrong = {name: text for name, text in found.items() if text is not None and name not in known}
    closed = {name for name, text in found.items() if text is None and name in known}
    assert found, "the category has no cases"
    assert not wrong
    assert not closed, "these gaps are closed: take them off the list"


@WITHOUT
def test_every_known_gap_is_a_recorded_case() -> None:
    recorded = {name for category in CATEGORIES for name in cases(category)}
    assert {name for names in GAPS.values() for name in names} <= recorded


@WITHOUT
def test_definitions_that_aws_refuses_are_refused_with_the_path_to_the_fault() -> None:
    verdicts = [
        json.loads(path.read_text(encoding="utf-8")) for path in (FOLDER / "validation").glob("*.json")
    ]
    for verdict in verdicts:
        if verdict["machine_type"] == "STANDARD":
            assert _locations(verdict["definition_text"]) == _expected(verdict["expected"]), verdict["name"]


def _locations(text: str) -> set[str]:
    try:
        parse_definition(text, check if "query" in text else lambda _: None)
    except DefinitionError as error:
        return {fault.location for fault in error.problems if fault.code == "SCHEMA_VALIDATION_FAILED"}
    return set()


def _expected(expected: dict[str, Any]) -> set[str]:
    """Return the paths of AWS's verdict; where a text is no JSON is told in other words."""
    if "diagnostics" in expected:
        faults = [one for one in expected["diagnostics"] if one["code"] == "SCHEMA_VALIDATION_FAILED"]
        return {one.get("location", "") for one in faults}
    message = expected["message"].get("message") or expected["message"]["exception_value"]
    return {message.rstrip("'").rpartition(" at ")[2]}
