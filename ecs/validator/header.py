"""The header of a file: every column of the contract by its exact name, once, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from common import rules
from common.records import Record
from common.rules import Finding
from validator.suggest import closest

_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def judge_header(record: Record, columns: Sequence[str]) -> list[Finding]:
    """Return all that is wrong with the header; the rows can be judged only when that is nothing.

    ``columns`` are the names that the contract has.
    """
    if encoding := _foreign_encoding(record.raw):
        return [rules.WRONG_ENCODING.found(line=record.line, encoding=encoding)]
    if b"\r" in record.raw.removesuffix(b"\r\n") and b'"' not in record.raw:
        # A file with nothing but CRs is one long line: say so, rather than that a record is too long.
        return [rules.BARE_CARRIAGE_RETURN.found(line=record.line)]
    if record.fault:
        value = record.raw[: rules.SHOWN].decode("utf-8", "backslashreplace")
        return [record.fault.found(line=record.line, value=value)]
    return list(_judge_names(record.fields, columns, record.line))


def column_positions(names: Sequence[str], columns: Sequence[str]) -> tuple[int, ...]:
    """Return where each of the contract's columns stands in a header that has no fault."""
    return tuple(names.index(column) for column in columns)


def _judge_names(names: Sequence[str], columns: Sequence[str], line: int) -> Iterable[Finding]:
    expected = ", ".join(columns)
    missing = set(columns) - set(names)
    for name, times in Counter(names).items():
        if name in columns:
            if times > 1:
                yield rules.DUPLICATE_COLUMN.found(line=line, column=name, value=name, times=times)
            continue
        meant = closest(name, missing)
        if meant is None:
            yield rules.UNKNOWN_COLUMN.found(line=line, value=name, expected=expected)
        else:
            missing.remove(meant)
            yield rules.RENAMED_COLUMN.found(line=line, column=meant, value=name, expected=meant)
    for name in (column for column in columns if column in missing):
        yield rules.MISSING_COLUMN.found(line=line, column=name, expected=expected)


def _foreign_encoding(raw: bytes) -> str | None:
    """Return the encoding that is not UTF-8 but plainly was meant, if it is one of Windows' usual two."""
    if raw.startswith(_UTF16_BOMS):
        return "UTF-16"
    sample = raw[:200]
    # Latin letters in UTF-16 without a mark: every second byte is NUL.
    return "UTF-16" if len(sample) > 3 and sample.count(0) * 3 > len(sample) else None
