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
