"""S3 and DynamoDB in memory, as far as the pipeline uses them: a call takes microseconds.

What is not modelled here is refused by name, so that it cannot be wrong in silence. `test_memory_aws.py`
compares it with the local AWS.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from tests.properties.clients import Answer
from tests.properties.expressions import InvalidExpression, Item, condition, update

TABLES = {
    "OrderKPIs": ("order_date",),
    "CategoryKPIs": ("category", "order_date"),
    "PipelineFiles": ("pk", "sk"),
}
_MOST_ACTIONS = 100
_MOST_BYTES = 4 * 1024 * 1024
_TOKEN_SECONDS = 600
#: What changes nothing that anybody here asks for later.
_IGNORED = {"ContentType", "MetadataDirective", "Tagging", "TaggingDirective"}
_KNOWN = {
    "put_object": {"Bucket", "Key", "Body"},
    "get_object": {"Bucket", "Key", "VersionId"},
    "head_object": {"Bucket", "Key", "VersionId"},
    "copy_object": {"Bucket", "Key", "CopySource"},
    "delete_object": {"Bucket", "Key", "VersionId"},
    "list_object_versions": {"Bucket"},
    "list_objects_v2": {"Bucket", "Prefix", "Delimiter"},
    "get_item": {"TableName", "Key", "ConsistentRead"},
    "put_item": {"TableName", "Item"},
    "delete_item": {"TableName", "Key"},
    "update_item": {"TableName", "Key", "UpdateExpression"},
    "batch_get_item": {"RequestItems"},
    "query": {"TableName", "KeyConditionExpression", "ConsistentRead"},
    "scan": {"TableName", "FilterExpression", "ProjectionExpression", "ConsistentRead"},
    "transact_write_items": {"TransactItems", "ClientRequestToken"},
}
_EXPRESSIONS = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}


class Stored(NamedTuple):
    """A version of an object; without a body it is a delete marker."""

    version_id: str
    body: bytes | None
    last_modified: datetime


class MemoryAws:
    """An AWS whose buckets all keep versions."""

    def __init__(self, seed: int = 0, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - version ids
        self._now = now
        self.objects: dict[tuple[str, str], list[Stored]] = {}
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in TABLES}
        self.written: list[tuple[str, tuple[str, ...]]] = []  # the items that the last call changed
        self._tokens: dict[str, tuple[datetime, str]] = {}

    def call(self, service: str, method: str, parameters: Mapping[str, Any]) -> Answer:
        """Carry out one call as a boto3 client's method would."""
        given = {name: value for name, value in parameters.items() if name not in _IGNORED}
        known = _KNOWN.get(method, set()) | (_EXPRESSIONS if service == "dynamodb" else set())
        if unknown := set(given) - known:
            raise NotImplementedError(f"{service}.{method} with {sorted(unknown)}")
        self.written = []
        try:
            answer: Answer = getattr(self, f"_{method}")(given)
        except InvalidExpression as error:
            raise aws_error("ValidationException", method, str(error)) from error
        return answer

    def current(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Return the objects of a bucket, without versions and delete markers."""
        return {
            key: versions[-1].body
            for (name, key), versions in sorted(self.objects.items())
            if name == bucket and key.startswith(prefix) and versions[-1].body is not None
        }

    # S3. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html

    def _put_object(self, given: Answer) -> Answer:
        body = given.get("Body", b"")
        return self._store(given, body if isinstance(body, bytes) else body.read())

    def _get_object(self, given: Answer) -> Answer:
        found = self._find(given["Bucket"], given["Key"], given.get("VersionId"), "GetObject")
        body = found.body or b""
        return {"Body": io.BytesIO(body), "ContentLength": len(body), **_described(found)}

    def _head_object(self, given: Answer) -> Answer:
        found = self._find(given["Bucket"], given["Key"], given.get("VersionId"), "HeadObject")
        return {"ContentLength": len(found.body or b""), **_described(found)}

    def _copy_object(self, given: Answer) -> Answer:
        source = given["CopySource"]
        found = self._find(source["Bucket"], source["Key"], source.get("VersionId"), "CopyObject")
        return self._store(given, found.body)

    def _delete_object(self, given: Answer) -> Answer:
        if "VersionId" not in given:
            return {**self._store(given, None), "DeleteMarker": True}
        place = given["Bucket"], given["Key"]
        left = [found for found in self.objects.pop(place, []) if found.version_id != given["VersionId"]]
        if left:
            self.objects[place] = left
        return {"VersionId": given["VersionId"]}

    def _list_object_versions(self, given: Answer) -> Answer:
        found: dict[str, list[Answer]] = {"Versions": [], "DeleteMarkers": []}
        for (bucket, key), versions in sorted(self.objects.items()):
            for each in reversed(versions if bucket == given["Bucket"] else []):
                kind = "DeleteMarkers" if each.body is None else "Versions"
                found[kind].append({"Key": key, "VersionId": each.version_id})
        return {**{kind: listed for kind, listed in found.items() if listed}, "IsTruncated": False}

    def _list_objects_v2(self, given: Answer) -> Answer:
        prefix, delimiter = given.get("Prefix", ""), given.get("Delimiter")
        objects = self.current(given["Bucket"], prefix)
        ends = {key: key.find(delimiter, len(prefix)) for key in objects} if delimiter else {}
        folders = {key[: end + len(str(delimiter))] for key, end in ends.items() if end >= 0}
        return {
            "Contents": [
                {"Key": key, "ETag": _etag(body)} for key, body in objects.items() if ends.get(key, -1) < 0
            ],
            "CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)],
            "IsTruncated": False,
        }

    def _store(self, given: Answer, body: bytes | None) -> Answer:
        version_id = f"{self._rng.getrandbits(64):016x}"
        versions = self.objects.setdefault((given["Bucket"], given["Key"]), [])
        versions.append(Stored(version_id, body, self._now()))
        return {"VersionId": version_id}

    def _find(self, bucket: str, key: str, version_id: str | None, operation: str) -> Stored:
        versions = self.objects.get((bucket, key), [])
        if version_id is None:
            if not versions or versions[-1].body is None:
                raise aws_error("NoSuchKey", operation, "The specified key does not exist.", 404)
            return versions[-1]
        for version in versions:
            if version.version_id == version_id:
                if version.body is None:
                    raise aws_error("MethodNotAllowed", operation, "It is a delete marker.", 405)
                return version
        raise aws_error("NoSuchVersion", operation, "The specified version does not exist.", 404)

    # DynamoDB. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations.html

    def _get_item(self, given: Answer) -> Answer:
        item = self._table(given).get(_key(given["TableName"], given["Key"]))
        return {"Item": dict(item)} if item is not None else {}

    def _batch_get_item(self, given: Answer) -> Answer:
        answers = {
            table: [self._get_item({"TableName": table, "Key": key}).get("Item") for key in asked["Keys"]]
            for table, asked in given["RequestItems"].items()
        }
        return {"Responses": {table: [item for item in items if item] for table, items in answers.items()}}

    def _query(self, given: Answer) -> Answer:
        values = {value.get("S") for value in given["ExpressionAttributeValues"].values()}
        partition = {key: item for key, item in self._table(given).items() if key[0] in values}
        return {"Items": self._matching(given, given["KeyConditionExpression"], partition)}

    def _scan(self, given: Answer) -> Answer:
        names = [name.strip() for name in given.get("ProjectionExpression", "").split(",") if name]
        items = self._matching(given, given.get("FilterExpression"), self._table(given))
        projected = [{name: item[name] for name in names if name in item} for item in items]
        return {"Items": projected if names else items}

    def _put_item(self, given: Answer) -> Answer:
        return self._single("Put", given, "PutItem")

    def _update_item(self, given: Answer) -> Answer:
        return self._single("Update", given, "UpdateItem")

    def _delete_item(self, given: Answer) -> Answer:
        return self._single("Delete", given, "DeleteItem")

    def _transact_write_items(self, given: Answer) -> Answer:
        actions = given["TransactItems"]
        body = json.dumps(actions, sort_keys=True)
        operation = "TransactWriteItems"
        if not 1 <= len(actions) <= _MOST_ACTIONS or len(body.encode()) > _MOST_BYTES:
            raise aws_error("ValidationException", operation, f"{len(actions)} actions, {len(body)} bytes")
        if token := given.get("ClientRequestToken"):
            began, before = self._tokens.get(token, (None, ""))
            if began and (self._now() - began).total_seconds() < _TOKEN_SECONDS:
                if before != body:
                    raise aws_error("IdempotentParameterMismatchException", operation, token)
                return {}
        singles = [next(iter(action.items())) for action in actions]
        places = [_place(kind, parameters) for kind, parameters in singles]
        if len(set(places)) < len(places):
            raise aws_error("ValidationException", operation, "multiple operations on one item")
        planned = [self._planned(kind, parameters) for kind, parameters in singles]
        reasons = [{"Code": "ConditionalCheckFailed" if new is False else "None"} for new in planned]
        if False in planned:
            codes = ", ".join(reason["Code"] for reason in reasons)
            raise aws_error(
                "TransactionCanceledException", operation, f"[{codes}]", CancellationReasons=reasons
            )
        for (table, key), new in zip(places, planned, strict=True):
            self._write(table, key, new)
        if token:
            self._tokens[token] = (self._now(), body)
        return {}

    def _single(self, kind: str, given: Answer, operation: str) -> Answer:
        new = self._planned(kind, given)
        if new is False:
            raise aws_error("ConditionalCheckFailedException", operation, "The conditional request failed")
        self._write(*_place(kind, given), new)
        return {}

    def _planned(self, kind: str, given: Answer) -> Item | bool | None:
        """Return what becomes of the item: None when it goes, True when it stays, False for a refusal."""
        table, key = _place(kind, given)
        item = self.tables[table].get(key, {})
        names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        test = given.get("ConditionExpression")
        if kind == "Update":
            is_met, change = update(given["UpdateExpression"], test, names, values)
            return change({**given["Key"], **item}) if is_met(item) else False
        if test and not condition(test, names, values)(item):
            return False
        if kind == "ConditionCheck":
            return True
        return dict(given["Item"]) if kind == "Put" else None

    def _write(self, table: str, key: tuple[str, ...], new: Item | bool | None) -> None:
        if isinstance(new, bool):
            return
        self.written.append((table, key))
        if new is None:
            self.tables[table].pop(key, None)
        else:
            self.tables[table][key] = new

    def _matching(
        self, given: Answer, expression: str | None, items: Mapping[tuple[str, ...], Item]
    ) -> list[Item]:
        names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        test = condition(expression, names, values) if expression else bool
        return [dict(item) for _, item in sorted(items.items()) if test(item)]

    def _table(self, given: Answer) -> dict[tuple[str, ...], Item]:
        return self.tables[given["TableName"]]


def _place(kind: str, given: Answer) -> tuple[str, tuple[str, ...]]:
    table = given["TableName"]
    return table, _key(table, given["Item" if kind == "Put" else "Key"])


def _key(table: str, item: Item) -> tuple[str, ...]:
    return tuple(item[name]["S"] for name in TABLES[table])


def _described(found: Stored) -> Answer:
    described = {"VersionId": found.version_id, "LastModified": found.last_modified}
    return {**described, "ETag": _etag(found.body or b"")}


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def aws_error(code: str, operation: str, message: str, status: int = 400, **more: Any) -> ClientError:
    """Return an error as botocore raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)
