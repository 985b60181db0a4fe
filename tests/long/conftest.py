from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from tests.long.containers import NAMES, Built, Watched, docker
from tests.unit.ecs.support import CLEANED, INPUT, REFERENCE, ROOT, Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client


@pytest.fixture(scope="session")
def images() -> Iterator[dict[str, Built]]:
    built = {}
    for name in NAMES:
        tag, began = f"mayfly-{name}:test-{uuid.uuid4().hex[:8]}", time.monotonic()
        context = ROOT / "ecs"
        docker(
            "build", "--network=host", f"--file={context / name / 'Dockerfile'}", f"--tag={tag}", str(context)
        )
        built[name] = Built(tag, time.monotonic() - began)
    yield built
    docker("image", "rm", *(image.tag for image in built.values()))


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    aws = LocalAws(Images([]))
    monkeypatch.setattr(aws.cloud, "endpoint", Watched(aws.cloud.endpoint))
    with aws:
        yield aws


@pytest.fixture
def aws(local: LocalAws, tmp_path: Path) -> Aws:
    keys = {
        "region_name": "us-east-1",
        "endpoint_url": local.url,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "config": Config(read_timeout=600),  # for big objects
    }
    s3: S3Client = boto3.client("s3", **keys)  # type: ignore[call-overload]
    dynamodb: DynamoDBClient = boto3.client("dynamodb", **keys)  # type: ignore[call-overload]
    for bucket in (INPUT, CLEANED, REFERENCE):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for path in ("products/sample_products.csv", "contracts/orders.schema.json"):
        key = Path(path).name.removeprefix("sample_")
        s3.put_object(Bucket=REFERENCE, Key=key, Body=(ROOT / "data" / path).read_bytes())
    create_table(dynamodb, "OrderKPIs", "order_date")
    create_table(dynamodb, "CategoryKPIs", "category", "order_date")
    create_table(dynamodb, "PipelineFiles", "pk", "sk")
    return Aws(s3, dynamodb, tmp_path)


def create_table(dynamodb: DynamoDBClient, name: str, *keys: str) -> None:
    kinds = dict(zip(keys, ("HASH", "RANGE"), strict=False))
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": "HASH" if kind == "HASH" else "RANGE"}
            for key, kind in kinds.items()
        ],
    )
