from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from tests.unit.over_moto.stack import HERE, Stack
from tests.unit.over_moto.support import REGION, refused


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(Images([]), clock=Clock()) as local:
        yield local


@pytest.fixture
def s3(aws: LocalAws) -> Any:
    return aws.cloud.client("s3", REGION)


@pytest.fixture
def dynamodb(aws: LocalAws) -> Iterator[Any]:
    """DynamoDB with an empty table T."""
    client = aws.cloud.client("dynamodb", REGION)
    client.create_table(
        TableName="T",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    yield client
    client.delete_table(TableName="T")


@pytest.fixture
def events(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is handed to EventBridge."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(aws.cloud.events(REGION), "publish", seen.append)
    return seen


@pytest.fixture
def stack(aws: LocalAws) -> Iterator[Stack]:
    s3 = aws.cloud.client("s3", REGION)
    s3.create_bucket(Bucket="artifacts")
    for machine in ("greet", "broken"):
        s3.put_object(
            Bucket="artifacts",
            Key=f"{machine}.json",
            Body=(HERE / f"machines/{machine}.json").read_bytes(),
        )
    iam = aws.cloud.client("iam", REGION)
    policy = (HERE / "templates/extra-policy.json").read_text()
    extra = iam.create_policy(PolicyName="extra", PolicyDocument=policy)
    stack = Stack(aws)
    yield stack
    stack.delete()
    with refused("ValidationError", "does not exist"):
        stack.describe()
    iam.delete_policy(PolicyArn=extra["Policy"]["Arn"])
