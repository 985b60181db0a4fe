"""The transformer's entry point: wait for the hand-off, make the file's parts, commit their days."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from common.clients import Clients
from common.clock import Clock
from common.exit_codes import ExitCode, TryAgain
from common.handoff import Handoff, read_handoff
from common.log import Log
from common.names import file_id
from common.rejection import publish_rejection
from common.report import Rejection, Tally
from common.run import outcome_of, start
from common.settings import TransformerSettings, read_transformer_settings
from common.stages import Stages, peak_memory_bytes
from transformer.claims import ACCEPTED, ARCHIVED, Claims
from transformer.curated import Curated
from transformer.ledger import Claim, Tables
from transformer.manifests import Version
from transformer.parts import Parts, make_parts
from transformer.plan import Planner
from transformer.refusal import Refused
from transformer.roll_forward import FileCommitter
from transformer.session import Session
from transformer.warehouse import Warehouse

_POLL_SECONDS = 1
_PROGRESS_SECONDS = 60
_LONGEST_WAIT_SECONDS = 2 * 60 * 60


def main(environ: Mapping[str, str], clients: Clients, clock: Clock) -> int:
    """Put the KPIs of the version named in the environment into the tables and return the exit code.

    0: they are there, whoever put them. 65: the report says why they may not be. 75 and 78: the log says why
    they are not, or not all of them.
    """
    log = Log(clients.out, clock, environ.get("EXECUTION_ID"))
    return outcome_of(
        lambda: _Transformer(read_transformer_settings(environ), clients, clock, log).run(), log
    )


class _Transformer:
    """One attempt."""

    def __init__(self, settings: TransformerSettings, clients: Clients, clock: Clock, log: Log) -> None:
        run = settings.run
        self._settings = settings
        self._file_id = file_id(run.input_bucket, run.input_key)
        self._session = Session(
            owner=run.execution_id,
            clients=clients,
            clock=clock,
            log=log,
            stages=Stages(clock),
            tables=Tables(settings.order_table, settings.category_table, settings.ledger_table),
            bucket=run.cleaned_bucket,
        )
        self._clock = clock
        self._log = log
        self._stages = self._session.stages
        self._claims = Claims(self._session, self._file_id, run.input_version)
        self._rows = self._bytes = 0

    def run(self) -> ExitCode:
        """Do what is left to do for the version."""
        try:
            claim = self._claims.read()
            if claim.status == ARCHIVED or (claim.status == ACCEPTED and claim.is_completed):
                self._log.info("an earlier attempt has done it all")
                return ExitCode.DONE
            with tempfile.TemporaryDirectory(dir=self._settings.scratch) as name:
                folder = Path(name)
                with Warehouse(folder, self._settings.memory_mib) as warehouse:
                    self._process(claim, warehouse, folder)
        except Refused as refused:
            self._tidy_curated()
            self._reject(refused)
            return ExitCode.BAD_DATA
        return ExitCode.DONE

    def _process(self, claim: Claim, warehouse: Warehouse, folder: Path) -> None:
        parts = None if claim.index else self._make_parts(warehouse, folder)
        planner = Planner(self._session, warehouse, folder, parts.local if parts else None)
        committer = FileCommitter(self._session, self._claims, planner)
        if parts:
            claim = committer.accept(parts.index, parts.pin)
        else:
            self._log.info("accepted by an earlier attempt", accepted_by=claim.accepted_by)
        index = committer.roll_forward(claim)
        self._log.info(
            "done",
            rows=index.rows,
            days=len(index.parts),
            bytes=self._bytes,
            seconds=self._stages.total(),
            stages=self._stages.seconds(),
            peak_memory_bytes=peak_memory_bytes(),
        )

    def _make_parts(self, warehouse: Warehouse, folder: Path) -> Parts:
        with self._stages.stage("wait"):
            handoff = self._wait_for_handoff()
        self._rows, self._bytes = handoff.rows, handoff.cleaned_bytes
        run = self._settings.run
        version = Version(
            self._file_id, run.input_bucket, run.input_key, run.input_version, handoff.input_last_modified
        )
        return make_parts(self._session, warehouse, folder, version, handoff)

    def _wait_for_handoff(self) -> Handoff:
        """Return the hand-off as soon as it is there; raise ``TryAgain`` when it does not come in time."""
        began = self._clock.monotonic()
        next_progress = float(_PROGRESS_SECONDS)
        while (waited := self._clock.monotonic() - began) < _LONGEST_WAIT_SECONDS:
            if handoff := read_handoff(self._session.clients.s3, self._settings.run):
                return handoff
            if waited >= next_progress:
                self._log.info("waiting for the validator", seconds=round(waited))
                next_progress += _PROGRESS_SECONDS
            self._clock.sleep(_POLL_SECONDS)
        raise TryAgain(f"the validator handed nothing over in {_LONGEST_WAIT_SECONDS} s")

    def _tidy_curated(self) -> None:
        """See to it that nothing is published of a version that was accepted, and taken back.

        A copy that an attempt had begun may have come after withdraw.sh removed the object, and nobody but
        this execution would look again.
        """
        claim = self._session.ledger.claim(self._file_id, self._settings.run.input_version)
        if claim and claim.index:
            Curated(self._session).publish_file(self._session.store.index(claim.index))

    def _reject(self, refused: Refused) -> None:
        tally = Tally()
        for finding in refused.findings:
            self._log.warning(f"{finding.rule}: {finding.advice}", rule=finding.rule, value=finding.value)
            tally.add(finding)
        rejection = Rejection(self._settings.run, tally, rows_read=self._rows, rows_rejected=0)
        publish_rejection(self._session.clients.s3, rejection, self._log)


if __name__ == "__main__":
    start(main)
