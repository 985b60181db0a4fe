"""What a container reaches the world through: AWS, chance and its log."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Clients:
    """The clients given to a container's ``main``.

    ``rng`` gives revisions and the jitter of retries; ``out`` takes the log lines. Without ``read_ahead``
    there is no thread but the caller's.
    """

    s3: S3Client
    dynamodb: DynamoDBClient
    rng: random.Random = field(default_factory=random.SystemRandom)
    out: BinaryIO = field(default_factory=lambda: sys.stdout.buffer)
    read_ahead: bool = True


def connect() -> Clients:
    """Return clients for the region, credentials and AWS_ENDPOINT_URL of the environment.

    Raises botocore's ``BotoCoreError`` or ``ValueError`` when they name no region or no usable endpoint.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=60
    )
    return Clients(s3=boto3.client("s3", config=config), dynamodb=boto3.client("dynamodb", config=config))
