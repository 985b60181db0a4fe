"""docs/security.md has every action of every policy, and what needs it, as the walk through the stack has."""

from __future__ import annotations

import json
import re

import pytest

from mayfly.template import ROOT
from tests.unit.wiring.grants import allows
from tests.unit.wiring.machine import Machine
from tests.unit.wiring.stack import orders

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
OTHERS = {"deploy-role-policy.json"}  # which has a test of its own
POLICIES = sorted(path.name for path in (ROOT / "iam").glob("*.json") if path.name not in OTHERS)
Row = tuple[str, str, str, str]


def rows_of(policy: str) -> list[Row]:
    """Return the rows of a policy's table, one an action: statement, action, what needs it, on what."""
    section = re.search(rf"^### .*`iam/{re.escape(policy)}`\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert section, f"docs/security.md has no section of {policy}"
    rows = []
    for line in section[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            rows += [(cells[0].strip("`"), action, cells[2], cells[3]) for action in quoted(cells[1])]
    return rows


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def statements_of(policy: str) -> list[dict[str, str]]:
    statements: list[dict[str, str]] = json.loads((ROOT / "iam" / policy).read_text(encoding="utf-8"))[
        "Statement"
    ]
    return statements


@pytest.mark.parametrize("policy", POLICIES)
def test_the_table_has_every_action_and_no_other(policy: str) -> None:
    granted = sorted((item["Sid"], action) for item in statements_of(policy) for action in item["Action"])
    assert sorted((row[0], row[1]) for row in rows_of(policy)) == granted


@pytest.mark.parametrize("policy", POLICIES)
def test_a_row_says_why_there_is_no_resource(policy: str) -> None:
    wide = {item["Sid"] for item in statements_of(policy) if item["Resource"] == "*"}
    assert {row[0] for row in rows_of(policy) if row[3].startswith("`*`")} == wide
    assert [row for row in rows_of(policy) if row[0] in wide and len(row[3]) < 20] == []


def test_the_states_that_need_an_action_are_the_ones_that_do() -> None:
    stack = orders("try")
    machine = Machine(stack)
    by_sid = {statement["Sid"]: statement for statement in stack.statements("StateMachineRole")}
    for sid, action, needed_by, _ in rows_of("step-functions-execution-role-policy.json"):
        needing = {
            state
            for state in machine.tasks
            if any(need.action == action and allows(by_sid[sid], need) for need in machine.needs(state))
        }
        settings = set(quoted(needed_by)) & set(stack.properties("StateMachine"))
        assert set(quoted(needed_by)) == (needing or settings), (sid, action)
        assert needing or settings, (sid, action)


@pytest.mark.parametrize("policy", [name for name in POLICIES if name.startswith("ecs-")])
def test_the_files_that_need_an_action_are_there(policy: str) -> None:
    for _, _, needed_by, _ in rows_of(policy):
        assert [name for name in quoted(needed_by) if not (ROOT / name).is_file()] == []


def test_every_exception_of_a_linter_stands_where_the_table_says() -> None:
    checkov = (ROOT / ".checkov.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"CKV\w+", checkov)) == {"CKV_AWS_18", "CKV_AWS_119", "CKV_AWS_136", "CKV_AWS_158"}
    assert re.findall(r"CKV\w+", (ROOT / "infra" / "orders.yaml").read_text(encoding="utf-8")) == [
        "CKV_AWS_27"
    ]
    for where in (".checkov.yaml", "infra/orders.yaml", "scripts/mayfly/checking/lint_infra.py"):
        assert f"| `{where}` |" in TEXT
