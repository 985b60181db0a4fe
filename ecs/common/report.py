"""What is said about a rejected file: complete counts, the first findings, and a summary for an e-mail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from common.names import file_id, rejected_prefix
from common.rules import Finding
from common.settings import RunSettings

DETAILED = 1000
SUMMARY_BYTES = 8 * 1024
_SUMMARY_KEY_CHARACTERS = 200
_SUMMED_UP = 20


@dataclass
class Tally:
    """Counts findings, all of them, and keeps the first ``DETAILED``."""

    by_rule: Counter[str] = field(default_factory=Counter)
    by_column: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    first: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        self.by_rule[finding.rule] += 1
        self.by_column[finding.column, finding.rule] += 1
        if len(self.first) < DETAILED:
            self.first.append(finding)

    @property
    def total(self) -> int:
        """How many findings there are."""
        return self.by_rule.total()

    @property
    def capped_note(self) -> str | None:
        """Say that not all findings are listed, when that is so."""
        if self.total == len(self.first):
            return None
        listed = f"The first {len(self.first)} of {self.total} findings are listed in detail"
        return f"{listed}; the counts are of all of them."

    def document(self) -> dict[str, Any]:
        """Return the part of a report that is about findings."""
        return {
            "findings_total": self.total,
            "counts": {
                "by_rule": dict(self.by_rule.most_common()),
                "by_column": [
                    {"column": column, "rule": rule, "count": count}
                    for (column, rule), count in self.by_column.most_common()
                ],
            },
            "capped": self.capped_note is not None,
            "capped_note": self.capped_note,
            "findings": [asdict(finding) for finding in self.first],
        }

    def count_lines(self) -> Iterator[str]:
        """Yield how often each rule is broken, for a person to read."""
        yield "Faults by rule:"
        for rule, count in self.by_rule.most_common(_SUMMED_UP):
            yield f"  {count:>9}  {rule}"
        if len(self.by_rule) > _SUMMED_UP:
            yield f"  and {len(self.by_rule) - _SUMMED_UP} more rules"

    def finding_lines(self) -> Iterator[str]:
        """Yield the first findings, a line each, for a person to read."""
        for finding in self.first[:_SUMMED_UP]:
            place = ", ".join(
                f"{name} {value}"
                for name, value in (("line", finding.line), ("column", finding.column))
                if value is not None
            )
            found = "" if finding.value is None else f" found {printable(finding.value)!r}."
            yield f"  {place or 'file'}: {finding.rule}.{found} {printable(finding.advice)}"


@dataclass(frozen=True)
class BadRows:
    """The rows to be mended: where they are, how many there are, and how many could not be put there."""

    key: str
    rows: int
    left_out: int


@dataclass(frozen=True)
class ContractUsed:
    """The contract a file was held to; ``version`` is its own word, ``version_id`` S3's, if there is one."""

    name: str
    version: str
    uri: str
    version_id: str | None


@dataclass(frozen=True)
class ReferenceUsed:
    """The reference list a file was held to; ``version_id`` is S3's, if there is one."""

    uri: str
    version_id: str | None


@dataclass(frozen=True)
class Rejection:
    """Why a version of a file was rejected.

    ``contract`` and ``reference`` are None when the rejection does not come from them.
    """

    run: RunSettings
    tally: Tally
    rows_read: int
    rows_rejected: int
    contract: ContractUsed | None = None
    reference: ReferenceUsed | None = None
    bad_rows: BadRows | None = None

    @property
    def prefix(self) -> str:
        """The key of everything written about this rejection, but for the ending."""
        return rejected_prefix(self.run.input_bucket, self.run.input_key, self.run.execution_id)

    def report(self) -> bytes:
        """Return the report as JSON."""
        run = self.run
        document = {
            "verdict": "rejected",
            "file": {
                "bucket": run.input_bucket,
                "key": run.input_key,
                "version_id": run.input_version,
                "file_id": file_id(run.input_bucket, run.input_key),
            },
            "execution_id": run.execution_id,
            "contract": asdict(self.contract) if self.contract else None,
            "reference": asdict(self.reference) if self.reference else None,
            "rows_read": self.rows_read,
            "rows_rejected": self.rows_rejected,
            **self.tally.document(),
            "bad_rows": asdict(self.bad_rows) if self.bad_rows else None,
        }
        return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n"

    def summary(self) -> bytes:
        """Return the summary: plain text of at most ``SUMMARY_BYTES``, the verdict first."""
        head, tail = "\n".join(self._head()), "\n".join(self._tail())
        room = SUMMARY_BYTES - len(head.encode()) - len(tail.encode()) - len(b"\n\n\n")
        findings = "\n".join(_within(room, self.tally.finding_lines()))
        return "\n".join(part for part in (head, findings, tail) if part).encode() + b"\n"

    def _head(self) -> Iterable[str]:
        yield f"REJECTED: {_shown_key(self.run.input_key)}"
        if self.rows_rejected:
            faulty = f"{self.rows_rejected} of {self.rows_read} rows have faults."
            yield f"{faulty} Nothing of this file was counted."
        else:
            yield "The file as a whole was refused. Nothing of it was counted."
        yield ""
        yield from self.tally.count_lines()
        yield ""
        yield "The first of them:"

    def _tail(self) -> Iterable[str]:
        bucket = self.run.cleaned_bucket
        yield ""
        if self.tally.capped_note:
            yield self.tally.capped_note
        yield f"All of it: s3://{bucket}/{self.prefix}.json"
        if self.bad_rows and self.bad_rows.rows:
            yield f"The {self.bad_rows.rows} rows to mend, with a reason each: s3://{bucket}/{self.bad_rows.key}"
        if self.bad_rows and self.bad_rows.left_out:
            yield f"{self.bad_rows.left_out} more could not be copied there: too long, or no end to be found."
        yield "What to do: mend the file and upload the whole of it again under the same key."
        yield f"Version {self.run.input_version}, execution {self.run.execution_id}."


def printable(text: str) -> str:
    """Return the text with what does not print (line ends, control characters) written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shown_key(key: str) -> str:
    shown = printable(key)
    return shown if len(shown) <= _SUMMARY_KEY_CHARACTERS else shown[:_SUMMARY_KEY_CHARACTERS] + "…"


def _within(room: int, lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return
        yield line
