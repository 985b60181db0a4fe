"""What changes days on a person's behalf: the transformer's own planner and committer, for a while."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mayfly.console import CommandError
from transformer.commit import Alone, DayCommitter, TooManyActions
from transformer.curated import Curated
from transformer.plan import Change, Planner
from transformer.session import Session
from transformer.warehouse import Warehouse

#: What a script may take of a laptop's memory, in MiB; beyond it, DuckDB spills to the disk.
_MEMORY_MIB = 1024


@dataclass(frozen=True)
class Workbench:
    """Computes days, commits them, and publishes them under ``curated/``."""

    folder: Path
    planner: Planner
    curated: Curated
    committer: DayCommitter

    def commit(self, day: str, change: Change) -> bool:
        """Change a day as a transformer would; tell whether there was anything to change."""
        try:
            plans = self.committer.commit({day: change}, Alone())
        except TooManyActions as error:
            raise CommandError(
                f"{day} cannot be written",
                f"{error}, and DynamoDB takes 100 at once",
                "take back a file that brings categories that should not be there",
            ) from error
        self.planner.forget(day)
        return any(plan.is_change for plan in plans)


@contextmanager
def workbench(session: Session) -> Iterator[Workbench]:
    """Yield a workbench in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="mayfly-") as name:
        folder = Path(name)
        with Warehouse(folder, _MEMORY_MIB) as warehouse:
            planner = Planner(session, warehouse, folder)
            yield Workbench(folder, planner, Curated(session), DayCommitter(session, planner))
