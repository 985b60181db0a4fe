"""The objects that stand in S3 while an execution is replayed, for Maps to read and to write."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from local_aws.states.distributed.s3 import PREFIX
from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json, utf8

_MODIFIED: Final = "2024-01-01T00:00:00Z"


class Objects:
    """Objects by bucket and key: those that a case brings (`bucket`, `key`, `body`), and those written."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self._bodies: dict[tuple[str, str], str] = {(one["bucket"], one["key"]): one["body"] for one in given}

    def has_answer(self, task: TaskCall) -> bool:
        """Tell whether a call is one that a Map itself makes."""
        return task.resource.text.startswith(PREFIX)

    def answer(self, task: TaskCall) -> Json:
        """Carry out a call; raises StateError for an object that is not there."""
        asked = task.parameters
        bucket, action = asked.get("Bucket"), task.resource.action
        if action == "putObject":
            self._bodies[bucket, asked["Key"]] = asked["Body"]
            return {}
        if action == "listObjectsV2":
            prefix = asked.get("Prefix") or ""
            keys = sorted(key for where, key in self._bodies if where == bucket and key.startswith(prefix))
            return {"Contents": [self._listed(bucket, key) for key in keys], "KeyCount": len(keys)}
        if (bucket, asked.get("Key")) not in self._bodies:
            raise StateError("S3.NoSuchKeyException", "The specified key does not exist.")
        return {"Body": self._bodies[bucket, asked["Key"]]}

    def _listed(self, bucket: str, key: str) -> Json:
        body = utf8(self._bodies[bucket, key])
        return {
            "Key": key,
            "LastModified": _MODIFIED,
            "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "Size": len(body),
            "StorageClass": "STANDARD",
        }
