"""Reads a version of an order file once, judges every row, and leaves on disk what may be published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from common import rules
from common.log import Log
from common.orders import COLUMNS
from common.records import Record, read_records, write_record
from common.report import Tally
from common.rules import Finding
from validator.header import column_positions, judge_header
from validator.rows import RowJudge

_LOGGED = 20


@dataclass
class Inspection:
    """What became of the judging.

    ``cleaned`` is the cleaned form, of use only when the tally counts nothing; ``sha256`` is its digest.
    ``bad_rows`` holds the rejected rows as they were, with a reason each; ``left_out`` counts those it could
    not hold, because they are too long or have no end.
    """

    cleaned: Path
    bad_rows: Path
    tally: Tally = field(default_factory=Tally)
    rows: int = 0
    rows_rejected: int = 0
    left_out: int = 0
    sha256: str = ""


class Inspector:
    """Judges one file; what it keeps of it in memory are the order ids."""

    def __init__(self, judge: RowJudge, scratch: Path, log: Log) -> None:
        self._judge = judge
        self._log = log
        self._result = Inspection(scratch / "cleaned.csv", scratch / "bad_rows.csv")

    def inspect(self, stream: BinaryIO) -> Inspection:
        """Read the stream to its end, unless its header already says that rows cannot be told."""
        records = read_records(stream)
        header = next(records, None)
        if header is None:
            self._add(rules.EMPTY_FILE.found())
            return self._result
        faults = judge_header(header)
        for fault in faults:
            self._add(fault)
        if not faults:
            self._inspect_rows(header, records)
            if self._result.rows == 0:
                self._add(rules.NO_ROWS.found())
        return self._result

    def _inspect_rows(self, header: Record, records: Iterator[Record]) -> None:
        result, digest = self._result, hashlib.sha256()
        positions, width = column_positions(header.fields), len(header.fields)
        with result.cleaned.open("wb") as cleaned, result.bad_rows.open("wb") as bad_rows:
            bad_rows.write(header.raw + b",reason\n")
            cleaned.write(line := write_record(COLUMNS))
            digest.update(line)
            for record in records:
                result.rows += 1
                cells = [record.fields[i] for i in positions] if len(record.fields) == width else []
                findings = self._judge_record(record, cells, width)
                if findings:
                    self._reject(record, findings, bad_rows)
                elif not result.rows_rejected:  # a rejected file has no cleaned form
                    cleaned.write(line := write_record(cells))
                    digest.update(line)
        result.sha256 = digest.hexdigest()

    def _judge_record(self, record: Record, cells: Sequence[str], width: int) -> list[Finding]:
        number = self._result.rows
        if record.fault:
            value = record.raw[: 2 * rules.SHOWN].decode("utf-8", "backslashreplace")
            return [record.fault.found(line=record.line, record=number, value=value)]
        if not cells:
            found = len(record.fields)
            return [rules.FIELD_COUNT.found(line=record.line, record=number, found=found, expected=width)]
        return self._judge.judge(cells, record.line, number)

    def _reject(self, record: Record, findings: Sequence[Finding], bad_rows: BinaryIO) -> None:
        self._result.rows_rejected += 1
        for finding in findings:
            self._add(finding)
        if not record.is_whole:
            self._result.left_out += 1
            return
        reason = "; ".join(
            f"{finding.column + ': ' if finding.column else ''}{finding.rule}: {finding.advice}"
            for finding in findings
        )
        bad_rows.write(record.raw + b"," + write_record([reason]))

    def _add(self, finding: Finding) -> None:
        self._result.tally.add(finding)
        if self._result.tally.total <= _LOGGED:
            self._log.warning(
                f"{finding.rule}: {finding.advice}",
                rule=finding.rule,
                line=finding.line,
                column=finding.column,
                value=finding.value,
            )
