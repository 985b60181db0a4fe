"""Publishes an accepted file: its cleaned form, and the hand-off that tells the transformer of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.aws_errors import using
from common.exit_codes import WrongSettings
from common.handoff import Handoff
from common.names import cleaned_key, handoff_key
from common.settings import RunSettings
from validator.inspection import Inspection
from validator.reference import Reference

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def publish_cleaned(
    s3: S3Client, run: RunSettings, inspection: Inspection, reference: Reference, last_modified: str
) -> Handoff:
    """Publish the cleaned form and then, as the last act, the hand-off that names this very version of it."""
    key = cleaned_key(run.input_key)
    version_id = _upload(s3, run.cleaned_bucket, key, inspection.cleaned)
    handoff = Handoff(
        execution_id=run.execution_id,
        input_bucket=run.input_bucket,
        input_key=run.input_key,
        input_version_id=run.input_version,
        input_last_modified=last_modified,
        cleaned_key=key,
        cleaned_version_id=version_id,
        cleaned_sha256=inspection.sha256,
        rows=inspection.rows,
        rejected=0,
        reference_uri=str(reference.uri),
        reference_version_id=reference.version_id,
    )
    with using("S3_CLEANED_BUCKET", run.cleaned_bucket):
        s3.put_object(
            Bucket=run.cleaned_bucket,
            Key=handoff_key(run.execution_id),
            Body=handoff.to_json(),
            ContentType="application/json",
        )
    return handoff


def _upload(s3: S3Client, bucket: str, key: str, path: Path) -> str:
    """Return the version id of what was uploaded."""
    # One PUT, not boto3's managed upload: that has threads of its own and does not tell the version it made.
    with using("S3_CLEANED_BUCKET", bucket), path.open("rb") as body:
        answer = s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/csv; charset=utf-8")
    version_id = answer.get("VersionId")
    if not version_id:
        raise WrongSettings([f"S3_CLEANED_BUCKET: {bucket!r} is not versioned; switch versioning on"])
    return version_id
