"""Reads the cleaned form of a file, the very version the hand-off names, and makes sure of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.exit_codes import TryAgain
from common.handoff import Handoff
from common.orders import COLUMNS
from common.records import read_records

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client


def read_cleaned(s3: S3Client, bucket: str, handoff: Handoff) -> Iterator[Sequence[str]]:
    """Yield the rows, cells in the order of ``COLUMNS``.

    Raises ``TryAgain`` when that version is gone, or, at the end, when it is not what the validator wrote.
    """
    key, version_id = handoff.cleaned_key, handoff.cleaned_version_id
    try:
        with using("S3_CLEANED_BUCKET", bucket):
            body = s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"]
    except ClientError as error:
        if code_of(error) in OBJECT_MISSING:
            raise TryAgain(
                f"version {version_id} of s3://{bucket}/{key} is gone; reprocess the file"
            ) from error
        raise
    stream = _Digested(body)
    records = read_records(io.BufferedReader(stream, 1024 * 1024))
    header, rows = next(records, None), 0
    for record in records:
        rows += 1
        yield record.fields
    names = tuple(header.fields) if header else ()
    if (stream.hexdigest(), rows, names) != (handoff.cleaned_sha256, handoff.rows, COLUMNS):
        raise TryAgain(f"s3://{bucket}/{key} is not what the hand-off says; reprocess the file")


class _Digested(io.RawIOBase):
    """A body that computes the SHA-256 of what is read from it."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._body.read(len(view))
        self._sha256.update(data)
        view[: len(data)] = data
        return len(data)

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()
