"""The version of the file that is judged, read as often as need be and always the same one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.clock import utc_text
from common.exit_codes import WrongSettings
from common.settings import RunSettings
from validator.blocks import Body, ReadAhead

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef


class Gone(Exception):  # noqa: N818 - it is an outcome of its own, not a fault in the code
    """The version was permanently deleted."""


class Source:
    """The pinned version; ``size`` is in bytes and ``last_modified`` in UTC."""

    def __init__(self, s3: S3Client, run: RunSettings) -> None:
        self._s3 = s3
        self._run = run
        self._unread: GetObjectOutputTypeDef | None = None
        self.size = 0
        self.last_modified = ""

    def open(self) -> None:
        """Ask for the version, to know its size before it is read."""
        answer = self._get()
        self._unread = answer
        self.size = answer["ContentLength"]
        self.last_modified = utc_text(answer["LastModified"])

    def body(self, *, ahead: bool) -> Body:
        """Return the version from its first byte on; ``ahead`` lets a thread read it ahead."""
        answer, self._unread = self._unread or self._get(), None
        return ReadAhead(answer["Body"]) if ahead else answer["Body"]

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Run calls that read the version; raises ``Gone`` when they find that it is no longer there."""
        try:
            yield
        except ClientError as error:
            if code_of(error) in OBJECT_MISSING:
                raise Gone from error
            raise

    def _get(self) -> GetObjectOutputTypeDef:
        run = self._run
        try:
            with self.needed(), using("S3_INPUT_BUCKET", run.input_bucket):
                return self._s3.get_object(
                    Bucket=run.input_bucket, Key=run.input_key, VersionId=run.input_version
                )
        except ClientError as error:
            if code_of(error) == "InvalidArgument":
                problem = f"{run.input_version!r} is no version id of S3"
                raise WrongSettings([f"S3_INPUT_VERSION: {problem}"]) from error
            raise
