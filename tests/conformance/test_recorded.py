"""The interpreter against executions and verdicts recorded on AWS, and against cases of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_aws.replay.cases import Case, read_cases
from local_aws.replay.conformance import first_difference

HERE = Path(__file__).parent
RECORDED = HERE.parents[2] / "shared" / "asl_conformance"
OWN = HERE / "cases"
GAPS: dict[str, list[str]] = json.loads((HERE / "known_gaps.json").read_text(encoding="utf-8"))
WITHOUT = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"the recordings are not in {RECORDED}")


def cases(folder: Path) -> list[Case]:
    found, unreadable = read_cases(folder)
    assert not unreadable
    return found


def differences(found: list[Case]) -> dict[str, str]:
    told = {f"{case.category}/{case.name}": first_difference(case) for case in found}
    return {name: difference for name, difference in told.items() if difference is not None}


@WITHOUT
def test_everything_recorded_on_aws_is_as_there_but_for_the_known_gaps() -> None:
    found = cases(RECORDED)
    assert len(found) == 575 + 27
    wrong = differences(found)
    known = {name for names in GAPS.values() for name in names}
    assert {name: difference for name, difference in wrong.items() if name not in known} == {}
    assert known - wrong.keys() == set(), "these gaps are closed, or no cases: take them off the list"


@pytest.mark.parametrize("case", cases(OWN), ids=lambda case: f"{case.category}/{case.name}")
def test_a_case_of_our_own_is_as_aws_documents_it(case: Case) -> None:
    assert case.content["source"]["page"].startswith(
        ("https://docs.aws.amazon.com/", "https://states-language.net/")
    )
    assert first_difference(case) is None
