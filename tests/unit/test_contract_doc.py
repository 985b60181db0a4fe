"""What docs/contract.md says of the contract is what the contract says, and its example is one."""

from __future__ import annotations

import json
import re

from common.contract import parse_contract
from common.report import DETAILED
from mayfly.checking import contract_table
from mayfly.template import ROOT
from validator.judge import Judge
from validator.reference import MOST_NAMES

PAGE = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
SOURCES = "".join((ROOT / "ecs/common" / name).read_text() for name in ("contract.py", "checks.py"))


def test_the_tables_are_made_from_the_contract() -> None:
    contract = parse_contract(contract_table.CONTRACT.read_bytes())
    assert contract_table.filled(PAGE, contract) == PAGE, "make them anew: see contract_table.py"


def test_the_example_is_a_contract_that_judges() -> None:
    (example,) = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)
    judge = Judge(parse_contract(example.encode()), None)
    assert judge.row(["P-0001", "Bread"], 2, 1) == []
    found = judge.row(["P-1", "x" * 41], 3, 2)
    assert [finding.rule for finding in found] == ["bad_product_id", "too_long"]
    assert found[1].advice == "At most 40 characters, not 41."


def test_every_keyword_that_is_understood_is_explained_and_no_other() -> None:
    table = PAGE.partition("| keyword |")[2].partition("\n\n")[0]
    explained = set(
        re.findall(r"`([\w$-]+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:]))
    )
    known = set(
        re.findall(
            r'"(x-[a-z]+|properties|allOf|pattern|not|minLength|maxLength|enum|const|format)"', SOURCES
        )
    )
    assert explained - {"title", "description"} == known
    assert json.loads(contract_table.CONTRACT.read_bytes()).keys() >= {"title", "description", "$comment"}


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert f"at most {MOST_NAMES} names" in PAGE
    assert f"the first {DETAILED:,} findings" in PAGE
