"""Where things are: the keys in the cleaned bucket and in the ledger."""

from __future__ import annotations

import hashlib


def file_id(bucket: str, key: str) -> str:
    """Return the id of a file (not of a version): 32 hex digits of SHA-256 of ``bucket/key``."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


def cleaned_key(input_key: str) -> str:
    """Return where the cleaned form of a file is published; it holds the whole input key."""
    return f"cleaned/{input_key}"


def handoff_key(execution_id: str) -> str:
    """Return where the validator of an execution tells its transformer that the file is good."""
    return f"handoff/{execution_id}.json"


def rejected_prefix(bucket: str, key: str, execution_id: str) -> str:
    """Return the key of what is written about a rejected file, but for the ending."""
    return f"rejected/{file_id(bucket, key)}/{execution_id}"


def parts_prefix(file: str, version_id: str, execution_id: str) -> str:
    """Return the key of what an execution makes of a version, but for the ending; ``file`` is a file id."""
    return f"parts/{file}/{version_id}/{execution_id}"


def part_key(file: str, version_id: str, execution_id: str, date: str) -> str:
    """Return where the rows of one day of a version are, written once and private."""
    return f"{parts_prefix(file, version_id, execution_id)}/{date}.parquet"


def parts_index_key(file: str, version_id: str, execution_id: str) -> str:
    """Return where the list of an execution's parts is: what a commit that was cut short is finished from."""
    return f"{parts_prefix(file, version_id, execution_id)}/index.json"


def manifest_key(date: str, revision: str) -> str:
    """Return where the list of the parts that make up a day is, for one revision of the day."""
    return f"manifests/{date}/{revision}.json"


def curated_key(date: str, file: str) -> str:
    """Return where the rows that a file has of a day are published for everybody to query."""
    return f"curated/order_date={date}/{file}.parquet"
