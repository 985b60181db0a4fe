"""A file as a stream of blocks of whole lines, from which single records may be taken as well."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

BLOCK_BYTES = 4 * 1024 * 1024


class Body(Protocol):
    """What is read: a body of S3, or any binary file."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class ReadAhead:
    """A body that is read a piece ahead by a thread, so that waiting for S3 and judging overlap.

    It does nothing that the body alone would not do: whoever wants no thread leaves it out.
    """

    def __init__(self, body: Body, piece: int = BLOCK_BYTES) -> None:
        self._body = body
        self._piece = piece
        self._ready: queue.Queue[bytes | Exception] = queue.Queue(maxsize=1)
        self._rest = b""
        self._is_closed = False
        # A daemon: a process that is told to stop must not wait for an answer of S3.
        threading.Thread(target=self._read_on, daemon=True).start()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; raises whatever the body raised."""
        if not self._rest:
            piece = self._ready.get()
            if not piece or isinstance(piece, Exception):
                self._ready.put(piece)  # so it stays, however often it is asked for
            if isinstance(piece, Exception):
                raise piece
            self._rest = piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def close(self) -> None:
        """Let the thread end, after the piece that it may be reading."""
        self._is_closed = True
        while not self._ready.empty():
            self._ready.get_nowait()
        self._body.close()

    def _read_on(self) -> None:
        piece: bytes | Exception = b"none yet"
        while piece and not isinstance(piece, Exception) and not self._is_closed:
            try:
                piece = self._body.read(self._piece)
            except Exception as error:  # noqa: BLE001 - it is raised where the piece is asked for
                piece = error
            self._ready.put(piece)


class Blocks:
    """Cuts what is read at line ends, block by block or line by line, as whoever takes it decides."""

    def __init__(self, read: Callable[[int], bytes], size: int = BLOCK_BYTES) -> None:
        self._read = read
        self._size = size
        self._buffer = b""
        self._at = 0
        self._at_end = False

    def take(self) -> bytes:
        """Take whole lines, at most a block of them; none when not one line ends within a block."""
        self._fill(self._size)
        end = self._buffer.rfind(b"\n", self._at, self._at + self._size) + 1
        return self._take_to(max(end, self._at))

    def give_back(self, size: int) -> None:
        """Put back so many bytes of the end of what was taken last."""
        self._at -= size

    def readline(self, limit: int, /) -> bytes:
        """Take at most so many bytes, up to and with the next line end; none at the end of the file."""
        self._fill(1)
        while (found := self._buffer.find(b"\n", self._at, self._at + limit)) < 0:
            there = len(self._buffer) - self._at
            if there >= limit or self._at_end:
                return self._take_to(self._at + min(limit, there))
            self._fill(there + 1)
        return self._take_to(found + 1)

    def _take_to(self, end: int) -> bytes:
        taken = self._buffer[self._at : end]
        self._at = end
        return taken

    def _fill(self, size: int) -> None:
        """Read until so many bytes are there, or the file ends."""
        while (there := len(self._buffer) - self._at) < size and not self._at_end:
            piece = self._read(max(self._size - there, 1))
            self._at_end = not piece
            self._buffer, self._at = self._buffer[self._at :] + piece, 0
