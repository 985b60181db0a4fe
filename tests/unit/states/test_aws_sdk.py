"""`aws-sdk:SERVICE:ACTION` (supported-services-awssdk.html), with what answers for S3 and DynamoDB here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.cloud import Cloud
from local_aws.states.executions import Execution
from tests.unit.states.live import details, ended, started, types, virtual_cloud
from tests.unit.states.running import REGION


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with virtual_cloud() as running:
        running.client("s3", REGION).create_bucket(Bucket="data")
        running.client("s3", REGION).put_object(Bucket="data", Key="there", Body=b"text")
        running.client("dynamodb", REGION).create_table(
            TableName="claims",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield running


def run(cloud: Cloud, machine: str, given: Any) -> Execution:
    async def story() -> Execution:
        return await ended(await started(cloud, machine, given))

    return cloud.run(story())


def output_of(cloud: Cloud, machine: str, given: Any) -> Any:
    return json.loads(run(cloud, machine, given).output or "null")


def test_an_s3_result_is_text_and_a_missing_key_is_caught_by_its_java_name(cloud: Cloud) -> None:
    found = output_of(cloud, "get_object", {"bucket": "data", "key": "there"})
    assert found["Body"] == "text"
    assert found["LastModified"].endswith("Z")
    missing = output_of(cloud, "get_object", {"bucket": "data", "key": "not"})
    assert missing["Error"] == "S3.NoSuchKeyException"
    assert "(Service: S3, Status Code: 404, Request ID: " in missing["Cause"]
    assert missing["Cause"].endswith(") (SDK Attempt Count: 1)")


def test_an_error_without_a_class_of_its_own_collapses_to_the_services(cloud: Cloud) -> None:
    caught = output_of(cloud, "conditional_copy", {"bucket": "data"})
    assert caught["Error"] == "S3.S3Exception"
    assert "Status Code: 412" in caught["Cause"]


def test_keys_of_maps_pass_through_as_they_are_and_conditions_have_their_name(cloud: Cloud) -> None:
    item = output_of(cloud, "put_item", {})
    assert item == {"pk": {"S": "a"}, "my-Map": {"M": {"lower": {"S": "x"}}}}
    assert output_of(cloud, "put_item", {})["Error"] == "DynamoDb.ConditionalCheckFailedException"


def test_a_parameter_that_the_api_lacks_is_states_runtime_before_the_task_is_scheduled(cloud: Cloud) -> None:
    execution = run(cloud, "unknown_parameter", {})
    failed = details(execution, "ExecutionFailed")
    assert failed["error"] == "States.Runtime"
    assert 'The field "bucket" is not supported by Step Functions' in failed["cause"]
    assert types(execution) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
