"""A bucket's policy: kept as it was put, and applied where it has no condition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.over_moto.support import refused

BUCKET = "policed"
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
BY_TLS = DENY | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}


@pytest.fixture
def policed(s3: Any) -> Iterator[Any]:
    s3.create_bucket(Bucket=BUCKET)
    yield s3
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.delete_object(Bucket=BUCKET, Key="k")
    s3.delete_bucket(Bucket=BUCKET)


def put(s3: Any, *statements: Any) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    return policy


def test_a_policy_that_asks_for_tls_is_described_back_and_does_not_forbid_everything(policed: Any) -> None:
    policy = put(policed, BY_TLS)
    policed.put_object(Bucket=BUCKET, Key="k", Body=b"")
    assert policed.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy


def test_a_statement_without_a_condition_is_applied(policed: Any) -> None:
    put(policed, BY_TLS, DENY)
    with refused("403"):
        policed.put_object(Bucket=BUCKET, Key="k", Body=b"")


def test_a_deleted_policy_is_gone(policed: Any) -> None:
    put(policed, BY_TLS)
    policed.delete_bucket_policy(Bucket=BUCKET)
    with refused("NoSuchBucketPolicy"):
        policed.get_bucket_policy(Bucket=BUCKET)


def test_a_new_bucket_of_the_name_starts_without_a_policy(policed: Any) -> None:
    put(policed, BY_TLS)
    policed.delete_bucket(Bucket=BUCKET)
    policed.create_bucket(Bucket=BUCKET)
    with refused("NoSuchBucketPolicy"):
        policed.get_bucket_policy(Bucket=BUCKET)


def test_what_is_no_policy_is_refused(policed: Any) -> None:
    with refused("MalformedPolicy"):
        policed.put_bucket_policy(Bucket=BUCKET, Policy="{}")
