from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from tests.properties.clients import Client
from tests.properties.memory_aws import MemoryAws
from tests.unit.ecs.support import CLEANED, INPUT, REFERENCE, ROOT, Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client


@pytest.fixture(scope="session")
def clients() -> Iterator[tuple[S3Client, DynamoDBClient]]:
    """Clients that moto answers whenever it is switched on; making them takes longer than most tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        s3 = boto3.client("s3", region_name="us-east-1", config=config)
        yield s3, boto3.client("dynamodb", region_name="us-east-1", config=config)


@pytest.fixture
def aws(tmp_path: Path, clients: tuple[S3Client, DynamoDBClient]) -> Iterator[Aws]:
    s3, dynamodb = clients
    with mock_aws():
        for bucket in (INPUT, CLEANED, REFERENCE):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        _put_terms(s3)
        _create_table(dynamodb, "OrderKPIs", "order_date")
        _create_table(dynamodb, "CategoryKPIs", "category", "order_date")
        _create_table(dynamodb, "PipelineFiles", "pk", "sk")
        yield Aws(s3, dynamodb, tmp_path)


@pytest.fixture
def memory(tmp_path: Path) -> Aws:
    """The same of plain Python, where a call takes microseconds: for tests that make very many."""
    cloud = MemoryAws()
    s3: Any = Client(cloud, "s3")
    dynamodb: Any = Client(cloud, "dynamodb")
    _put_terms(s3)
    return Aws(s3, dynamodb, tmp_path)


def _put_terms(s3: S3Client) -> None:
    """Upload what the validator judges by."""
    products = (ROOT / "data/products/sample_products.csv").read_bytes()
    s3.put_object(Bucket=REFERENCE, Key="products.csv", Body=products)
    contract = (ROOT / "data/contracts/orders.schema.json").read_bytes()
    s3.put_object(Bucket=REFERENCE, Key="orders.schema.json", Body=contract)


def _create_table(dynamodb: DynamoDBClient, name: str, hash_key: str, range_key: str | None = None) -> None:
    keys = [hash_key, range_key] if range_key else [hash_key]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH" if key == hash_key else "RANGE"} for key in keys],
    )
