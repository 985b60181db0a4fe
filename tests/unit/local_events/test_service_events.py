"""Events of AWS's own services reach rules: of S3, of ECS and of Step Functions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.iam.roles import acting_as
from tests.unit.local_events.support import REGION, Account, Queue

KEY = "in put/a+b %41ü.csv"


@pytest.fixture
def queue(account: Account) -> Iterator[Queue]:
    with Queue(account) as queue:
        queue.let_in(account.rule_arn)
        account.target(Arn=queue.arn, RoleArn=None)
        yield queue


@pytest.fixture
def bucket(account: Account) -> str:
    """A versioned bucket whose events, and no others, the account's rule wants."""
    s3, name = account.cloud.client("s3", REGION), f"b-{account.cloud.new_id()}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    account.wants({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}})
    return name


def test_a_rule_hears_of_an_object_by_its_raw_key(account: Account, bucket: str, queue: Queue) -> None:
    put = account.cloud.client("s3", REGION).put_object(Bucket=bucket, Key=KEY, Body=b"abc")
    (event,) = queue.events()
    assert (event["detail-type"], event["resources"]) == ("Object Created", [f"arn:aws:s3:::{bucket}"])
    detail = event["detail"]
    assert detail.pop("request-id")
    assert detail["object"].pop("sequencer")
    assert detail == {
        "version": "0",
        "event-version": "1.0",
        "bucket": {"name": bucket},
        "object": {"key": KEY, "size": 3, "etag": put["ETag"].strip('"'), "version-id": put["VersionId"]},
        "requester": account.cloud.account,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }


def test_a_role_such_as_a_tasks_makes_objects_that_are_events_too(
    account: Account, bucket: str, queue: Queue
) -> None:
    role = account.role("s3:PutObject", f"arn:aws:s3:::{bucket}/*", "ecs-tasks.amazonaws.com")
    source = f"arn:aws:ecs:{REGION}:{account.cloud.account}:task/c/t"
    session = account.cloud.enforcer.roles.begin(role, "ecs-tasks.amazonaws.com", source, "task")
    with acting_as(session.access_key):
        account.cloud.client("s3", REGION).put_object(Bucket=bucket, Key="k", Body=b"")
    assert [event["detail"]["object"]["key"] for event in queue.events()] == ["k"]


def test_the_buckets_region_hears_wherever_the_request_was_signed_for(
    account: Account, bucket: str, queue: Queue
) -> None:
    account.cloud.client("s3", "us-east-1").put_object(Bucket=bucket, Key="k", Body=b"")
    assert [event["region"] for event in queue.events()] == [REGION]


def test_tags_are_events_of_their_own(account: Account, bucket: str, queue: Queue) -> None:
    s3 = account.cloud.client("s3", REGION)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.get_object_tagging(Bucket=bucket, Key="k")
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    events = {event["detail-type"]: event["detail"] for event in queue.events()}
    assert list(events) == ["Object Created", "Object Tags Added", "Object Tags Deleted"]
    assert events["Object Tags Added"]["object"] == {
        "key": "k",
        "etag": events["Object Created"]["object"]["etag"],
        "version-id": version,
    }
    assert "reason" not in events["Object Tags Added"]


def test_deletions_say_what_they_left(account: Account, bucket: str, queue: Queue) -> None:
    s3 = account.cloud.client("s3", REGION)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    deleted = [event["detail"] for event in queue.events() if event["detail-type"] == "Object Deleted"]
    assert [(one["deletion-type"], one["object"]["version-id"]) for one in deleted] == [
        ("Delete Marker Created", marker),
        ("Permanently Deleted", version),
    ]


def test_an_executions_changes_of_status_reach_rules(account: Account, queue: Queue) -> None:
    account.wants(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [account.machine]},
        }
    )
    started = account.states.start_execution(stateMachineArn=account.machine, input='{"a": 1}')
    events = queue.events()
    assert {event["detail"]["status"] for event in events} == {"RUNNING", "SUCCEEDED"}
    assert {event["resources"][0] for event in events} == {started["executionArn"]}
    (ended,) = [event["detail"] for event in events if event["detail"]["status"] == "SUCCEEDED"]
    assert json.loads(ended["output"]) == {"a": 1}


def test_a_tasks_changes_of_state_reach_rules(account: Account, queue: Queue) -> None:
    ecs: Any = account.cloud.client("ecs", REGION)
    cluster = ecs.create_cluster(clusterName=account.rule)["cluster"]["clusterArn"]
    ecs.register_task_definition(
        family=account.rule,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "c", "image": "missing"}],
    )
    account.wants({"source": ["aws.ecs"], "detail": {"clusterArn": [cluster], "lastStatus": ["STOPPED"]}})
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    (task,) = ecs.run_task(
        cluster=cluster, taskDefinition=account.rule, launchType="FARGATE", networkConfiguration=network
    )["tasks"]
    account.pass_time(600)
    (event,) = queue.events()
    assert (event["detail-type"], event["resources"]) == ("ECS Task State Change", [task["taskArn"]])
    assert event["detail"]["stopCode"] == "TaskFailedToStart"
    assert "CannotPullContainerError" in event["detail"]["stoppedReason"]
