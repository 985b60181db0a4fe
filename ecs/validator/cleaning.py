"""Writes the cleaned form of a good file whose bytes are not clean yet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from common.records import HasLines, read_record, write_record
from validator.blocks import Blocks
from validator.header import column_positions

_AFTER_HEADER = 2  # any line but the first, which may begin with a BOM


def write_cleaned(blocks: Blocks, names: Sequence[str], out: BinaryIO) -> None:
    """Write a file in which nothing was found: UTF-8 without BOM, LF, the given columns, minimal quoting."""
    line = 1
    while (header := read_record(blocks, line)) and header.record is None:
        line += header.lines
    if header is None or header.record is None:
        raise ValueError("only a file in which nothing was found can be cleaned; this one has no header")
    positions = column_positions(header.record.fields, names)
    out.write(write_record(names))
    while True:
        block = _take_rows(blocks)
        if b'"' in block:
            out.writelines(_rewritten(io.BytesIO(block), positions))
        elif positions == tuple(range(len(positions))):
            out.write(_without_empty_lines(block.replace(b"\r\n", b"\n")))
        else:
            out.writelines(_reordered(block, positions))
        # Here ends the file, or stands a row that does not end within a block.
        if (cut := read_record(blocks, _AFTER_HEADER)) is None:
            return
        if cut.record:
            out.write(write_record([cut.record.fields[i] for i in positions]))


def _take_rows(blocks: Blocks) -> bytes:
    """Take whole rows, at most a block of them: in a good file, a row ends where quotes are even."""
    block = blocks.take()
    end = len(block)
    is_within_quotes = block.count(b'"') % 2
    while is_within_quotes:
        before = block.rfind(b"\n", 0, end - 1) + 1
        is_within_quotes ^= block.count(b'"', before, end) % 2
        end = before
    blocks.give_back(len(block) - end)
    return block[:end]


def _rewritten(stream: HasLines, positions: Sequence[int]) -> Iterator[bytes]:
    while cut := read_record(stream, _AFTER_HEADER):
        if cut.record:
            yield write_record([cut.record.fields[i] for i in positions])


def _reordered(block: bytes, positions: Sequence[int]) -> Iterator[bytes]:
    """Yield the rows of a block without quotes with their cells in another order."""
    for row in block.split(b"\n"):
        if cells := row.removesuffix(b"\r"):
            fields = cells.split(b",")
            yield b",".join([fields[i] for i in positions]) + b"\n"


def _without_empty_lines(block: bytes) -> bytes:
    while b"\n\n" in block:
        block = block.replace(b"\n\n", b"\n")
    return block.removeprefix(b"\n")
