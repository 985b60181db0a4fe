"""One look at a file from its first byte to its last, that judges every row.

A row is either surely good, by one expression for its whole line, or judged cell by cell. Small files have no
sieve: all their rows are judged cell by cell.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from common import rules
from common.records import Cut, Record, read_record, write_record
from common.report import Tally
from common.rules import Finding
from common.stages import Stages
from validator.blocks import Blocks
from validator.header import column_positions, judge_header
from validator.judge import Judge
from validator.uniqueness import FirstLines

if TYPE_CHECKING:
    from validator.sieve import Hashes, Sieve, Sifted


@dataclass
class Inspection:
    """What became of the judging.

    ``is_clean`` says that a good file's bytes are its cleaned form already. ``bad_rows`` holds the rejected
    rows as they were, with a reason each; ``left_out`` counts those it could not hold, because they are too
    long or have no end. ``rows_sifted`` counts the rows that the sieve was sure of.
    """

    bad_rows: Path
    tally: Tally = field(default_factory=Tally)
    rows: int = 0
    rows_rejected: int = 0
    rows_sifted: int = 0
    left_out: int = 0
    is_clean: bool = False


@dataclass(frozen=True)
class Sifting:
    """How blocks are sifted: what makes a sieve for a header's positions, and what becomes of unique texts.

    ``note`` is given the hashes of those in surely good rows. A row whose text has a hash among ``twins`` is
    not surely good.
    """

    sieve_for: Callable[[Sequence[int]], Sieve]
    note: Callable[[Hashes], None] | None = None
    twins: Hashes | None = None


class Look:
    """One look at one file."""

    def __init__(
        self,
        judge: Judge,
        blocks: Blocks,
        first_lines: FirstLines | None,
        sifting: Sifting | None,
        stages: Stages,
    ) -> None:
        self._judge = judge
        self._names = judge.contract.names
        self._unique = judge.contract.unique
        self._blocks = blocks
        self._first_lines = first_lines
        self._sifting = sifting
        self._stages = stages

    def inspect(self, bad_rows: Path) -> Inspection:
        """Judge the file; the rows to mend go to ``bad_rows``."""
        self._result = Inspection(bad_rows)
        line = 1
        while (cut := read_record(self._blocks, line)) and cut.record is None:
            line += cut.lines
        if cut is None or cut.record is None:
            self._result.tally.add(rules.EMPTY_FILE.found())
            return self._result
        faults = judge_header(cut.record, self._names)
        for fault in faults:
            self._result.tally.add(fault)
        if not faults:
            clean = write_record(self._names)
            self._result.is_clean = line == 1 and cut.size == len(clean) and clean == cut.record.raw + b"\n"
            with bad_rows.open("wb") as self._bad_rows:
                self._bad_rows.write(cut.record.raw + b",reason\n")
                self._inspect_rows(cut.record, line + cut.lines)
        return self._result

    def _inspect_rows(self, header: Record, line: int) -> None:
        self._positions = column_positions(header.fields, self._names)
        sieve = self._sifting.sieve_for(self._positions) if self._sifting else None
        while True:
            if sieve and (block := self._blocks.take()):
                line = self._inspect_block(sieve, block, line)
            # Here ends the file, or stands what did not end within the block, however long it is.
            if (cut := read_record(self._blocks, line)) is None:
                break
            self._take(cut)
            line += cut.lines
        if self._result.rows == 0:
            self._result.tally.add(rules.NO_ROWS.found())

    def _inspect_block(self, sieve: Sieve, block: bytes, line: int) -> int:
        """Judge the rows of a block as far as they end within it; return the line that comes next."""
        sifted = sieve.sift(block)
        if sifted is None:
            self._blocks.give_back(len(block))
            return self._inspect_exactly(len(block), line)
        self._set_twins_aside(sieve, sifted)
        self._inspect_others(sifted, block, line)
        result, sure = self._result, int(sifted.sure.sum())
        result.rows_sifted += sure
        result.is_clean = result.is_clean and sifted.is_clean()
        if self._sifting and self._sifting.note and sure:
            with self._stages.stage("unique"):
                self._sifting.note(sieve.hashes(sifted))
        return line + len(sifted.sure)

    def _inspect_exactly(self, size: int, line: int) -> int:
        while size > 0 and (cut := read_record(self._blocks, line)):
            self._take(cut)
            line += cut.lines
            size -= cut.size
        return line

    def _set_twins_aside(self, sieve: Sieve, sifted: Sifted) -> None:
        if self._sifting and self._sifting.twins is not None and sifted.sure.any():
            with self._stages.stage("unique"):
                sifted.set_aside(sieve.hashes(sifted), self._sifting.twins)

    def _inspect_others(self, sifted: Sifted, block: bytes, line: int) -> None:
        """Judge the rows that are not surely good, and leave out of the block what does not end within it."""
        result, before = self._result, self._result.rows
        stream = io.BytesIO(block)
        following = no_rows = 0  # the line after the last row; how many lines begin none
        for i, start in sifted.others():
            if i < following:
                continue  # it is within a quoted cell
            stream.seek(start)
            cut = read_record(stream, line + i)
            if cut is None or (cut.record and cut.record.fault is rules.UNCLOSED_QUOTE):
                self._blocks.give_back(len(block) - start)
                sifted.keep(i)
                break
            result.rows = before + i - no_rows
            self._take(cut)
            following = i + cut.lines
            if cut.record is None or cut.lines > 1:
                sifted.sure[i:following] = False
                no_rows += cut.lines - (cut.record is not None)
        result.rows = before + len(sifted.sure) - no_rows

    def _take(self, cut: Cut) -> None:
        """Judge what was cut off, cell by cell."""
        record, result = cut.record, self._result
        if record is None:
            result.is_clean = False
            return
        result.rows += 1
        is_whole = len(record.fields) == len(self._names)
        cells = [record.fields[i] for i in self._positions] if is_whole else []
        if findings := self._judge_record(record, cells):
            self._reject(record, findings)
        elif result.is_clean and (b'"' in record.raw or cut.size != len(record.raw) + 1):
            result.is_clean = cut.size == len(record.raw) + 1 and write_record(cells) == record.raw + b"\n"

    def _judge_record(self, record: Record, cells: Sequence[str]) -> list[Finding]:
        number = self._result.rows
        if record.fault:
            value = record.raw[: 2 * rules.SHOWN].decode("utf-8", "backslashreplace")
            return [record.fault.found(line=record.line, record=number, value=value)]
        if not cells:
            found, expected = len(record.fields), len(self._names)
            return [rules.FIELD_COUNT.found(line=record.line, record=number, found=found, expected=expected)]
        findings = self._judge.row(cells, record.line, number)
        if self._first_lines and self._unique is not None:
            self._judge_uniqueness(self._first_lines, self._unique, cells, record.line, findings)
        return findings

    def _judge_uniqueness(
        self, first_lines: FirstLines, unique: int, cells: Sequence[str], line: int, findings: list[Finding]
    ) -> None:
        """Add to the findings of a row, in the order of columns, that its unique text stood before."""
        column, places = self._judge.contract.columns[unique], [self._names.index(f.column) for f in findings]
        if unique in places or column.unique is None:
            return
        first_line = first_lines.first_line(cells[unique], line)
        if first_line != line:
            finding = column.unique.found(
                line=line,
                record=self._result.rows,
                column=column.name,
                value=cells[unique],
                first_line=first_line,
            )
            findings.insert(sum(place < unique for place in places), finding)

    def _reject(self, record: Record, findings: Sequence[Finding]) -> None:
        self._result.rows_rejected += 1
        for finding in findings:
            self._result.tally.add(finding)
        if not record.is_whole:
            self._result.left_out += 1
            return
        reason = "; ".join(
            f"{finding.column + ': ' if finding.column else ''}{finding.rule}: {finding.advice}"
            for finding in findings
        )
        self._bad_rows.write(record.raw + b"," + write_record([reason]))
