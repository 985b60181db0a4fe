"""What a person runs beside the pipeline, on the same simulation: withdraw.sh, recompute.sh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from common.exit_codes import ExitCode
from common.run import outcome_of
from mayfly.console import CommandError
from mayfly.data.access import Access, person_session
from mayfly.data.inspection import Difference
from mayfly.data.recompute import recompute
from mayfly.data.withdraw import withdraw
from tests.properties.machine import CLEANED, INPUT, LEDGER, Pipeline
from tests.properties.scheduling import Fault, Faults, Program
from transformer.ledger import Tables
from transformer.manifests import Manifest

_SECONDS_UNTIL_RUN_AGAIN = 60.0


class _OneAtATime(Access):
    """The simulation has one thing happen at a time."""

    def manifests(self, days: Iterable[str]) -> list[Manifest]:
        return [manifest for manifest in map(self.manifest, days) if manifest]


def withdraw_at(pipeline: Pipeline, seconds: float, key: str, faults: Mapping[int, Fault]) -> None:
    """Let somebody take a file back at a time, and again until it went through."""
    left = Faults(faults)

    def main(program: Program) -> int:
        access = _access(program)

        def body() -> ExitCode:
            with suppress(CommandError):  # nobody may have seen this file yet
                withdraw(access, key)
            return ExitCode.DONE

        return outcome_of(body, access.session.log)

    def start() -> None:
        pipeline.simulation.start(main, left, ended)

    def ended(code: int | None) -> None:
        if code != 0:
            pipeline.simulation.at(_SECONDS_UNTIL_RUN_AGAIN, start)

    pipeline.simulation.at(seconds, start)


def differences(pipeline: Pipeline, *, dry_run: bool = True) -> list[Difference]:
    """Return what recompute.sh finds wrong; without a dry run it puts that right."""
    found: list[Difference] = []

    def main(program: Program) -> int:
        found.extend(recompute(_access(program), None, dry_run=dry_run).differences)
        return 0

    pipeline.simulation.start(main, Faults({}), lambda _: None)
    pipeline.simulation.run()
    return found


def _access(program: Program) -> Access:
    tables = Tables("OrderKPIs", "CategoryKPIs", LEDGER)
    return _OneAtATime(person_session(program.clients, program, tables, CLEANED), INPUT)
