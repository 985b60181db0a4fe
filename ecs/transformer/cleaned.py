"""Brings pinned objects of the cleaned bucket to the scratch disk: DuckDB reads local files only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.exit_codes import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_BLOCK_BYTES = 1024 * 1024


def fetch(s3: S3Client, bucket: str, key: str, version_id: str, path: Path, size: int | None = None) -> None:
    """Stream one version of an object to a file; ``size``, when it is known, is what it must have, in bytes.

    Raises ``TryAgain`` when that version is gone, or has another size, and what botocore raises when the body
    breaks off.
    """
    where = f"version {version_id} of s3://{bucket}/{key}"
    try:
        with using("S3_CLEANED_BUCKET", bucket):
            body = s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"]
    except ClientError as error:
        if code_of(error) in OBJECT_MISSING:
            raise TryAgain(f"{where} is gone; reprocess the file") from error
        raise
    with path.open("wb") as file:
        shutil.copyfileobj(body, file, _BLOCK_BYTES)
    if size is not None and (found := path.stat().st_size) != size:
        raise TryAgain(f"{where} must have {size} bytes; found {found}; reprocess the file")
