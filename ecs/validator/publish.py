"""Publishes an accepted file: its cleaned form, and the hand-off that tells the transformer of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.aws_errors import using
from common.exit_codes import WrongSettings
from common.handoff import Handoff
from common.names import cleaned_key, handoff_key
from common.settings import RunSettings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONTENT_TYPE = "text/csv; charset=utf-8"


def copy_cleaned(s3: S3Client, run: RunSettings) -> str:
    """Publish the version as it is, without its bytes passing through here; return the copy's version id."""
    with using("S3_CLEANED_BUCKET", run.cleaned_bucket):
        answer = s3.copy_object(
            Bucket=run.cleaned_bucket,
            Key=cleaned_key(run.input_key),
            CopySource={"Bucket": run.input_bucket, "Key": run.input_key, "VersionId": run.input_version},
            # Whoever uploaded the file may have given it any metadata and tags; the copy is ours.
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",
            ContentType=_CONTENT_TYPE,
        )
    return _version_id(answer.get("VersionId"), run)


def upload_cleaned(s3: S3Client, run: RunSettings, path: Path) -> str:
    """Publish what was rewritten; return the version id that it got."""
    # One PUT, not boto3's managed upload: that has threads of its own and does not tell the version it made.
    with using("S3_CLEANED_BUCKET", run.cleaned_bucket), path.open("rb") as body:
        answer = s3.put_object(
            Bucket=run.cleaned_bucket, Key=cleaned_key(run.input_key), Body=body, ContentType=_CONTENT_TYPE
        )
    return _version_id(answer.get("VersionId"), run)


def hand_over(s3: S3Client, run: RunSettings, handoff: Handoff) -> None:
    """Tell the transformer of this execution that the version is good, and what it is to read."""
    with using("S3_CLEANED_BUCKET", run.cleaned_bucket):
        s3.put_object(
            Bucket=run.cleaned_bucket,
            Key=handoff_key(run.execution_id),
            Body=handoff.to_json(),
            ContentType="application/json",
        )


def _version_id(found: str | None, run: RunSettings) -> str:
    if not found:
        problem = f"{run.cleaned_bucket!r} is not versioned; switch versioning on"
        raise WrongSettings([f"S3_CLEANED_BUCKET: {problem}"])
    return found
