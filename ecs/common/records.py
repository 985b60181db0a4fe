"""Cuts a stream of CSV into records, strictly and in bounded memory.

A quote opens only at the start of a field, is doubled inside it, and after it only a comma or the end of
the record may follow. Lines end in LF or CRLF; outside of quotes there is no other CR. An empty line holds no
record. Nothing else is ever dropped: what cannot be cut into fields comes out as a record with a fault, the
first that applies of these: an open quote, too long, NUL, no UTF-8, a bare CR, a quote where none may stand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, cast

from common import rules

if TYPE_CHECKING:
    from botocore.response import StreamingBody

MAX_RECORD_BYTES = 1024 * 1024
_PIECE = 64 * 1024
_BOM = b"\xef\xbb\xbf"
#: A field, as far as a quote that opens it goes, and what stands behind, which should be nothing.
_UNQUOTED = re.compile(r'(?:"[^"]*(?:""[^"]*)*")?([^,]*)(?:,|\Z)')
_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|\Z)')


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    ``line`` is the physical line it starts on (the first is 1). ``raw`` is its bytes without the line end,
    or only their beginning when they are more than a record may have. ``fields`` is empty when there is a
    ``fault``.
    """

    line: int
    raw: bytes
    fields: Sequence[str]
    fault: rules.Rule | None = None

    @property
    def is_whole(self) -> bool:
        """Whether ``raw`` is all of it, and only it."""
        return self.fault not in (rules.RECORD_TOO_LONG, rules.UNCLOSED_QUOTE)


class Cut(NamedTuple):
    """What was cut off a stream: a record, or None for an empty line; how many lines and bytes it took."""

    record: Record | None
    lines: int
    size: int


class HasLines(Protocol):
    """A stream of which only lines, or pieces of them, are asked."""

    def readline(self, limit: int, /) -> bytes:
        """Return at most so many bytes, up to and with the next LF; none at the end."""
        ...


class _At(Enum):
    FIELD_START = 0
    PLAIN = 1
    QUOTED = 2
    AFTER_QUOTE = 3


#: What a byte after a quote means: the quote was the first of a pair, or the field is over.
_AFTER_QUOTE = {ord('"'): _At.QUOTED, ord(","): _At.FIELD_START}


def buffered(body: StreamingBody) -> BinaryIO:
    """Return the body of a GetObject answer as a stream with fast ``readline``."""
    return io.BufferedReader(cast(io.RawIOBase, body), 1024 * 1024)


def read_records(stream: BinaryIO, limit: int = MAX_RECORD_BYTES) -> Iterator[Record]:
    """Yield the stream's records, the header's first; holds at most one record of ``limit`` bytes."""
    line = 1
    while cut := read_record(stream, line, limit):
        line += cut.lines
        if cut.record:
            yield cut.record


def read_record(stream: HasLines, line: int, limit: int = MAX_RECORD_BYTES) -> Cut | None:
    """Cut off what starts on ``line``, where the stream stands, be it an empty line; None at the end."""
    piece = stream.readline(_PIECE)
    if line > 1 and b'"' not in piece and piece.endswith(b"\n"):  # nearly all of them are so simple
        return _cut(_record(line, piece, _At.PLAIN, too_long=len(piece) > limit), 1, len(piece))
    kept = bytearray()
    size = length = lines = 0
    at = _At.FIELD_START
    while piece:
        size += len(piece)
        if line == 1 and not length:
            piece = piece.removeprefix(_BOM)
        length += len(piece)
        lines += piece.endswith(b"\n")
        if length <= limit or not kept:
            kept += piece
        at = _scan(piece, at)
        if piece.endswith(b"\n") and at is not _At.QUOTED:
            break
        piece = stream.readline(_PIECE)
    if not size:
        return None
    return _cut(_record(line, bytes(kept), at, too_long=length > limit), lines, size)


def _cut(record: Record, lines: int, size: int) -> Cut:
    return Cut(record if record.raw or record.fault else None, lines, size)


def _scan(piece: bytes, at: _At) -> _At:
    """Return where in a record its piece ends, going from delimiter to delimiter."""
    if at in (_At.FIELD_START, _At.PLAIN) and b'"' not in piece:
        return _At.FIELD_START if piece.endswith(b",") else _At.PLAIN
    i, end = 0, len(piece)
    while i < end:
        if at is _At.FIELD_START:
            at = _At.QUOTED if piece[i : i + 1] == b'"' else _At.PLAIN
            i += at is _At.QUOTED
        elif at is _At.AFTER_QUOTE:
            at = _AFTER_QUOTE.get(piece[i], _At.PLAIN)
            i += 1
        else:
            mark, then = (b'"', _At.AFTER_QUOTE) if at is _At.QUOTED else (b",", _At.FIELD_START)
            found = piece.find(mark, i)
            if found < 0:
                return at
            at, i = then, found + 1
    return at


def _record(line: int, raw: bytes, at: _At, *, too_long: bool) -> Record:
    if too_long or at is _At.QUOTED:
        fault = rules.UNCLOSED_QUOTE if at is _At.QUOTED else rules.RECORD_TOO_LONG
        return Record(line, raw, (), fault)
    raw = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
    if b"\0" in raw:
        return Record(line, raw, (), rules.NUL_CHARACTER)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Record(line, raw, (), rules.INVALID_UTF8)
    if "\r" in text and _has_bare_return(text):
        return Record(line, raw, (), rules.BARE_CARRIAGE_RETURN)
    fields = text.split(",") if '"' not in text else _quoted_fields(text)
    return Record(line, raw, fields or (), None if fields else rules.BAD_QUOTES)


def _quoted_fields(text: str) -> list[str] | None:
    """Return the fields of a record that has quotes, or None where a quote stands where none may."""
    fields: list[str] = []
    position = 0
    while match := _FIELD.match(text, position):
        quoted, plain, delimiter = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        if not delimiter:
            return fields
        position = match.end()
    return None


def _has_bare_return(text: str) -> bool:
    """Tell whether a CR stands outside of quotes, where it can only be meant as the end of a line."""
    return any("\r" in unquoted for unquoted in _UNQUOTED.findall(text))


def write_record(cells: Sequence[str]) -> bytes:
    """Return a record as the cleaned form has it: UTF-8, quoted only where it must be, ended by LF."""
    return (",".join(_quote(cell) for cell in cells) + "\n").encode()


def _quote(cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
