"""The validator's entry point: judge one version of a file; publish it, or say why not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from common.clients import Clients
from common.clock import Clock, utc_text
from common.exit_codes import ExitCode
from common.handoff import Handoff, read_handoff
from common.log import Log
from common.names import cleaned_key
from common.rejection import publish_rejection
from common.report import BadRows, Rejection, Tally
from common.rules import OBJECT_GONE
from common.run import outcome_of, start
from common.settings import RunSettings, ValidatorSettings, read_validator_settings
from common.stages import Stages, peak_memory_bytes
from validator.blocks import Blocks
from validator.cleaning import write_cleaned
from validator.inspection import SMALL_BYTES, Inspector
from validator.judge import Judge
from validator.look import Inspection
from validator.publish import copy_cleaned, hand_over, upload_cleaned
from validator.source import Gone, Source
from validator.terms import Terms, read_terms
from validator.verdict import Verdict, note_verdict

_LOGGED = 20


def main(environ: Mapping[str, str], clients: Clients, clock: Clock) -> int:
    """Validate the version named in the environment and return the exit code.

    0: the cleaned form and the hand-off are published. 65: the report of the rejection is.
    75 and 78: the log says why nothing is.
    """
    log = Log(clients.out, clock, environ.get("EXECUTION_ID"))
    return outcome_of(lambda: _Validator(read_validator_settings(environ), clients, clock, log).run(), log)


class _Validator:
    """One attempt."""

    def __init__(self, settings: ValidatorSettings, clients: Clients, clock: Clock, log: Log) -> None:
        self._settings = settings
        self._run = settings.run
        self._clients = clients
        self._s3 = clients.s3
        self._clock = clock
        self._log = log
        self._stages = Stages(clock)
        self._source = Source(clients.s3, settings.run)

    def run(self) -> ExitCode:
        """Judge the version, unless an earlier attempt has."""
        run = self._run
        if handoff := read_handoff(self._s3, run):
            # An earlier attempt got this far. The transformer may have acted on it: the verdict stands.
            self._log.info("accepted by an earlier attempt", rows=handoff.rows)
            return ExitCode.DONE
        with self._stages.stage("terms"):
            terms = read_terms(self._s3, self._settings)
        self._log.info("validating", bucket=run.input_bucket, key=run.input_key, version_id=run.input_version)
        try:
            return self._validate(terms)
        except Gone:
            tally = Tally()
            tally.add(OBJECT_GONE.found())
            self._reject(Rejection(run, tally, rows_read=0, rows_rejected=0), terms)
            return ExitCode.BAD_DATA

    def _validate(self, terms: Terms) -> ExitCode:
        with tempfile.TemporaryDirectory(dir=self._settings.scratch) as name:
            folder = Path(name)
            with self._stages.stage("read"):
                self._source.open()
            judge = Judge(terms.contract, terms.names)
            inspector = Inspector(judge, folder, self._stages, seed=self._clients.rng.getrandbits(64))
            # Small files are here before a thread would be.
            is_big = self._source.size > SMALL_BYTES and self._clients.read_ahead
            inspection = inspector.inspect(lambda: self._source.body(ahead=is_big), self._source.size)
            self._tell(inspection)
            if inspection.tally.total:
                self._reject(_rejection(self._run, inspection, terms), terms, inspection.bad_rows)
                return ExitCode.BAD_DATA
            with self._stages.stage("write"):
                version_id, size = self._publish(inspection, terms, folder / "cleaned.csv")
        self._hand_over(inspection, terms, version_id, size)
        return ExitCode.DONE

    def _publish(self, inspection: Inspection, terms: Terms, path: Path) -> tuple[str, int]:
        """Publish the cleaned form; return the version id and the size that it has."""
        if inspection.is_clean:
            with self._source.needed():
                return copy_cleaned(self._s3, self._run), self._source.size
        with closing(self._source.body(ahead=False)) as body, path.open("wb") as out:
            write_cleaned(Blocks(body.read), terms.contract.names, out)
        return upload_cleaned(self._s3, self._run, path), path.stat().st_size

    def _hand_over(self, inspection: Inspection, terms: Terms, version_id: str, size: int) -> None:
        run, used, reference = self._run, terms.contract_used, terms.reference_used
        handoff = Handoff(
            execution_id=run.execution_id,
            input_bucket=run.input_bucket,
            input_key=run.input_key,
            input_version_id=run.input_version,
            input_last_modified=self._source.last_modified,
            cleaned_key=cleaned_key(run.input_key),
            cleaned_version_id=version_id,
            cleaned_bytes=size,
            rows=inspection.rows,
            contract_uri=used.uri,
            contract_version_id=used.version_id,
            contract_version=used.version,
            reference_uri=reference.uri if reference else None,
            reference_version_id=reference.version_id if reference else None,
        )
        with self._stages.stage("hand over"):
            self._note(terms, inspection.rows, 0, None)
            hand_over(self._s3, run, handoff)
        self._log.info(
            "accepted",
            rows=inspection.rows,
            cleaned=f"s3://{run.cleaned_bucket}/{handoff.cleaned_key}",
            copied=inspection.is_clean,
            **self._measured(),
        )

    def _reject(self, rejection: Rejection, terms: Terms, bad_rows: Path | None = None) -> None:
        publish_rejection(self._s3, rejection, self._log, bad_rows)
        self._note(terms, rejection.rows_read, rejection.rows_rejected, f"{rejection.prefix}.json")

    def _note(self, terms: Terms, rows: int, rows_rejected: int, report: str | None) -> None:
        verdict = Verdict(
            rows=rows,
            rows_rejected=rows_rejected,
            report=report,
            contract=terms.contract.name,
            contract_version=terms.contract.version,
            validated_at=utc_text(self._clock.now()),
            validate_seconds=self._stages.total(),
        )
        note_verdict(self._clients.dynamodb, self._settings.ledger_table, self._run, verdict, self._log)

    def _tell(self, inspection: Inspection) -> None:
        """Log the first findings, and what judging took."""
        for finding in inspection.tally.first[:_LOGGED]:
            self._log.warning(
                f"{finding.rule}: {finding.advice}",
                rule=finding.rule,
                line=finding.line,
                column=finding.column,
                value=finding.value,
            )
        self._log.info("judged", rows=inspection.rows, rows_sifted=inspection.rows_sifted, **self._measured())

    def _measured(self) -> dict[str, object]:
        return {
            "bytes": self._source.size,
            "seconds": self._stages.total(),
            "stages": self._stages.seconds(),
            "peak_memory_bytes": peak_memory_bytes(),
        }


def _rejection(run: RunSettings, inspection: Inspection, terms: Terms) -> Rejection:
    rejection = Rejection(
        run=run,
        tally=inspection.tally,
        rows_read=inspection.rows,
        rows_rejected=inspection.rows_rejected,
        contract=terms.contract_used,
        reference=terms.reference_used,
    )
    if not inspection.rows_rejected:
        return rejection
    bad_rows = BadRows(
        key=f"{rejection.prefix}.csv",
        rows=inspection.rows_rejected - inspection.left_out,
        left_out=inspection.left_out,
    )
    return replace(rejection, bad_rows=bad_rows)


if __name__ == "__main__":
    start(main)
