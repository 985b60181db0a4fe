"""Settings of the containers, read from the environment, with every problem named at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.exit_codes import WrongSettings

#: S3's own rule for names of buckets, and DynamoDB's for tables.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
#: What Step Functions allows in the name of an execution, less what would be a folder in S3.
_EXECUTION = re.compile(r"[^\s/<>{}\[\]?*\"#%\\^|~`$&,;:\x00-\x1f\x7f-\x9f]{1,80}")
_MEMORY = re.compile(r"51[2-9]|5[2-9][0-9]|[6-9][0-9]{2}|[1-9][0-9]{3,5}")
_S3_URI = re.compile(r"s3://([^/]+)/(.+?)(?:\?versionId=([^?&#\s]+))?", re.DOTALL)


@dataclass(frozen=True)
class S3Uri:
    """An object, written ``s3://bucket/key``, or one version of it: ``s3://bucket/key?versionId=id``."""

    bucket: str
    key: str
    version: str | None = None

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")


@dataclass(frozen=True)
class RunSettings:
    """What both containers are told: the version of the file, where results go, and whose run it is."""

    input_bucket: str
    input_key: str
    input_version: str
    cleaned_bucket: str
    execution_id: str


@dataclass(frozen=True)
class ValidatorSettings:
    """What the validator is told. ``reference`` is None for a contract without a reference list."""

    run: RunSettings
    contract: S3Uri
    reference: S3Uri | None
    ledger_table: str
    scratch: Path


@dataclass(frozen=True)
class TransformerSettings:
    """What the transformer is told."""

    run: RunSettings
    order_table: str
    category_table: str
    ledger_table: str
    scratch: Path
    memory_mib: int


def read_validator_settings(environ: Mapping[str, str]) -> ValidatorSettings:
    """Return the validator's settings, or raise ``WrongSettings`` with all that is wrong with them."""
    reader = _Reader(environ)
    settings = ValidatorSettings(
        reader.run(),
        contract=reader.s3_uri("CONTRACT_URI"),
        reference=reader.s3_uri("REFERENCE_URI") if environ.get("REFERENCE_URI") else None,
        ledger_table=reader.matching("LEDGER_TABLE", _TABLE, "a DynamoDB table name"),
        scratch=reader.folder("SCRATCH_DIR", "/scratch"),
    )
    reader.finish()
    return settings


def read_transformer_settings(environ: Mapping[str, str]) -> TransformerSettings:
    """Return the transformer's settings, or raise ``WrongSettings`` with all that is wrong with them."""
    reader = _Reader(environ)
    settings = TransformerSettings(
        reader.run(),
        order_table=reader.matching("ORDER_KPI_TABLE", _TABLE, "a DynamoDB table name"),
        category_table=reader.matching("CATEGORY_KPI_TABLE", _TABLE, "a DynamoDB table name"),
        ledger_table=reader.matching("LEDGER_TABLE", _TABLE, "a DynamoDB table name"),
        scratch=reader.folder("SCRATCH_DIR", "/scratch"),
        memory_mib=reader.mebibytes("MEMORY_MIB"),
    )
    reader.finish()
    return settings


class _Reader:
    """Collects problems, so that a person mends them all in one go."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []

    def run(self) -> RunSettings:
        return RunSettings(
            input_bucket=self.matching("S3_INPUT_BUCKET", _BUCKET, "an S3 bucket name"),
            input_key=self._key("S3_INPUT_KEY"),
            input_version=self._version("S3_INPUT_VERSION"),
            cleaned_bucket=self.matching("S3_CLEANED_BUCKET", _BUCKET, "an S3 bucket name"),
            execution_id=self.matching("EXECUTION_ID", _EXECUTION, "the name of an execution"),
        )

    def matching(self, name: str, pattern: re.Pattern[str], meaning: str) -> str:
        value = self._text(name)
        if value and not pattern.fullmatch(value):
            self._problems.append(f"{name} must be {meaning}; found {value[:200]!r}")
        return value

    def mebibytes(self, name: str) -> int:
        value = self.matching(name, _MEMORY, "the task's memory in MiB, at least 512")
        return int(value) if _MEMORY.fullmatch(value) else 0

    def s3_uri(self, name: str) -> S3Uri:
        value = self._text(name)
        match = _S3_URI.fullmatch(value)
        if value and (match is None or not _BUCKET.fullmatch(match[1]) or match[2].endswith("?versionId=")):
            forms = "s3://bucket/key or s3://bucket/key?versionId=id"
            self._problems.append(f"{name} must look like {forms}; found {value[:200]!r}")
        return S3Uri(match[1], match[2], match[3]) if match else S3Uri("", "")

    def folder(self, name: str, default: str) -> Path:
        path = Path(self._environ.get(name) or default)
        if not (path.is_dir() and os.access(path, os.W_OK)):
            self._problems.append(f"{name} must be a folder this user can write to; found {str(path)!r}")
        return path

    def finish(self) -> None:
        if self._problems:
            raise WrongSettings(self._problems)

    def _text(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            self._problems.append(f"{name} is not set")
        return value

    def _key(self, name: str) -> str:
        value = self._text(name)
        if len(value.encode("utf-8", "surrogateescape")) > 1000:
            # 24 bytes are left of S3's 1,024 for the longest prefix under which results are written.
            self._problems.append(f"{name} must be at most 1,000 bytes long; found {len(value.encode())}")
        return value

    def _version(self, name: str) -> str:
        value = self._text(name)
        if value == "null":
            problem = f"{name} is 'null': the object has no version, so what is read cannot be pinned;"
            self._problems.append(
                f"{problem} switch versioning on in the input bucket and upload the file again"
            )
        return value
