"""The objects behind the numbers: parts, indexes and manifests, written once and read by their version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.exit_codes import TryAgain, WrongSettings
from transformer.cleaned import fetch
from transformer.manifests import Index, Manifest, Pin, parse_index, parse_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef


class Store:
    """The cleaned bucket. Every read names a version, so that nobody can change what numbers were made of."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, key: str, body: bytes) -> Pin:
        """Write an object and return what was written."""
        with using("S3_CLEANED_BUCKET", self.bucket):
            answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return self._pin(key, answer.get("VersionId"))

    def put_file(self, key: str, path: Path) -> Pin:
        """Write a local file as an object and return what was written."""
        with using("S3_CLEANED_BUCKET", self.bucket), path.open("rb") as body:
            answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return self._pin(key, answer.get("VersionId"))

    def manifest(self, pin: Pin) -> Manifest:
        """Return a manifest."""
        try:
            return parse_manifest(self._read(pin))
        except ValueError as error:
            raise WrongSettings([f"s3://{self.bucket}/{pin.key} cannot be used: {error}"]) from error

    def index(self, pin: Pin) -> Index:
        """Return an index."""
        try:
            return parse_index(self._read(pin))
        except ValueError as error:
            raise WrongSettings([f"s3://{self.bucket}/{pin.key} cannot be used: {error}"]) from error

    def fetch(self, pin: Pin, path: Path, size: int | None = None) -> None:
        """Copy an object into a local file; ``size``, in bytes, is what it is known to have."""
        fetch(self._s3, self.bucket, pin.key, pin.version_id, path, size)

    def copy(self, pin: Pin, key: str) -> None:
        """Copy an object to another key; S3 does it, and no byte passes through here."""
        source: CopySourceTypeDef = {"Bucket": self.bucket, "Key": pin.key, "VersionId": pin.version_id}
        with using("S3_CLEANED_BUCKET", self.bucket):
            # Parts have no tags; asking for them would take a right to read them.
            self._s3.copy_object(Bucket=self.bucket, Key=key, CopySource=source, TaggingDirective="REPLACE")

    def delete(self, key: str) -> None:
        """Put a delete marker on a key; it need not be there."""
        with using("S3_CLEANED_BUCKET", self.bucket):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def _read(self, pin: Pin) -> bytes:
        try:
            with using("S3_CLEANED_BUCKET", self.bucket):
                answer = self._s3.get_object(Bucket=self.bucket, Key=pin.key, VersionId=pin.version_id)
                return answer["Body"].read()
        except ClientError as error:
            if code_of(error) in OBJECT_MISSING:
                place = f"version {pin.version_id} of s3://{self.bucket}/{pin.key}"
                raise TryAgain(f"{place} is gone, and the ledger names it; restore it") from error
            raise

    def _pin(self, key: str, version_id: str | None) -> Pin:
        if version_id is None:
            problem = f"S3_CLEANED_BUCKET: {self.bucket!r} keeps no versions; switch versioning on"
            raise WrongSettings([problem])
        return Pin(key, version_id)
