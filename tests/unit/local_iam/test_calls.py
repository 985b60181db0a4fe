"""Calls of roles: what passes, and how each service says no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloud import Cloud
from local_aws.iam.enforcer import Use
from local_aws.iam.roles import acting_as
from tests.unit.local_events.support import Account
from tests.unit.local_iam.support import (
    ACCOUNT,
    REGION,
    TASKS,
    Actor,
    actor,
    allow,
    change_policy,
    deny,
    machine_text,
    make_role,
    trust,
    wait_for,
)

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"


@pytest.fixture
def bucket(cloud: Cloud) -> Iterator[str]:
    s3, name = cloud.client("s3", REGION), f"bucket-{cloud.new_id()}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    yield name
    for version in s3.list_object_versions(Bucket=name).get("Versions", []):
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])


def refusal(actor: Actor, service: str, method: str, **parameters: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        actor.call(service, method, **parameters)
    return dict(refused.value.response)


def test_a_role_may_do_what_its_policy_allows_and_nothing_else(cloud: Cloud, bucket: str) -> None:
    reader = actor(cloud, allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/a"))

    assert reader.call("s3", "get_object", Bucket=bucket, Key="a")["Body"].read() == b"x"
    answer = refusal(reader, "s3", "put_object", Bucket=bucket, Key="a", Body=b"y")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Code"] == "AccessDenied"
    assert answer["Error"]["Message"] == (
        f"User: {reader.session.arn} is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{bucket}/a" because no identity-based policy allows the s3:PutObject action'
    )
    assert reader.session.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/{reader.session.role}/the-session"
    assert cloud.client("s3", REGION).get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"


def test_the_owner_may_do_everything(cloud: Cloud, bucket: str) -> None:
    cloud.client("s3", REGION).put_object(Bucket=bucket, Key="a", Body=b"y")


@pytest.mark.parametrize(
    ("service", "method", "parameters", "code", "action"),
    [
        ("dynamodb", "get_item", {"TableName": "t", "Key": {}}, "AccessDeniedException", "dynamodb:GetItem"),
        ("ecs", "create_cluster", {"clusterName": "c"}, "AccessDeniedException", "ecs:CreateCluster"),
        ("stepfunctions", "list_state_machines", {}, "AccessDeniedException", "states:ListStateMachines"),
        ("logs", "create_log_group", {"logGroupName": "g"}, "AccessDeniedException", "logs:CreateLogGroup"),
        ("events", "put_rule", {"Name": "r"}, "AccessDeniedException", "events:PutRule"),
        ("sns", "publish", {"TopicArn": TOPIC, "Message": "m"}, "AuthorizationError", "sns:Publish"),
        (
            "sqs",
            "send_message",
            {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/q", "MessageBody": "m"},
            "AccessDenied",
            "sqs:SendMessage",
        ),
        (
            "cloudwatch",
            "put_metric_data",
            {"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": 1}]},
            "AccessDenied",
            "cloudwatch:PutMetricData",
        ),
        ("iam", "get_role", {"RoleName": "r"}, "AccessDenied", "iam:GetRole"),
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", "ec2:DescribeVpcs"),
    ],
)
def test_each_service_says_no_in_its_own_words(
    cloud: Cloud, service: str, method: str, parameters: dict[str, Any], code: str, action: str
) -> None:
    answer = refusal(actor(cloud), service, method, **parameters)
    assert answer["Error"]["Code"] == code
    assert f"is not authorized to perform: {action} on resource: " in answer["Error"]["Message"] or (
        f"is not authorized to perform: {action} because" in answer["Error"]["Message"]
    )
    assert actor(cloud, allow(action)) is not None


def test_who_may_not_list_a_bucket_is_not_told_what_is_not_in_it(cloud: Cloud, bucket: str) -> None:
    reading = allow("s3:GetObject*", "s3:PutObject*", on=f"arn:aws:s3:::{bucket}/*")
    blind = actor(cloud, reading)
    seeing = actor(cloud, reading, allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}"))
    copying = {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/none"}

    for method, parameters in (
        ("get_object", {"Bucket": bucket, "Key": "none"}),
        ("head_object", {"Bucket": bucket, "Key": "none"}),
        ("copy_object", copying),
    ):
        statuses = [
            refusal(who, "s3", method, **parameters)["ResponseMetadata"]["HTTPStatusCode"]
            for who in (blind, seeing)
        ]
        assert statuses == [403, 404], method


def test_a_policy_is_read_again_when_it_has_changed(cloud: Cloud, bucket: str) -> None:
    role = make_role(cloud, allow("s3:GetObject"))
    reader = Actor(cloud, role)
    reader.call("s3", "get_object", Bucket=bucket, Key="a")

    change_policy(cloud, role, allow("s3:GetObject"), deny("s3:GetObject"))
    message = refusal(reader, "s3", "get_object", Bucket=bucket, Key="a")["Error"]["Message"]
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_managed_policies_count(cloud: Cloud, bucket: str) -> None:
    iam, role = cloud.client("iam", REGION), make_role(cloud)
    document = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    )
    policy = iam.create_policy(PolicyName=f"p-{cloud.new_id()}", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=policy)

    Actor(cloud, role).call("s3", "get_object", Bucket=bucket, Key="a")


def test_a_role_that_iam_does_not_know_is_not_checked(cloud: Cloud, bucket: str) -> None:
    unknown = Actor(cloud, f"arn:aws:iam::{ACCOUNT}:role/made-up")
    unknown.call("s3", "get_object", Bucket=bucket, Key="a")


def test_a_role_takes_its_rights_with_it(cloud: Cloud, bucket: str) -> None:
    role = make_role(cloud, allow("s3:*"))
    reader = Actor(cloud, role)
    iam, name = cloud.client("iam", REGION), role.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="policy")
    iam.delete_role(RoleName=name)

    assert refusal(reader, "s3", "get_object", Bucket=bucket, Key="a")["Error"]["Code"] == "AccessDenied"


def test_what_allowed_a_call_is_remembered(cloud: Cloud, bucket: str) -> None:
    reader = actor(cloud, allow("s3:PutObject"), allow("s3:Get*") | {"Sid": "Read"})
    reader.call("s3", "get_object", Bucket=bucket, Key="a")

    assert Use(reader.session.role, "policy", "Read", "s3:GetObject") in cloud.enforcer.uses
    assert {use.statement for use in cloud.enforcer.uses if use.role == reader.session.role} == {"Read"}


def test_a_machine_acts_as_its_own_role_and_not_as_who_started_it(cloud: Cloud) -> None:
    role = make_role(cloud, trusting=trust("states.amazonaws.com"))
    states = cloud.client("stepfunctions", REGION)
    name = f"m-{cloud.new_id()}"
    machine = states.create_state_machine(name=name, definition=machine_text("make_cluster"), roleArn=role)[
        "stateMachineArn"
    ]

    starter = actor(cloud, allow("states:StartExecution", "ecs:CreateCluster"))
    execution = starter.call("stepfunctions", "start_execution", stateMachineArn=machine)["executionArn"]

    wait_for(cloud, execution)
    assert states.describe_execution(executionArn=execution)["error"] == "Ecs.AccessDeniedException"


def test_what_a_call_sets_off_is_not_done_by_the_caller(cloud: Cloud) -> None:
    account = Account(cloud)
    account.target()
    entry = {"Source": account.source, "DetailType": "Test", "Detail": "{}"}

    actor(cloud, allow("events:PutEvents")).call("events", "put_events", Entries=[entry])
    assert len(account.executions()) == 1  # the rule's role was looked up, which the caller may not
    cloud.client("events", REGION).remove_targets(Rule=account.rule, Ids=["t"])


def test_credentials_that_a_user_takes_are_held_to_the_role(cloud: Cloud) -> None:
    role = make_role(cloud, allow("s3:ListAllMyBuckets"))
    taken = cloud.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName="mine")["Credentials"]

    with acting_as(taken["AccessKeyId"]):
        assert cloud.client("sts", REGION).get_caller_identity()["Arn"].endswith("/mine")
        cloud.client("s3", REGION).list_buckets()
        with pytest.raises(ClientError, match="AccessDenied"):
            cloud.client("s3", REGION).create_bucket(Bucket="b")


def test_a_service_that_is_not_trusted_does_not_get_the_role(cloud: Cloud) -> None:
    role = make_role(cloud, allow("*"), trusting=trust(TASKS))
    with pytest.raises(ClientError, match=r"states.amazonaws.com, nor the regional one is authorized"):
        cloud.client("stepfunctions", REGION).create_state_machine(
            name="m", definition=machine_text("make_cluster"), roleArn=role
        )


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ("run_task", "StepFunctionsGetEventsForECSTaskRule"),
        ("start_child", "StepFunctionsGetEventsForStepFunctionsExecutionRule"),
    ],
)
def test_a_machine_that_waits_for_jobs_needs_the_rule_that_tells_of_their_end(
    cloud: Cloud, definition: str, name: str
) -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    trusting = trust("states.amazonaws.com")
    lacking = make_role(cloud, allow("events:PutRule", "events:PutTargets", on=rule), trusting=trusting)
    states, request = (
        cloud.client("stepfunctions", REGION),
        {"name": definition, "definition": machine_text(definition)},
    )

    with pytest.raises(ClientError, match=r"is not authorized to create managed-rule.*events:DescribeRule"):
        states.create_state_machine(**request, roleArn=lacking)
    enough = make_role(cloud, allow("events:*", on=rule), trusting=trusting)
    machine = states.create_state_machine(**request, roleArn=enough)["stateMachineArn"]
    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        states.update_state_machine(stateMachineArn=machine, roleArn=lacking)
