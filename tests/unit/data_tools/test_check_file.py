"""What check_file.sh says of a file on this machine: the validator's verdict, before anything is uploaded."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mayfly.data import check_file
from mayfly.template import ROOT
from tests.unit.ecs.support import GOOD_ROW, INVALID, Aws, orders_csv, row_with

VALID = ROOT / "data/orders/valid_order.csv"
BAD = ROOT / "data/orders/invalid_order.csv"
PRODUCTS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "shelves",
    "x-version": "7",
    "type": "object",
    "properties": {
        "shelf": {
            "type": "string",
            "description": "A shelf",
            "allOf": [{"pattern": "^[A-Z]$(?!\\n)", "x-rule": "bad_shelf", "x-advice": "Write one letter."}],
        },
        "room": {
            "type": "string",
            "description": "Where it stands",
            "x-reference": {
                "column": "name",
                "x-rule": "unknown_room",
                "x-advice": "{suggestion}Name a room.",
            },
        },
    },
    "required": ["shelf", "room"],
    "additionalProperties": False,
}


class Checked:
    """Runs the script as a person does and keeps what it said."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        self._patch.setattr(sys, "argv", ["check_file.sh", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            check_file.main()
        said = self._capture.readouterr()
        return int(str(ended.value.code)), said.out, said.err


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checked:
    return Checked(monkeypatch, capsys)


@pytest.fixture
def shelves(tmp_path: Path) -> Path:
    (tmp_path / "shelves.schema.json").write_text(json.dumps(PRODUCTS))
    (tmp_path / "rooms.csv").write_text("name,floor\nHall,1\nKitchen,1\n")
    (tmp_path / "shelves.csv").write_text("room,shelf\nHall,A\nKitchn,b\n")
    return tmp_path


def test_a_good_file_is_said_to_be_good(check: Checked) -> None:
    code, out, _ = check(VALID)
    assert (code, out.splitlines()) == (0, [f"GOOD: {VALID}: 16 rows (contract orders, version 1)"])


def test_a_bad_file_is_told_what_to_mend_by_line_and_column(check: Checked) -> None:
    code, out, _ = check(BAD)
    assert code == 65
    lines = out.splitlines()
    assert lines[0] == f"REJECTED: {BAD} (contract orders, version 1)"
    assert lines[1] == "9 of 12 rows have faults."
    assert "          2  bad_quantity" in lines
    assert any(
        line.startswith("  line 4, column order_date: bad_date. found '2025-02-30'.") for line in lines
    )


def test_the_verdict_is_that_of_the_validator(check: Checked, aws: Aws, tmp_path: Path) -> None:
    bodies = [INVALID, b"", orders_csv(), orders_csv(row_with("category", "Boks"), "a,b", GOOD_ROW)]
    for number, body in enumerate(bodies):
        (tmp_path / f"{number}.csv").write_bytes(body)
        environ = aws.upload(body)
        assert aws.validate(environ) == 65
        code, out, _ = check("--json", tmp_path / f"{number}.csv")
        report, found = aws.report(environ), json.loads(out)
        assert code == 65
        names = (
            "rows_read",
            "rows_rejected",
            "findings_total",
            "counts",
            "capped",
            "capped_note",
            "findings",
        )
        assert {name: found[name] for name in names} == {name: report[name] for name in names}


def test_another_contract_and_its_reference_list_judge_another_file(check: Checked, shelves: Path) -> None:
    given = ("--contract", shelves / "shelves.schema.json", "--reference", shelves / "rooms.csv")
    code, out, _ = check("--json", shelves / "shelves.csv", *given)
    document: dict[str, Any] = json.loads(out)
    assert code == 65
    assert document["contract"] == {"name": "shelves", "version": "7"}
    assert [(f["rule"], f["line"], f["column"]) for f in document["findings"]] == [
        ("bad_shelf", 3, "shelf"),
        ("unknown_room", 3, "room"),
    ]
    assert document["findings"][1]["advice"] == "Did you mean Kitchen? Name a room."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "No such file"),
        (["shelves.csv", "--contract", "rooms.csv"], "the contract cannot be used"),
        (["shelves.csv", "--contract", "nowhere.json"], "No such file"),
        (["shelves.csv", "--contract", "shelves.schema.json"], "name a CSV file with a column 'name'"),
        (["shelves.csv", "--reference", "rooms.csv"], "has no column named 'category'"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_what_cannot_be_judged_is_no_verdict(
    check: Checked, shelves: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(shelves)
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_list_that_no_rule_asks_for_is_refused(check: Checked, shelves: Path) -> None:
    contract = json.loads(json.dumps(PRODUCTS))
    del contract["properties"]["room"]["x-reference"]
    (shelves / "shelves.schema.json").write_text(json.dumps(contract))
    given = ("--contract", shelves / "shelves.schema.json", "--reference", shelves / "rooms.csv")
    code, _, err = check(shelves / "shelves.csv", *given)
    assert code == 2
    assert "asks for no reference list" in err
