"""The reference list: what a column may name, read from one column of another CSV file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from common.aws_errors import OBJECT_MISSING, code_of, using
from common.exit_codes import WrongSettings
from common.records import Record, buffered, read_records
from common.settings import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

#: A day is one transaction, and one of DynamoDB takes 100 actions: the day's head, its totals, the ledger's
#: item, a total for each category, and what is left is room to grow.
MOST_NAMES = 90


@dataclass(frozen=True)
class Reference:
    """The names on the list, and the version of it they were read from (None in an unversioned bucket).

    ``uri`` names the list, whatever its version.
    """

    uri: S3Uri
    version_id: str | None
    names: frozenset[str]


def read_reference(s3: S3Client, uri: S3Uri, column: str) -> Reference:
    """Read a column of the list; its other columns do not matter.

    A ``uri`` with a version is read in that version, one without in its newest. Raises ``WrongSettings``
    when it is not there or is no such list.
    """
    answer = open_document(s3, "REFERENCE_URI", uri)
    names = read_names(buffered(answer["Body"]), column, str(uri))
    return Reference(replace(uri, version=None), answer.get("VersionId"), names)


def read_names(stream: BinaryIO, column: str, source: str) -> frozenset[str]:
    """Return the names in a column of a CSV file; ``source`` says in errors where it came from.

    Raises ``WrongSettings`` when the file cannot be read, has no such column, or too many names, or none.
    """
    records = read_records(stream)
    header = next(records, None)
    if header is None or column not in header.fields:
        raise WrongSettings([f"REFERENCE_URI: {source} has no column named {column!r}"])
    position = header.fields.index(column)
    names: set[str] = set()
    for record in records:
        if name := _name(record, position, source):
            names.add(name)
        if len(names) > MOST_NAMES:
            problem = f"{source} names more than {MOST_NAMES} in its column {column!r}"
            why = "a day is one transaction of DynamoDB, which takes 100 actions"
            raise WrongSettings([f"REFERENCE_URI: {problem}, and {why}; use fewer"])
    if not names:
        raise WrongSettings([f"REFERENCE_URI: {source} names no {column}"])
    return frozenset(names)


def open_document(s3: S3Client, setting: str, uri: S3Uri) -> GetObjectOutputTypeDef:
    """Open what a setting names, or raise ``WrongSettings`` naming the setting when it is not there."""
    try:
        with using(setting, str(uri)):
            if uri.version is None:
                return s3.get_object(Bucket=uri.bucket, Key=uri.key)
            return s3.get_object(Bucket=uri.bucket, Key=uri.key, VersionId=uri.version)
    except ClientError as error:
        if code_of(error) in OBJECT_MISSING:
            raise WrongSettings([f"{setting}: there is no object {uri}"]) from error
        if code_of(error) == "InvalidArgument":
            raise WrongSettings([f"{setting}: {uri.version!r} is no version id of S3"]) from error
        raise


def _name(record: Record, position: int, source: str) -> str:
    if record.fault or position >= len(record.fields):
        rule = record.fault.name if record.fault else "field_count"
        raise WrongSettings([f"REFERENCE_URI: line {record.line} of {source} cannot be read ({rule})"])
    return record.fields[position].strip()
