"""How bytes become records, compared with Python's csv module where that is strict, and in bounded memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import records, rules
from common.records import read_records, write_record

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CELLS = st.lists(st.text(alphabet='ab,"\n\r ü', max_size=6), min_size=2, max_size=4)


class Endless(io.RawIOBase):
    """A beginning, and then so many bytes of one pattern, made while they are read."""

    def __init__(self, beginning: bytes, pattern: bytes, size: int) -> None:
        self._next, self._pattern, self._left = beginning, pattern * (4096 // len(pattern)), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        data = self._next or self._pattern[: self._left]
        self._left -= 0 if self._next else len(data)
        self._next = b""
        memoryview(buffer)[: len(data)] = data
        return len(data)


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=5))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    body = b"".join(write_record(row) for row in rows)
    assert [list(record.fields) for record in read_records(io.BytesIO(body))] == rows


@settings(deadline=None)
@given(st.text(alphabet='a,"\n', max_size=40))
def test_a_file_is_cut_as_a_strict_reader_cuts_it(text: str) -> None:
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return
    found = list(read_records(io.BytesIO(text.encode())))
    if any(record.fault for record in found):
        # The csv module takes a quote in the middle of a plain value for a character; here it is a fault.
        assert {record.fault for record in found} <= {None, rules.BAD_QUOTES}
    assert [list(r.fields) for r in found if not r.fault] == [
        row for row, record in zip(expected, found, strict=True) if not record.fault
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='a,"\n\r', max_size=60), st.integers(1, 7))
def test_it_does_not_matter_where_pieces_are_cut(text: str, piece: int) -> None:
    whole = list(read_records(io.BytesIO(text.encode())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_PIECE", piece)
        assert list(read_records(io.BytesIO(text.encode()))) == whole


@pytest.mark.parametrize(
    ("beginning", "pattern", "fault"),
    [
        (b"", b"x", rules.RECORD_TOO_LONG),
        (b"", b"x,", rules.RECORD_TOO_LONG),
        (b'"', b"x" * 127 + b"\n", rules.UNCLOSED_QUOTE),
        (b'x"', b"x", rules.RECORD_TOO_LONG),
    ],
)
def test_a_file_of_one_enormous_record_is_never_held(
    beginning: bytes, pattern: bytes, fault: rules.Rule
) -> None:
    stream = cast(BinaryIO, io.BufferedReader(Endless(beginning, pattern, 8 * records.MAX_RECORD_BYTES)))
    tracemalloc.start()
    found = [record.fault for record in read_records(stream)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [fault]
    assert peak < 4 * records.MAX_RECORD_BYTES


def test_a_record_of_just_the_limit_is_whole() -> None:
    body = b"x" * 99 + b"\n" + b"y" * 100 + b"\n" + b"z\n"
    found = [(record.line, record.fault) for record in read_records(io.BytesIO(body), limit=100)]
    assert found == [(1, None), (2, rules.RECORD_TOO_LONG), (3, None)]
