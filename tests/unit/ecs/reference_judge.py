"""What an order file's verdict must be, worked out a second time and with nothing of the validator.

Records are cut by a state machine over single bytes, as the head of ``common/records.py`` describes them;
cells are held to the contract by the jsonschema library; reference list and uniqueness are plain Python.
Slow, and simple enough to be believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

LIMIT = 1024 * 1024
_LONE = {"missing_column", "unknown_column", "duplicate_column", "renamed_column"}


@dataclass(frozen=True, order=True)
class Found:
    """A finding, less its words: the rule, and where it is."""

    rule: str
    line: int | None = None
    record: int | None = None
    column: str | None = None


@dataclass
class Verdict:
    """What is wrong with a file, row by row and column by column, and its rows in the contract's order."""

    findings: list[Found] = field(default_factory=list)
    rows: int = 0
    rows_rejected: int = 0
    good: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Cut:
    """A record as it was cut: the line it starts on, its bytes without the line end, cells or a fault."""

    line: int
    raw: bytes
    cells: list[str]
    fault: str | None


class ReferenceJudge:
    """Judges rows, and whole files, by a contract's schema."""

    def __init__(self, schema: dict[str, Any], reference: Collection[str] | None = None) -> None:
        self._properties: dict[str, Any] = schema["properties"]
        self._validators = {
            name: Draft202012Validator(found, format_checker=Draft202012Validator.FORMAT_CHECKER)
            for name, found in self._properties.items()
        }
        self._known: dict[tuple[str, str], str | None] = {}
        self._reference = reference
        self.columns = list(self._properties)
        self._first_lines: dict[str, int] = {}

    def cells(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the rule that each bad column breaks first, but for uniqueness."""
        rules = {name: self._cell(name, cell) for name, cell in zip(self.columns, cells, strict=True)}
        return {name: rule for name, rule in rules.items() if rule}

    def _cell(self, name: str, cell: str) -> str | None:
        # Judging a text once is what makes 200,000 rows bearable; that a row is no more than its cells is
        # shown in test_contract_reference.py.
        if (name, cell) not in self._known:
            self._known[name, cell] = self._judge(name, cell)
        return self._known[name, cell]

    def _judge(self, name: str, cell: str) -> str | None:
        column = self._properties[name]
        broken = [error.absolute_schema_path for error in self._validators[name].iter_errors(cell)]
        if broken:
            rule: str = column["allOf"][min(int(path[1]) for path in broken)]["x-rule"]
            return rule
        asked: dict[str, str] = column.get("x-reference", {})
        return asked["x-rule"] if asked and cell not in (self._reference or ()) else None

    def row(self, cells: Sequence[str], line: int, record: int) -> list[Found]:
        """Return what is wrong with the next row of the file, in the order of columns."""
        rules = self.cells(cells)
        for column, cell in zip(self.columns, cells, strict=True):
            asked = self._properties[column].get("x-unique")
            if asked and column not in rules and self._first_lines.setdefault(cell, line) != line:
                rules[column] = asked["x-rule"]
        return [Found(rules[column], line, record, column) for column in self.columns if column in rules]

    def file(self, body: bytes) -> Verdict:
        """Return the verdict on a whole file."""
        self._first_lines = {}
        verdict = Verdict()
        records = list(cut(body))
        if not records:
            verdict.findings.append(Found("empty_file"))
            return verdict
        header, rows = records[0], records[1:]
        verdict.findings += self._header(header)
        if verdict.findings:
            return verdict
        positions = [header.cells.index(column) for column in self.columns]
        for number, record in enumerate(rows, 1):
            if record.fault:
                found = [Found(record.fault, record.line, number)]
            elif len(record.cells) != len(self.columns):
                found = [Found("field_count", record.line, number)]
            else:
                cells = [record.cells[i] for i in positions]
                found = self.row(cells, record.line, number)
                verdict.good += [] if found else [cells]
            verdict.findings += found
            verdict.rows_rejected += bool(found)
        verdict.rows = len(rows)
        if not rows:
            verdict.findings.append(Found("no_rows"))
        return verdict

    def _header(self, header: Cut) -> list[Found]:
        if header.fault:
            return [Found(header.fault, header.line)]
        times = Counter(header.cells)
        unknown = [name for name in times if name not in self.columns]
        return sorted(
            [Found("duplicate_column", header.line, None, n) for n in self.columns if times[n] > 1]
            + [Found("missing_column", header.line, None, n) for n in self.columns if not times[n]]
            + [Found("unknown_column", header.line) for _ in unknown],
            key=str,
        )


def plain_header(findings: Sequence[Found]) -> list[Found]:
    """Return findings about a header without guesses: a renamed column is a missing and an unknown one."""
    plain: list[Found] = []
    for found in findings:
        if found.rule == "renamed_column":
            plain.append(Found("missing_column", found.line, None, found.column))
            plain.append(Found("unknown_column", found.line))
        else:
            plain.append(found)
    return sorted(plain, key=str) if any(found.rule in _LONE for found in findings) else plain


def cut(body: bytes) -> Iterator[Cut]:
    """Yield the records of a file, the header's first."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    line = first = 1
    start, at = 0, "field"
    for i, byte in enumerate(body):
        at = _next_state(at, chr(byte))
        line += byte == ord("\n")
        if byte == ord("\n") and at != "quoted":
            yield from _cut_one(first, body[start : i + 1], at)
            start, first, at = i + 1, line, "field"
    if start < len(body):
        yield from _cut_one(first, body[start:], at)


def _next_state(at: str, char: str) -> str:
    if at == "quoted":
        return "after quote" if char == '"' else "quoted"
    if at == "after quote" and char == '"':
        return "quoted"
    if char == ",":
        return "field"
    if at == "field" and char == '"':
        return "quoted"
    return "plain"


def _cut_one(line: int, whole: bytes, at: str) -> Iterator[Cut]:
    raw = whole[:-1].removesuffix(b"\r") if whole.endswith(b"\n") else whole
    if raw:
        cells, fault = _cells(raw)
        if len(whole) > LIMIT:
            fault = "record_too_long"
        yield Cut(line, raw, cells, "unclosed_quote" if at == "quoted" else fault)


def _cells(raw: bytes) -> tuple[list[str], str | None]:
    """Return the cells of a record, or what makes it unreadable."""
    if 0 in raw:
        return [], "nul_character"
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return [], "invalid_utf8"
    cells, at, is_bad, has_return = [""], "field", False, False
    for char in text:
        before, at = at, _next_state(at, char)
        has_return |= char == "\r" and at != "quoted"
        is_bad |= at == "plain" and (char == '"' or before == "after quote")
        if at == "field":
            cells.append("")
        elif not (before == "field" and at == "quoted") and at != "after quote":
            cells[-1] += char
    return cells, "bare_carriage_return" if has_return else "bad_quotes" if is_bad else None
