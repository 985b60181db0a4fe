"""Definitions that AWS refuses are refused with its code, its words and its path; what it accepts is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.states.fields import DefinitionError
from local_aws.states.parsing import parse_definition
from tests.unit.states.running import MACHINES

FOLDER = Path(__file__).parent / "refused"
REFUSED = sorted(FOLDER.glob("*.json"))


def faults_of(text: str) -> list[dict[str, str]]:
    with pytest.raises(DefinitionError) as refusal:
        parse_definition(text, lambda _: None)
    return [
        {"code": fault.code, "message": fault.message, "location": fault.location}
        for fault in refusal.value.problems
    ]


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_definition_is_refused_in_awss_words(path: Path) -> None:
    refusal: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert faults_of(json.dumps(refusal["definition"])) == refusal["faults"]


def test_a_text_that_is_no_json_is_told_as_awss_parser_tells_it() -> None:
    place = '[Source: (String)"{"StartAt": not}"; line: 1, column: 16]'
    message = (
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' "
        f"or 'false')\n at {place}"
    )
    fault = {"code": "INVALID_JSON_DESCRIPTION", "message": message, "location": place}
    assert faults_of('{"StartAt": not}') == [fault]


def test_where_there_is_no_path_the_api_says_null() -> None:
    refusal = json.loads((FOLDER / "loop_without_end.json").read_text(encoding="utf-8"))
    with pytest.raises(DefinitionError, match=r"no terminal state at null'$"):
        parse_definition(json.dumps(refusal["definition"]), lambda _: None)


def test_a_state_may_assign_what_is_assigned_within_it() -> None:
    text = (MACHINES / "assign_within_and_around.json").read_text(encoding="utf-8")
    assert set(parse_definition(text, lambda _: None).states) == {"Both", "Done"}
