"""Finds the lines of a block that are surely good rows, with Polars; imported for files worth it only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from common.records import MAX_RECORD_BYTES
from validator.columns import LineExpression
from validator.judge import Judge

Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]

#: So many lines of a block may be judged one by one before it is worth while to look for what they share.
_FEW = 32
_SAMPLE = 64


@dataclass
class Sifted:
    """The lines of a block, and which of them are surely good rows.

    ``is_decorated`` when there are quotes or CRs among them.
    """

    lines: pl.Series
    sure: Flags
    is_decorated: bool

    def others(self) -> list[tuple[int, int]]:
        """Return the lines that remain to be judged: number from 0, and where it starts."""
        places = np.flatnonzero(~self.sure)
        if not len(places):
            return []
        ends = (self.lines.str.len_bytes().to_numpy() + np.int64(1)).cumsum()  # with the LF
        starts = np.concatenate(([0], ends))[places]
        return list(zip(places.tolist(), starts.tolist(), strict=True))

    def keep(self, count: int) -> None:
        """Forget all but the first lines."""
        self.lines, self.sure = self.lines.head(count), self.sure[:count]

    def set_aside(self, hashes: Hashes, twins: Hashes) -> None:
        """Be no longer sure of lines with one of these hashes; ``hashes`` has one a line that was sure.

        ``twins`` are sorted, and some.
        """
        places = np.searchsorted(twins, hashes)
        places[places == len(twins)] = 0
        self.sure[self.sure] = twins[places] != hashes

    def sure_lines(self) -> pl.Series:
        """Return the lines that are surely good rows."""
        return self.lines if self.sure.all() else self.lines.filter(pl.Series(self.sure))

    def is_clean(self) -> bool:
        """Tell whether these lines are written as the cleaned form has them, but for the columns' order."""
        if not self.is_decorated:
            return True
        return not self.sure_lines().str.contains('["\r]').any()


class Sieve:
    """Sifts the blocks of one file. ``positions`` tells where in its rows the contract's columns stand."""

    def __init__(self, judge: Judge, seed: int, positions: Sequence[int]) -> None:
        self._expression = LineExpression(judge, positions)
        self._unique = positions[judge.contract.unique or 0]
        self._last = len(positions) - 1
        self._seed = seed
        self._few = _FEW

    def sift(self, block: bytes) -> Sifted | None:
        """Return the lines of a block, each of which ends in LF; None when it is no UTF-8."""
        has_quotes, has_returns = b'"' in block, b"\r" in block
        try:
            lines = _lines(block, keep_returns=has_returns)
        except pl.exceptions.PolarsError:
            return None
        return Sifted(lines, self._sure(lines, has_quotes=has_quotes), has_quotes or has_returns)

    def hashes(self, sifted: Sifted) -> Hashes:
        """Return a hash of the unique column's text in each line that is surely a good row."""
        lines = sifted.sure_lines()
        # No cell of such a line holds a delimiter, and quotes stand around whole cells only.
        if self._unique == 0 < self._last:
            line = pl.col("line")
            found = lines.to_frame("line").select(line.str.head(line.str.find(",", literal=True)))
            texts = found.to_series()
        else:
            texts = lines.str.split_exact(",", self._unique).struct.field(f"field_{self._unique}")
        return hashes_of(texts.str.strip_chars('"\r') if sifted.is_decorated else texts, self._seed)

    def _sure(self, lines: pl.Series, *, has_quotes: bool) -> Flags:
        sure = self._matched(lines, quoted=has_quotes)
        while np.count_nonzero(sure) < len(sure) - self._few:
            places = np.flatnonzero(~sure)
            others = lines.gather(places)
            sample = others.gather_every(max(len(others) // _SAMPLE, 1)).head(_SAMPLE)
            if not self._expression.learn(sample.to_list()):
                self._few *= 2  # where so many have nothing to tell, it takes more of them to ask again
                break
            sure[places] = self._matched(others, quoted=has_quotes)
        return sure

    def _matched(self, lines: pl.Series, *, quoted: bool) -> Flags:
        source = self._expression.source(quoted=quoted)
        if source is None:
            return np.zeros(len(lines), np.bool_)
        is_short = lines.str.len_bytes() < MAX_RECORD_BYTES
        return (is_short & lines.str.contains(source)).to_numpy(writable=True)


def hashes_of(texts: pl.Series, seed: int) -> Hashes:
    """Return a hash of each text: the same for the same text, and none to foretell without the seed."""
    return texts.hash(seed).to_numpy()


def _lines(block: bytes, *, keep_returns: bool) -> pl.Series:
    """Return the lines without their LF; raises ``PolarsError`` when the block is no UTF-8."""
    if keep_returns:  # what is quicker would drop them
        return pl.Series([block[:-1]]).cast(pl.String).str.split("\n").explode()
    return pl.read_lines(block).to_series()
