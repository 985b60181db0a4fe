"""Publishes why a file was rejected, where the notification and people look for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.aws_errors import using
from common.log import Log
from common.report import Rejection

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def publish_rejection(s3: S3Client, rejection: Rejection, log: Log, bad_rows: Path | None = None) -> None:
    """Write ``.csv`` (when there are bad rows), ``.json`` and ``.summary.txt``, and log what they say."""
    bucket = rejection.run.cleaned_bucket
    with using("S3_CLEANED_BUCKET", bucket):
        if bad_rows and rejection.bad_rows:
            with bad_rows.open("rb") as body:
                s3.put_object(Bucket=bucket, Key=rejection.bad_rows.key, Body=body, ContentType="text/csv")
        report = f"{rejection.prefix}.json"
        s3.put_object(Bucket=bucket, Key=report, Body=rejection.report(), ContentType="application/json")
        s3.put_object(
            Bucket=bucket,
            Key=f"{rejection.prefix}.summary.txt",
            Body=rejection.summary(),
            ContentType="text/plain; charset=utf-8",
        )
    log.failure(
        "rejected",
        rows=rejection.rows_read,
        rows_rejected=rejection.rows_rejected,
        counts=dict(rejection.tally.by_rule.most_common()),
        report=f"s3://{bucket}/{report}",
    )
