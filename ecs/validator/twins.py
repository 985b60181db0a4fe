"""Looks for hashes that come more than once, in eight bytes a row: texts that do are among theirs."""

from __future__ import annotations

import numpy as np
import polars as pl

from validator.sieve import Hashes, hashes_of

_ROOM = 1024 * 1024
_STEP = 1024 * 1024


class Twins:
    """The hashes of a column's texts. It never names a line: only another look at the file can."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._hashes: Hashes = np.empty(_ROOM, np.uint64)
        self._count = 0
        self._texts: list[str] = []

    def first_line(self, text: str, line: int) -> int:
        """Take note of a text, and leave open whether it stood before."""
        self._texts.append(text)
        return line

    def add(self, hashes: Hashes) -> None:
        """Take note of the hashes of texts."""
        needed = self._count + len(hashes)
        while needed > len(self._hashes):
            # Grown in place by the C library, so that old and new are not there at the same time.
            self._hashes.resize(len(self._hashes) + _ROOM, refcheck=False)
        self._hashes[self._count : needed] = hashes
        self._count = needed

    def add_texts(self) -> None:
        """Take note of the hashes of what ``first_line`` was told."""
        if self._texts:
            self.add(hashes_of(pl.Series(self._texts, dtype=pl.String), self._seed))
            self._texts.clear()

    def find(self) -> Hashes:
        """Return the hashes that came more than once, sorted; what was noted is gone then."""
        self.add_texts()
        found = self._hashes[: self._count]
        found.sort()
        kept = 0
        for start in range(0, len(found), _STEP):
            part = found[start : start + _STEP + 1]
            twins = part[1:][part[1:] == part[:-1]]
            found[kept : kept + len(twins)] = twins  # in place: at worst, all of them are twins
            kept += len(twins)
        self._hashes, self._count = found[:kept].copy(), 0
        return self._hashes
