"""The validator's entry point: judge one version of an order file; publish it, or say why not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common import rules
from common.aws_errors import OBJECT_MISSING, code_of, using
from common.clients import Clients
from common.clock import Clock, utc_text
from common.exit_codes import ExitCode, WrongSettings
from common.handoff import read_handoff
from common.log import Log
from common.records import buffered
from common.rejection import publish_rejection
from common.report import BadRows, Rejection, Tally
from common.run import outcome_of, start
from common.settings import RunSettings, ValidatorSettings, read_validator_settings
from validator.inspection import Inspection, Inspector
from validator.publish import publish_cleaned
from validator.reference import Reference, read_reference
from validator.rows import RowJudge

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef


def main(environ: Mapping[str, str], clients: Clients, clock: Clock) -> int:
    """Validate the version named in the environment and return the exit code.

    0: the cleaned form and the hand-off are published. 65: the report of the rejection is.
    75 and 78: the log says why nothing is.
    """
    log = Log(clients.out, clock, environ.get("EXECUTION_ID"))
    return outcome_of(lambda: _validate(read_validator_settings(environ), clients.s3, log), log)


def _validate(settings: ValidatorSettings, s3: S3Client, log: Log) -> ExitCode:
    run = settings.run
    if handoff := read_handoff(s3, run):
        # An earlier attempt got this far. The transformer may have acted on it: the verdict stands.
        log.info("accepted by an earlier attempt", rows=handoff.rows)
        return ExitCode.DONE
    reference = read_reference(s3, settings.reference)
    log.info("validating", bucket=run.input_bucket, key=run.input_key, version_id=run.input_version)
    answer = _open_input(s3, run)
    if answer is None:
        tally = Tally()
        tally.add(rules.OBJECT_GONE.found())
        publish_rejection(s3, Rejection(run, tally, rows_read=0, rows_rejected=0), log)
        return ExitCode.BAD_DATA
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        inspector = Inspector(RowJudge(reference.categories), Path(folder), log)
        inspection = inspector.inspect(buffered(answer["Body"]))
        if inspection.tally.total:
            publish_rejection(s3, _rejection(run, inspection, reference), log, inspection.bad_rows)
            return ExitCode.BAD_DATA
        handoff = publish_cleaned(s3, run, inspection, reference, utc_text(answer["LastModified"]))
    log.info("accepted", rows=handoff.rows, cleaned=f"s3://{run.cleaned_bucket}/{handoff.cleaned_key}")
    return ExitCode.DONE


def _open_input(s3: S3Client, run: RunSettings) -> GetObjectOutputTypeDef | None:
    """Return the answer whose body is the pinned version, or None when that version is gone."""
    try:
        with using("S3_INPUT_BUCKET", run.input_bucket):
            return s3.get_object(Bucket=run.input_bucket, Key=run.input_key, VersionId=run.input_version)
    except ClientError as error:
        if code_of(error) in OBJECT_MISSING:
            return None
        if code_of(error) == "InvalidArgument":
            raise WrongSettings(
                [f"S3_INPUT_VERSION: {run.input_version!r} is no version id of S3"]
            ) from error
        raise


def _rejection(run: RunSettings, inspection: Inspection, reference: Reference) -> Rejection:
    rejection = Rejection(
        run=run,
        tally=inspection.tally,
        rows_read=inspection.rows,
        rows_rejected=inspection.rows_rejected,
        reference_uri=str(reference.uri),
        reference_version_id=reference.version_id,
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
