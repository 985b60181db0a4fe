"""The hand-off: the validator's word to the transformer of the same execution that a version is good."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import code_of, using
from common.exit_codes import WrongSettings
from common.names import handoff_key
from common.settings import RunSettings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


#: Raised whenever a release cannot read what another one wrote.
FORMAT = 2


@dataclass(frozen=True)
class Handoff:
    """What was read, and what was published of it.

    ``input_last_modified`` orders the versions of a file; it stands here so that only the validator has to
    read the input bucket. ``contract_version`` is the contract's own word, ``contract_version_id`` S3's, None
    when its bucket is not versioned; likewise for the reference list, which not every contract asks for.
    """

    execution_id: str
    input_bucket: str
    input_key: str
    input_version_id: str
    input_last_modified: str
    cleaned_key: str
    cleaned_version_id: str
    cleaned_bytes: int
    rows: int
    contract_uri: str
    contract_version_id: str | None
    contract_version: str
    reference_uri: str | None
    reference_version_id: str | None
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return the hand-off as it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2).encode() + b"\n"


def read_handoff(s3: S3Client, run: RunSettings) -> Handoff | None:
    """Return the hand-off of this execution, or None when there is none yet.

    Raises ``WrongSettings`` when it is about another version of a file, or written by another release:
    waiting would not change it.
    """
    key = handoff_key(run.execution_id)
    try:
        with using("S3_CLEANED_BUCKET", run.cleaned_bucket):
            body = s3.get_object(Bucket=run.cleaned_bucket, Key=key)["Body"].read()
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return None
        raise
    try:
        handoff = Handoff(**json.loads(body))
    except (ValueError, TypeError) as error:
        raise WrongSettings([f"{key} is not a hand-off of this release: {error}"]) from error
    _refuse_another(handoff, run, key)
    return handoff


def _refuse_another(handoff: Handoff, run: RunSettings, key: str) -> None:
    told = (
        ("S3_INPUT_BUCKET", run.input_bucket, handoff.input_bucket),
        ("S3_INPUT_KEY", run.input_key, handoff.input_key),
        ("S3_INPUT_VERSION", run.input_version, handoff.input_version_id),
        ("EXECUTION_ID", run.execution_id, handoff.execution_id),
    )
    problems = [
        f"{name} is {ours!r}, but {key} is of {theirs!r}" for name, ours, theirs in told if ours != theirs
    ]
    if handoff.format != FORMAT:
        problems.append(f"{key} is of format {handoff.format}; this release knows {FORMAT}")
    if problems:
        raise WrongSettings(problems)
