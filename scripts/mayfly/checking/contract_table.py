"""Writes the tables of docs/contract.md: the columns of the orders contract, its rules, and those of files.

After a change of the contract or of ecs/common/rules.py:
PYTHONPATH=scripts:ecs .venv/bin/python -m mayfly.checking.contract_table
"""

from __future__ import annotations

from collections.abc import Iterator

from common import rules
from common.contract import Check, Contract, parse_contract
from common.rules import Rule
from mayfly.template import ROOT

CONTRACT = ROOT / "data" / "contracts" / "orders.schema.json"
PAGE = ROOT / "docs" / "contract.md"
START, END = "<!-- made from the contract: start -->\n", "<!-- made from the contract: end -->\n"


def filled(page: str, contract: Contract) -> str:
    """Return a page with what stands between its two marks made anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return "".join([before, START, "\n", *(line + "\n" for line in tables(contract)), "\n", END, after])


def tables(contract: Contract) -> Iterator[str]:
    """Yield the lines of the tables."""
    yield f"The columns of `{CONTRACT.name}`, version {contract.version}:"
    yield ""
    yield "| column | what it is | rules, in the order in which they are tried |"
    yield "| --- | --- | --- |"
    for column in contract.columns:
        names = [check.rule.name for check in column.checks]
        names += [rule.name for rule in (column.reference and column.reference.rule, column.unique) if rule]
        yield f"| `{column.name}` | {column.description} | {', '.join(f'`{name}`' for name in names)} |"
    yield ""
    yield "| rule | a cell | advice |"
    yield "| --- | --- | --- |"
    # The same rule in several columns is one line, unless it says something else there.
    yield from dict.fromkeys(_rules_of_cells(contract))
    yield ""
    yield "Rules about files and records, which every contract has:"
    yield ""
    yield "| rule | advice |"
    yield "| --- | --- |"
    yield from (
        f"| `{rule.name}` | {_escaped(rule.advice)} |"
        for rule in vars(rules).values()
        if isinstance(rule, Rule)
    )


def _rules_of_cells(contract: Contract) -> Iterator[str]:
    for column in contract.columns:
        for check in column.checks:
            yield _line(check.rule, "; ".join(_said(check)))
        if column.reference:
            words = f"stands in the column `{column.reference.column}` of the reference list"
            yield _line(column.reference.rule, words)
        if column.unique:
            yield _line(column.unique, "stands on no earlier row of the file")


def _said(check: Check) -> Iterator[str]:
    """Yield each constraint of a check in words."""
    yield from (f"matches `{pattern.pattern}`" for pattern in check.patterns)
    yield from (f"does not match `{pattern.pattern}`" for pattern in check.forbidden)
    if check.is_date:
        yield "is a date of the calendar"
    if check.fewest_characters:
        yield f"has at least {check.fewest_characters} characters"
    if check.most_characters is not None:
        yield f"has at most {check.most_characters} characters"
    if check.allowed is not None:
        yield f"is one of {', '.join(f'`{text}`' for text in sorted(check.allowed))}"


def _line(rule: Rule, words: str) -> str:
    return f"| `{rule.name}` | {_escaped(words)} | {_escaped(rule.advice)} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    made = filled(PAGE.read_text(encoding="utf-8"), parse_contract(CONTRACT.read_bytes()))
    PAGE.write_text(made, encoding="utf-8")
