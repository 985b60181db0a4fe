"""The exact judge: holds cells to the contract one at a time, as text, and says what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.contract import Column, Contract
from common.rules import Finding, shorten
from validator.suggest import LONGEST, closest

_MOST_SUGGESTIONS = 1000
#: Verdicts are remembered for so many texts a column, none longer than that: 8 columns are 10 MB at most.
_REMEMBERED = 8192
_LONGEST_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text in a column, wherever it stands."""

    rule: str
    advice: str
    column: str
    text: str

    def at(self, line: int, record: int) -> Finding:
        """Return the finding that it is in a row."""
        return Finding(self.rule, self.advice, line, record, self.column, shorten(self.text))


class Judge:
    """Judges cells and rows by a contract and, if it asks for one, a reference list."""

    def __init__(self, contract: Contract, reference: frozenset[str] | None) -> None:
        if (contract.reference is None) != (reference is None):
            raise ValueError("a contract with a reference rule needs the list, and only such a contract")
        self.contract = contract
        self._columns = contract.columns
        self._certain = [re.compile(c.certain) if c.certain else None for c in contract.columns]
        self._reference = reference
        self._remembered: list[dict[str, Fault | None]] = [{} for _ in contract.columns]
        self._suggestions: dict[str, str] = {}

    def row(self, cells: Sequence[str], line: int, record: int) -> list[Finding]:
        """Return what is wrong with a row but for uniqueness, given its cells in the contract's order."""
        faults = [self.cell(i, text) for i, text in enumerate(cells)]
        return [fault.at(line, record) for fault in faults if fault]

    def is_fine(self, column: int, text: str) -> bool:
        """Tell whether nothing is wrong with a text in a column (counted from 0) but for uniqueness."""
        return self.cell(column, text) is None

    def cell(self, column: int, text: str) -> Fault | None:
        """Return the first thing that is wrong with a text in a column but for uniqueness, or None."""
        certain = self._certain[column]
        if certain and certain.fullmatch(text):
            return None
        remembered = self._remembered[column]
        if text in remembered:
            return remembered[text]
        fault = self._judge(self._columns[column], text)
        if len(text) <= _LONGEST_REMEMBERED and not self._columns[column].unique:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            remembered[text] = fault
        return fault

    def _judge(self, column: Column, text: str) -> Fault | None:
        for check in column.checks:
            if not check.passes(text):
                facts = {"found": len(text), "expected": ", ".join(sorted(check.allowed or ()))}
                return Fault(check.rule.name, check.rule.advice.format(**facts), column.name, text)
        if column.reference and self._reference is not None and text not in self._reference:
            rule = column.reference.rule
            return Fault(rule.name, rule.advice.format(suggestion=self._suggestion(text)), column.name, text)
        return None

    def _suggestion(self, text: str) -> str:
        if len(text) > LONGEST:
            return ""
        known = self._suggestions.get(text)
        if known is None:
            if len(self._suggestions) >= _MOST_SUGGESTIONS:
                return ""  # so many different ones are no misspellings, and looking for each would take long
            meant = closest(text, self._reference or ())
            known = self._suggestions[text] = f"Did you mean {meant}? " if meant else ""
        return known
