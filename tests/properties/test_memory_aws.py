"""The AWS in memory answers as the local AWS does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from tests.properties.memory_aws import TABLES, MemoryAws

_T = "PipelineFiles"
_A = {"pk": {"S": "a"}, "sk": {"S": "1"}}
_B = {"pk": {"S": "a"}, "sk": {"S": "2"}}
_NAMES = {"#status": "status"}


def put(item: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    return "put_item", {"TableName": _T, "Item": item, **more}


def update(key: dict[str, Any], expression: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "update_item", {"TableName": _T, "Key": key, "UpdateExpression": expression, **more}


def write(*actions: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    return "transact_write_items", {"TransactItems": list(actions), **more}


def only(expression: str, names: dict[str, str] | None = None, **values: str) -> dict[str, Any]:
    told: dict[str, Any] = {"ConditionExpression": expression}
    if names:
        told["ExpressionAttributeNames"] = names
    if values:
        told["ExpressionAttributeValues"] = {f":{name}": {"S": text} for name, text in values.items()}
    return told


def values(**texts: str) -> dict[str, Any]:
    return {"ExpressionAttributeValues": {f":{name}": {"S": text} for name, text in texts.items()}}


def action(kind: str, key: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {kind: {"TableName": _T, "Item" if kind == "Put" else "Key": key, **more}}


_TOKEN = {"ClientRequestToken": "t" * 36}
# One after the other, on the same tables.
CALLS: list[tuple[str, dict[str, Any]]] = [
    put({**_A, "status": {"S": "RUNNING"}, "n": {"N": "7"}}, **only("attribute_not_exists(pk)")),
    put(_A, **only("attribute_not_exists(pk)")),
    put(_A, **only("#status = :new", _NAMES, new="FAILED")),
    put(_A, **only("#status <> :new AND absent = :new", _NAMES, new="FAILED")),
    put(_A, **only("attribute_not_exists(pk) OR #status IN (:one, :two)", _NAMES, one="X", two="Y")),
    put({**_A, "status": {"S": "OK"}}, **only("#status IN (:one, :two)", _NAMES, one="X", two="RUNNING")),
    put(_A, **only("NOT (attribute_exists(pk) AND begins_with(sk, :one))", one="1")),
    put(_A, **only("#status = :one", {**_NAMES, "#unused": "x"}, one="OK")),
    put(_A, **only("#unknown = :one", one="OK")),
    put(_A, **only("n > :n", n="7")),
    update(_B, "SET a = :x, b = if_not_exists(b, :x)", **values(x="x")),
    update(_B, "SET a = :y, b = if_not_exists(b, :y) REMOVE c", **values(y="y")),
    update(_B, "SET a = b, b = a"),
    update(_B, "SET a = absent"),
    update(_B, "ADD n :n, s :s", ExpressionAttributeValues={":n": {"N": "2"}, ":s": {"SS": ["q", "p"]}}),
    update(_B, "ADD s :s SET n = n + :n", ExpressionAttributeValues={":n": {"N": "2"}, ":s": {"SS": ["r"]}}),
    update({**_A, "sk": {"S": "new"}}, "SET a = :x", **only("attribute_exists(pk)"), **values(x="x")),
    write(action("Put", _A), action("Delete", _B, **only("attribute_not_exists(pk)"))),
    write(action("Put", _A), action("Delete", _A)),
    write(*(action("Put", {**_A, "sk": {"S": str(number)}}) for number in range(101))),
    write(action("ConditionCheck", _B, **only("attribute_exists(pk)")), action("Delete", _A), **_TOKEN),
    write(action("ConditionCheck", _B, **only("attribute_exists(pk)")), action("Delete", _A), **_TOKEN),
    write(action("Delete", _A), **_TOKEN),
    write(action("Put", _A), action("Delete", _B)),
    ("query", {"TableName": _T, "KeyConditionExpression": "pk = :pk", **values(pk="a")}),
    ("get_item", {"TableName": _T, "Key": _B, "ConsistentRead": True}),
    ("batch_get_item", {"RequestItems": {_T: {"Keys": [_A, _B], "ConsistentRead": True}}}),
    ("scan", {"TableName": _T, "FilterExpression": "sk = :a", "ProjectionExpression": "pk", **values(a="1")}),
    ("delete_item", {"TableName": _T, "Key": _A}),
]  # fmt: skip


@pytest.fixture
def local() -> Iterator[Any]:
    cloud = Cloud(Images([]))
    dynamodb = cloud.client("dynamodb", "us-east-1")
    for name, keys in TABLES.items():
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": "HASH" if key == keys[0] else "RANGE"} for key in keys
            ],
        )
    yield cloud
    for name in TABLES:
        dynamodb.delete_table(TableName=name)


def test_dynamodb_answers_as_the_local_aws_does(local: Cloud) -> None:
    memory, dynamodb = MemoryAws(), local.client("dynamodb", "us-east-1")
    for method, parameters in CALLS:
        ours = _outcome(lambda method=method, given=parameters: memory.call("dynamodb", method, given))
        theirs = _outcome(lambda method=method, given=parameters: getattr(dynamodb, method)(**given))
        assert ours == theirs, (method, parameters)
        found = dynamodb.scan(TableName=_T)["Items"]
        assert _sorted(memory.tables[_T].values()) == _sorted(found)


def test_s3_answers_as_the_local_aws_does(local: Cloud) -> None:
    s3 = local.client("s3", "us-east-1")
    s3.create_bucket(Bucket="agreed")
    s3.put_bucket_versioning(Bucket="agreed", VersioningConfiguration={"Status": "Enabled"})
    memory = MemoryAws()

    def remember(call: Any) -> list[Any]:
        first = call("put_object", Bucket="agreed", Key="x", Body=b"one")["VersionId"]
        call("put_object", Bucket="agreed", Key="x", Body=b"two")
        call("put_object", Bucket="agreed", Key="y/1", Body=b"three")
        call("put_object", Bucket="agreed", Key="z", Body=b"four")
        gone = call("put_object", Bucket="agreed", Key="z", Body=b"five")["VersionId"]
        call("delete_object", Bucket="agreed", Key="z", VersionId=gone)
        call("delete_object", Bucket="agreed", Key="z", VersionId="absent")
        call("delete_object", Bucket="agreed", Key="x")
        listed = call("list_objects_v2", Bucket="agreed", Prefix="", Delimiter="/")
        seen: list[Any] = [[(entry["Key"], entry["ETag"]) for entry in listed["Contents"]]]
        seen.append(listed.get("CommonPrefixes", []))
        stored = call("list_object_versions", Bucket="agreed")
        seen += [[entry["Key"] for entry in stored[kind]] for kind in ("Versions", "DeleteMarkers")]
        for key, version in (("x", first), ("x", "absent"), ("x", None), ("absent", None)):
            pin = {"VersionId": version} if version else {}
            seen.append(
                _outcome(lambda key=key, pin=pin: call("get_object", Bucket="agreed", Key=key, **pin))
            )
        return seen

    ours = remember(lambda method, **given: memory.call("s3", method, given))
    theirs = remember(lambda method, **given: getattr(s3, method)(**given))
    for version in s3.list_object_versions(Bucket="agreed").get("Versions", []):
        s3.delete_object(Bucket="agreed", Key=version["Key"], VersionId=version["VersionId"])
    assert ours == theirs


def _outcome(call: Any) -> Any:
    try:
        answer = call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response.get("CancellationReasons", [None])[0]
    if "Body" in answer:
        return answer["Body"].read(), answer["ETag"]
    responses = answer.get("Responses", {}).get(_T, [])
    return _sorted([*answer.get("Items", []), *responses, answer.get("Item", {})])


def _sorted(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(map(_plain, items), key=str)


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its sets in order."""
    return {
        name: {"SS": sorted(value["SS"])} if "SS" in value else value for name, value in sorted(item.items())
    }
