"""The reference list: the categories that an order may name, read from the products file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.exit_codes import WrongSettings
from common.records import Record, buffered, read_records
from common.settings import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_COLUMN = "category"


@dataclass(frozen=True)
class Reference:
    """The categories, and the version of the list they were read from (None in an unversioned bucket).

    ``uri`` names the list, whatever its version.
    """

    uri: S3Uri
    version_id: str | None
    categories: frozenset[str]


def read_reference(s3: S3Client, uri: S3Uri) -> Reference:
    """Read the list: the ``category`` column of a CSV file; its other columns do not matter.

    A ``uri`` with a version is read in that version, one without in its newest. Raises ``WrongSettings``
    when it is not there or is no such list.
    """
    answer = _open(s3, uri)
    records = read_records(buffered(answer["Body"]))
    header = next(records, None)
    if header is None or _COLUMN not in header.fields:
        raise WrongSettings([f"REFERENCE_URI: {uri} has no column named {_COLUMN!r}"])
    position = header.fields.index(_COLUMN)
    categories = frozenset(_category(record, position, uri) for record in records) - {""}
    if not categories:
        raise WrongSettings([f"REFERENCE_URI: {uri} names no category"])
    return Reference(replace(uri, version=None), answer.get("VersionId"), categories)


def _open(s3: S3Client, uri: S3Uri) -> GetObjectOutputTypeDef:
    try:
        with using("REFERENCE_URI", str(uri)):
            if uri.version is None:
                return s3.get_object(Bucket=uri.bucket, Key=uri.key)
            return s3.get_object(Bucket=uri.bucket, Key=uri.key, VersionId=uri.version)
    except ClientError as error:
        if code_of(error) in OBJECT_MISSING:
            raise WrongSettings([f"REFERENCE_URI: there is no object {uri}"]) from error
        if code_of(error) == "InvalidArgument":
            raise WrongSettings([f"REFERENCE_URI: {uri.version!r} is no version id of S3"]) from error
        raise


def _category(record: Record, position: int, uri: S3Uri) -> str:
    if record.fault or position >= len(record.fields):
        rule = record.fault.name if record.fault else "field_count"
        raise WrongSettings([f"REFERENCE_URI: line {record.line} of {uri} cannot be read ({rule})"])
    return record.fields[position].strip()
