"""The transformer's entry point: wait for the validator's hand-off, compute the KPIs, commit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from common.clients import Clients
from common.clock import Clock
from common.exit_codes import ExitCode, TryAgain
from common.handoff import Handoff, read_handoff
from common.log import Log
from common.names import file_id
from common.rejection import publish_rejection
from common.report import Rejection, Tally
from common.run import outcome_of, start
from common.settings import RunSettings, TransformerSettings, read_transformer_settings
from transformer.cleaned import read_cleaned
from transformer.commit import Committer, File
from transformer.kpis import compute_days
from transformer.ledger import Version
from transformer.plan import Tables

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_POLL_SECONDS = 1
_PROGRESS_SECONDS = 60
_LONGEST_WAIT_SECONDS = 2 * 60 * 60


def main(environ: Mapping[str, str], clients: Clients, clock: Clock) -> int:
    """Put the KPIs of the version named in the environment into the tables and return the exit code.

    0: they are there, whoever put them. 65: the report says why they may not be. 75 and 78: the log says why
    they are not.
    """
    log = Log(clients.out, clock, environ.get("EXECUTION_ID"))
    return outcome_of(lambda: _transform(read_transformer_settings(environ), clients, clock, log), log)


def _transform(settings: TransformerSettings, clients: Clients, clock: Clock, log: Log) -> ExitCode:
    run = settings.run
    handoff = _wait_for_handoff(clients.s3, run, clock, log)
    days = compute_days(read_cleaned(clients.s3, run.cleaned_bucket, handoff))
    log.info("computed", rows=handoff.rows, days=sorted(days))
    version = Version(
        file_id(run.input_bucket, run.input_key),
        run.input_key,
        run.input_version,
        handoff.input_last_modified,
    )
    tables = Tables(settings.order_table, settings.category_table, settings.ledger_table)
    findings = Committer(clients, clock, tables, log).commit(
        File(run.execution_id, version, handoff.rows, days)
    )
    if not findings:
        log.info("committed", rows=handoff.rows, days=sorted(days))
        return ExitCode.DONE
    tally = Tally()
    for finding in findings:
        log.warning(f"{finding.rule}: {finding.advice}", rule=finding.rule, value=finding.value)
        tally.add(finding)
    publish_rejection(clients.s3, Rejection(run, tally, rows_read=handoff.rows, rows_rejected=0), log)
    return ExitCode.BAD_DATA


def _wait_for_handoff(s3: S3Client, run: RunSettings, clock: Clock, log: Log) -> Handoff:
    """Return the hand-off as soon as it is there; raise ``TryAgain`` when it does not come in two hours."""
    began = clock.monotonic()
    next_progress = float(_PROGRESS_SECONDS)
    while (waited := clock.monotonic() - began) < _LONGEST_WAIT_SECONDS:
        if handoff := read_handoff(s3, run):
            return handoff
        if waited >= next_progress:
            log.info("waiting for the validator", seconds=round(waited))
            next_progress += _PROGRESS_SECONDS
        clock.sleep(_POLL_SECONDS)
    raise TryAgain(f"the validator handed nothing over in {_LONGEST_WAIT_SECONDS} s")


if __name__ == "__main__":
    start(main)
