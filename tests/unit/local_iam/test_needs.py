"""What calls ask of IAM, held against AWS's own table of actions (parliament's copy of it)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import parliament
import pytest

from local_aws.cloud import Cloud
from local_aws.iam.calls import Call
from local_aws.iam.needs import needs_of
from local_aws.iam.needs_of_s3 import list_bucket
from local_aws.iam.policies import Need
from tests.unit.local_iam.support import ACCOUNT, REGION

HERE = f"{REGION}:{ACCOUNT}"
OBJECT = {"Bucket": "b", "Key": "k"}
SOURCE = {"Bucket": "s", "Key": "o", "VersionId": "1"}
TAGS = [{"key": "stage", "value": "dev"}]
TASK_TAGS = {"aws:tagkeys": ("stage",), "aws:requesttag/stage": ("dev",)}
CLUSTER = {"ecs:cluster": (f"arn:aws:ecs:{HERE}:cluster/c",)}
MACHINE = f"arn:aws:states:{HERE}:stateMachine:m"
ACTIVITY = f"arn:aws:states:{HERE}:activity:a"
BUS = f"arn:aws:events:{HERE}:event-bus/default"


def ecs(kind: str) -> str:
    return f"arn:aws:ecs:{HERE}:{kind}"


def table(name: str) -> str:
    return f"arn:aws:dynamodb:{HERE}:table/{name}"


def passing(role: str) -> Need:
    return Need("iam:PassRole", role, {"iam:passedtoservice": ("ecs-tasks.amazonaws.com",)})


def logs(more: str) -> str:
    return f"arn:aws:logs:{HERE}:log-group:g{more}"


def in_transaction(action: str) -> Need:
    return Need(f"dynamodb:{action}", table("t"), {"dynamodb:enclosingoperation": ("TransactWriteItems",)})


CASES: list[tuple[str, str, dict[str, Any], list[Need]]] = [
    ("s3", "GetObject", OBJECT, [Need("s3:GetObject", "arn:aws:s3:::b/k")]),
    ("s3", "GetObject", OBJECT | {"VersionId": "1"}, [Need("s3:GetObjectVersion", "arn:aws:s3:::b/k")]),
    ("s3", "HeadObject", OBJECT, [Need("s3:GetObject", "arn:aws:s3:::b/k")]),
    ("s3", "GetObjectTagging", SOURCE, [Need("s3:GetObjectVersionTagging", "arn:aws:s3:::s/o")]),
    ("s3", "PutObject", OBJECT, [Need("s3:PutObject", "arn:aws:s3:::b/k")]),
    (
        "s3",
        "PutObject",
        OBJECT | {"Tagging": "a=b", "IfMatch": '"e"'},
        [Need(f"s3:{name}", "arn:aws:s3:::b/k") for name in ("PutObject", "PutObjectTagging", "GetObject")],
    ),
    (
        "s3",
        "CopyObject",
        OBJECT | {"CopySource": SOURCE},
        [
            Need("s3:GetObjectVersion", "arn:aws:s3:::s/o"),
            Need("s3:GetObjectVersionTagging", "arn:aws:s3:::s/o"),
            Need("s3:PutObjectTagging", "arn:aws:s3:::b/k"),
            Need("s3:PutObject", "arn:aws:s3:::b/k"),
        ],
    ),
    (
        "s3",
        "CopyObject",
        OBJECT | {"CopySource": SOURCE, "TaggingDirective": "REPLACE"},
        [Need("s3:GetObjectVersion", "arn:aws:s3:::s/o"), Need("s3:PutObject", "arn:aws:s3:::b/k")],
    ),
    ("s3", "DeleteObject", OBJECT | {"VersionId": "1"}, [Need("s3:DeleteObjectVersion", "arn:aws:s3:::b/k")]),
    (
        "s3",
        "DeleteObject",
        OBJECT | {"IfMatch": '"e"'},
        [Need("s3:DeleteObject", "arn:aws:s3:::b/k"), Need("s3:GetObject", "arn:aws:s3:::b/k")],
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": [{"Key": "k"}, {"Key": "l", "VersionId": "1"}]},
        [Need("s3:DeleteObject", "arn:aws:s3:::b/k"), Need("s3:DeleteObjectVersion", "arn:aws:s3:::b/l")],
    ),
    (
        "s3",
        "ListObjectsV2",
        {"Bucket": "b", "Prefix": "p/"},
        [Need("s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": ("p/",)})],
    ),
    ("s3", "UploadPart", OBJECT, [Need("s3:PutObject", "arn:aws:s3:::b/k")]),
    ("s3", "ListBuckets", {}, [Need("s3:ListAllMyBuckets")]),
    ("dynamodb", "GetItem", {"TableName": "t"}, [Need("dynamodb:GetItem", table("t"))]),
    ("dynamodb", "GetItem", {"TableName": table("t")}, [Need("dynamodb:GetItem", table("t"))]),
    (
        "dynamodb",
        "Query",
        {"TableName": "t", "IndexName": "i"},
        [Need("dynamodb:Query", table("t") + "/index/i")],
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {
            "TransactItems": [
                {one: {"TableName": "t"}} for one in ("Put", "Update", "Delete", "ConditionCheck")
            ]
        },
        [
            *(in_transaction(one) for one in ("PutItem", "UpdateItem", "DeleteItem")),
            Need("dynamodb:ConditionCheckItem", table("t")),
        ],
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"t": [], "u": []}},
        [Need("dynamodb:BatchWriteItem", table("t")), Need("dynamodb:BatchWriteItem", table("u"))],
    ),
    ("ecs", "CreateCluster", {"clusterName": "c"}, [Need("ecs:CreateCluster", ecs("cluster/c"))]),
    (
        "ecs",
        "CreateCluster",
        {"clusterName": "c", "tags": TAGS},
        [
            Need("ecs:CreateCluster", ecs("cluster/c"), TASK_TAGS),
            Need("ecs:TagResource", ecs("cluster/c"), {"ecs:createaction": ("CreateCluster",), **TASK_TAGS}),
        ],
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        {"family": "f", "taskRoleArn": "r1", "executionRoleArn": "r2"},
        [Need("ecs:RegisterTaskDefinition", ecs("task-definition/f:*")), passing("r1"), passing("r2")],
    ),
    ("ecs", "DeregisterTaskDefinition", {"taskDefinition": "f:1"}, [Need("ecs:DeregisterTaskDefinition")]),
    (
        "ecs",
        "DeleteTaskDefinitions",
        {"taskDefinitions": ["f:1", "f:2"]},
        [Need("ecs:DeleteTaskDefinitions", ecs(f"task-definition/f:{one}")) for one in (1, 2)],
    ),
    ("ecs", "ListTasks", {"cluster": "c"}, [Need("ecs:ListTasks", "*", CLUSTER)]),
    (
        "ecs",
        "StopTask",
        {"cluster": ecs("cluster/c"), "task": ecs("task/c/1")},
        [Need("ecs:StopTask", ecs("task/c/1"), CLUSTER)],
    ),
    (
        "ecs",
        "DescribeTasks",
        {"cluster": "c", "tasks": ["1", "2"]},
        [Need("ecs:DescribeTasks", ecs(f"task/c/{one}"), CLUSTER) for one in (1, 2)],
    ),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [Need("sns:Publish", f"arn:aws:sns:{HERE}:t")]),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/q"},
        [Need("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")],
    ),
    ("logs", "CreateLogGroup", {"logGroupName": "g"}, [Need("logs:CreateLogGroup", logs(":log-stream:"))]),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "g", "logStreamName": "s/t"},
        [Need("logs:PutLogEvents", logs(":log-stream:s/t"))],
    ),
    ("ecr", "GetAuthorizationToken", {}, [Need("ecr:GetAuthorizationToken")]),
    (
        "ecr",
        "BatchGetImage",
        {"repositoryName": "r"},
        [Need("ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/r")],
    ),
    (
        "cloudwatch",
        "PutMetricData",
        {"Namespace": "N"},
        [Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": ("N",)})],
    ),
    ("states", "StartExecution", {"stateMachineArn": MACHINE}, [Need("states:StartExecution", MACHINE)]),
    ("states", "GetActivityTask", {"activityArn": ACTIVITY}, [Need("states:GetActivityTask", ACTIVITY)]),
    ("states", "SendTaskSuccess", {"taskToken": "t"}, [Need("states:SendTaskSuccess", "*")]),
    ("events", "PutEvents", {"Entries": [{}, {}]}, [Need("events:PutEvents", BUS)]),
    ("events", "PutRule", {"Name": "r"}, [Need("events:PutRule", f"arn:aws:events:{HERE}:rule/r")]),
    ("sts", "GetCallerIdentity", {}, []),
    ("glacier", "ListVaults", {}, [Need("glacier:ListVaults", None)]),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "needs"), CASES)
def test_what_a_call_needs(
    cloud: Cloud, service: str, operation: str, parameters: dict[str, Any], needs: list[Need]
) -> None:
    assert needs_of(cloud, Call(service, REGION, operation, parameters)) == needs


@pytest.mark.parametrize("needs", [case[3] for case in CASES])
def test_aws_has_each_action_and_authorises_it_on_that_kind_of_resource(needs: list[Need]) -> None:
    for need in needs:
        resources, keys = definition(need.action)
        if need.action == "ecs:ListTasks" or need.resource is None:
            continue  # see local_aws/iam/needs_of_ecs.py; nothing is said
        if need.resource == "*":
            assert resources == [], f"{need.action} has {resources}"
        elif need.resource.startswith("arn:"):
            assert any(re.fullmatch(one, need.resource) for one in resources), f"{need} beside {resources}"
        asked = {re.sub(r"/.*", "/${tagkey}", key) for key in need.context}
        assert asked <= keys | {"aws:tagkeys", "aws:requesttag/${tagkey}"}, f"{need.action} has keys {keys}"


def test_running_a_task_needs_its_definition_its_roles_and_its_tags(cloud: Cloud) -> None:
    client = cloud.client("ecs", REGION)
    definition = client.register_task_definition(
        family="f",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        containerDefinitions=[{"name": "c", "image": "i"}],
        tags=TAGS,
    )["taskDefinition"]["taskDefinitionArn"]
    request = {"cluster": "c", "taskDefinition": "f", "propagateTags": "TASK_DEFINITION"}
    tagged = {"aws:resourcetag/stage": ("dev",)}

    assert needs_of(cloud, Call("ecs", REGION, "RunTask", request)) == [
        Need("ecs:RunTask", definition, {**CLUSTER, **tagged}),
        Need("ecs:TagResource", ecs("task/c/*"), {"ecs:createaction": ("RunTask",), **TASK_TAGS}),
        passing("arn:aws:iam::123456789012:role/task"),
        passing("arn:aws:iam::123456789012:role/execution"),
    ]
    deletion = {"taskDefinitions": [definition]}
    assert needs_of(cloud, Call("ecs", REGION, "DeleteTaskDefinitions", deletion)) == [
        Need("ecs:DeleteTaskDefinitions", definition, tagged)
    ]


def test_a_call_about_one_item_has_its_partition_key(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb", REGION)
    attributes = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in attributes.items()],
    )
    asked = {"TableName": "t", "Key": {"sk": {"S": "v#1"}, "pk": {"S": "file#1"}}}

    (alone,) = needs_of(cloud, Call("dynamodb", REGION, "UpdateItem", asked))
    (together,) = needs_of(
        cloud, Call("dynamodb", REGION, "TransactWriteItems", {"TransactItems": [{"Update": asked}]})
    )

    assert alone.context == {"dynamodb:leadingkeys": ("file#1",)}
    assert together.context == {**alone.context, "dynamodb:enclosingoperation": ("TransactWriteItems",)}


def test_of_a_copy_it_is_the_sources_bucket_that_tells() -> None:
    assert list_bucket(OBJECT) == Need("s3:ListBucket", "arn:aws:s3:::b")
    assert list_bucket(OBJECT | {"CopySource": SOURCE}) == Need("s3:ListBucket", "arn:aws:s3:::s")


@cache
def services() -> dict[str, Any]:
    """Return AWS's table, by service."""
    path = Path(parliament.__file__).parent / "iam_definition.json"
    return {service["prefix"]: service for service in json.loads(path.read_text(encoding="utf-8"))}


def definition(action: str) -> tuple[list[str], set[str]]:
    """Return the patterns of an action's resources, and its condition keys, in lower case."""
    prefix, _, name = action.partition(":")
    service = services()[prefix]
    (found,) = [one for one in service["privileges"] if one["privilege"] == name]
    arns = {one["resource"]: one["arn"] for one in service["resources"]}
    kinds = [one["resource_type"].rstrip("*") for one in found["resource_types"]]
    patterns = [
        re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(arns[kind])).replace(".+:s3:.+:", ".+:s3::")
        for kind in kinds
        if kind
    ]
    keys = {key.lower() for one in found["resource_types"] for key in one["condition_keys"]}
    return patterns, keys
