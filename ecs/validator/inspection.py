"""Decides how a file is looked at, and how often, to know all that is wrong with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from common.stages import Stages
from validator.blocks import BLOCK_BYTES, Blocks, Body
from validator.judge import Judge
from validator.look import Inspection, Look, Sifting
from validator.uniqueness import FirstLines, InMemory, OnDisk

#: Up to this size a file is judged cell by cell before the sieve would have been imported.
SMALL_BYTES = 1024 * 1024


class Inspector:
    """Judges files of one contract.

    ``folder`` is on the scratch disk. ``seed`` makes hashes that nobody can foretell; no verdict depends on
    it. Files of more than ``small`` bytes are sifted in blocks of about ``block`` bytes.
    """

    def __init__(
        self,
        judge: Judge,
        folder: Path,
        stages: Stages,
        *,
        seed: int | None = None,
        small: int = SMALL_BYTES,
        block: int = BLOCK_BYTES,
    ) -> None:
        self._judge = judge
        self._folder = folder
        self._stages = stages
        self._seed = secrets.randbits(64) if seed is None else seed
        self._small = small
        self._block = block

    def inspect(self, open_body: Callable[[], Body], size: int) -> Inspection:
        """Judge a file of so many bytes.

        It is opened once and read to its end, unless its header already says that rows cannot be told; and
        once more when a text may stand there twice that must be there once.
        """
        is_unique = self._judge.contract.unique is not None
        if size <= self._small:
            return self._look(open_body, InMemory() if is_unique else None)
        # Small files do not pay for these.
        from validator.sieve import Sieve  # noqa: PLC0415
        from validator.twins import Twins  # noqa: PLC0415

        sieve_for = partial(Sieve, self._judge, self._seed)
        if not is_unique:
            return self._look(open_body, None, Sifting(sieve_for))
        noted = Twins(self._seed)
        inspection = self._look(open_body, noted, Sifting(sieve_for, note=noted.add))
        with self._stages.stage("unique"):
            twins = noted.find()
        if not len(twins):
            return inspection
        with closing(OnDisk(self._folder / "texts.sqlite")) as first_lines:
            return self._look(open_body, first_lines, Sifting(sieve_for, twins=twins))

    def _look(
        self, open_body: Callable[[], Body], first_lines: FirstLines | None, sifting: Sifting | None = None
    ) -> Inspection:
        with self._stages.stage("read"):
            opened = open_body()
        with closing(opened) as body, self._stages.stage("judge"):

            def read(size: int) -> bytes:
                with self._stages.stage("read"):
                    return body.read(size)

            look = Look(self._judge, Blocks(read, self._block), first_lines, sifting, self._stages)
            return look.inspect(self._folder / "bad_rows.csv")
