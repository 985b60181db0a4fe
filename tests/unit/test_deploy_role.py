"""The role that CI deploys with: it may do what the scripts do to what runs, and no more."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.deploying.package import packed
from mayfly.template import ROOT, load
from tests.unit.aws_calls import actions_of, calls_of, modules_of

CI = ROOT / "infra" / "ci.yaml"
VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "Suffix": "-try",
}


def filled(value: Any) -> Any:
    """Return a part of a template or policy with its placeholders filled in."""
    text = json.dumps(value)
    for name, content in VALUES.items():
        text = text.replace(f"${{{name}}}", content)
    return json.loads(text)


POLICY = filled(json.loads((ROOT / "iam" / "deploy-role-policy.json").read_text(encoding="utf-8")))[
    "Statement"
]
GRANTED = {action for statement in POLICY for action in statement["Action"]}


def resources_of(statement: dict[str, Any]) -> list[str]:
    resources = statement["Resource"]
    return resources if isinstance(resources, list) else [resources]


def grants(action: str, arn: str) -> bool:
    return any(
        action in statement["Action"]
        and any(fnmatchcase(arn, resource) for resource in resources_of(statement))
        for statement in POLICY
    )


# What the role may do

# The modules hold more than CI comes to call.
NOT_BY_CI = {
    "cloudformation:DeleteStack": "takes back a first deployment, and the first is a person's",
    "dynamodb:DeleteTable": "is undeploy.sh's",
    "ecs:ListClusters": "is the demo's, which looks at all that is left",
    "iam:CreateServiceLinkedRole": "belongs to the first deployment of an account, which is a person's",
    "s3:DeleteBucket": "is undeploy.sh's",
}
CALLS = {
    call for module in modules_of("deploying.deploy", "simulation.simulation") for call in calls_of(module)
}
NEEDED = set().union(*(actions_of(*call) for call in CALLS))


@pytest.mark.parametrize("action", sorted(NEEDED - NOT_BY_CI.keys()))
def test_the_role_may_do_what_deploy_and_the_simulation_do(action: str) -> None:
    assert action in GRANTED


def test_the_exceptions_are_calls_that_there_are() -> None:
    assert NOT_BY_CI.keys() - NEEDED == set()
    assert NOT_BY_CI.keys() & GRANTED == set()


def arn_of(kind: str, properties: dict[str, Any]) -> str | None:
    """Return the ARN of a resource of our templates; None for one that has no name of its own."""
    here = f"{VALUES['AWS::Region']}:{VALUES['AWS::AccountId']}"
    forms = {
        "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{here}:alarm:"),
        "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{here}:table/"),
        "AWS::ECR::Repository": ("RepositoryName", f"arn:aws:ecr:{here}:repository/"),
        "AWS::Events::Rule": ("Name", f"arn:aws:events:{here}:rule/"),
        "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{VALUES['AWS::AccountId']}:role/"),
        "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{here}:log-group:"),
        "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::"),
        "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{here}:"),
        "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{here}:"),
        "AWS::StepFunctions::StateMachine": ("StateMachineName", f"arn:aws:states:{here}:stateMachine:"),
    }
    if kind not in forms:
        return None
    key, beginning = forms[kind]
    name = filled(properties[key])
    return f"{beginning}{name['Fn::Sub'] if isinstance(name, dict) else name}"


# What CloudFormation does to change a resource, or to read one, with the caller's rights, as far as our
# templates use it: the "handlers" of `aws cloudformation describe-type --type RESOURCE --type-name ...`.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html
CHANGED = {
    "AWS::CloudWatch::Alarm": "cloudwatch: PutMetricAlarm DeleteAlarms DescribeAlarms ListTagsForResource "
    "TagResource",
    "AWS::Events::Rule": "events: PutRule DeleteRule DescribeRule PutTargets RemoveTargets ListTargetsByRule "
    "ListTagsForResource TagResource",
    "AWS::Logs::LogGroup": "logs: CreateLogGroup PutRetentionPolicy ListTagsForResource TagResource",
    "AWS::StepFunctions::StateMachine": "states: CreateStateMachine UpdateStateMachine DescribeStateMachine "
    "DeleteStateMachine ListTagsForResource TagResource",
}
READ = {
    "AWS::DynamoDB::Table": "dynamodb: DescribeTable DescribeContinuousBackups DescribeContributorInsights "
    "DescribeKinesisStreamingDestination ListTagsOfResource GetResourcePolicy DescribeTimeToLive",
    "AWS::EC2::SecurityGroup": "ec2: DescribeSecurityGroups",
    "AWS::EC2::VPCEndpoint": "ec2: DescribeVpcEndpoints DescribeSubnets DescribeSecurityGroups DescribeVpcs",
    "AWS::ECR::Repository": "ecr: DescribeRepositories GetLifecyclePolicy GetRepositoryPolicy "
    "ListTagsForResource",
    "AWS::IAM::Role": "iam: GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
    "AWS::S3::Bucket": "s3: GetBucketNotification GetBucketOwnershipControls GetBucketPublicAccessBlock "
    "GetBucketTagging GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration ListBucket",
    "AWS::S3::BucketPolicy": "s3: GetBucketPolicy",
    "AWS::SNS::Subscription": "sns: GetSubscriptionAttributes",
    "AWS::SNS::Topic": "sns: GetTopicAttributes ListTagsForResource ListSubscriptionsByTopic "
    "GetDataProtectionPolicy",
    "AWS::SQS::Queue": "sqs: GetQueueAttributes ListQueueTags",
    "AWS::SQS::QueuePolicy": "sqs: GetQueueAttributes",
}
RESOURCES = [
    pytest.param(resource, id=name)
    for template in ("bootstrap", "orders")
    for name, resource in load(ROOT / "infra" / f"{template}.yaml")["Resources"].items()
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_cloudformation_can_read_every_resource_and_change_what_runs(resource: dict[str, Any]) -> None:
    kind = resource["Type"]
    service, *operations = (CHANGED | READ)[kind].split()
    arn = arn_of(kind, resource["Properties"])
    missing = [
        action
        for action in (f"{service}{operation}" for operation in operations)
        if not (grants(action, arn) if arn else action in GRANTED)
    ]
    assert missing == []


@pytest.mark.parametrize("stack", ["mayfly-bootstrap", "mayfly-orders", "mayfly-orders-try"])
def test_the_stacks_are_in_reach(stack: str) -> None:
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack}/any"
    assert grants("cloudformation:ExecuteChangeSet", arn)


def test_the_stack_with_the_role_itself_is_not() -> None:
    arn = "arn:aws:cloudformation:us-east-1:123456789012:stack/mayfly-ci/any"
    assert [
        action for action in sorted(GRANTED) if action.startswith("cloudformation:") and grants(action, arn)
    ] == []


def test_ci_cannot_give_itself_rights() -> None:
    writing = {
        action for action in GRANTED if action.startswith("iam:") and not re.match("iam:(Get|List)", action)
    }
    assert writing == {"iam:PassRole"}
    assert not {
        action for action in GRANTED if re.search("sts:|lambda:|:Put.*Policy$|AddPermission", action)
    } - {"logs:PutRetentionPolicy"}


def test_a_role_is_passed_only_to_the_service_that_its_own_trust_policy_names() -> None:
    roles = {
        arn_of(role["Type"], role["Properties"]): role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for role in load(ROOT / "infra" / "orders.yaml")["Resources"].values()
        if role["Type"] == "AWS::IAM::Role"
    }
    passing = [statement for statement in POLICY if "iam:PassRole" in statement["Action"]]
    assert len(passing) == 2
    for statement in passing:
        (resource,) = resources_of(statement)
        trusted = [
            s["Principal"]["Service"]
            for arn, trust in roles.items()
            if fnmatchcase(str(arn), resource)
            for s in trust
        ]
        assert trusted == [statement["Condition"]["StringEquals"]["iam:PassedToService"]]


def test_ci_cannot_delete_what_holds_data() -> None:
    assert not GRANTED & {
        "s3:DeleteBucket", "s3:PutLifecycleConfiguration", "s3:PutBucketVersioning", "dynamodb:DeleteTable",
        "dynamodb:UpdateTable", "dynamodb:UpdateContinuousBackups", "logs:DeleteLogGroup", "sns:DeleteTopic",
        "ecr:DeleteRepository", "ecr:BatchDeleteImage",
    }  # fmt: skip
    orders = "arn:aws:s3:::mayfly-input-123456789012-us-east-1/input/valid_order.csv"
    archived = "arn:aws:s3:::mayfly-cleaned-123456789012-us-east-1/processed/input/valid_order.csv"
    for arn in (orders, archived):
        assert not grants("s3:DeleteObjectVersion", arn)
        assert not grants("s3:GetObject", arn)


def test_what_is_granted_on_everything_says_why() -> None:
    everywhere = {statement["Sid"] for statement in POLICY if "*" in resources_of(statement)}
    assert everywhere == {
        "LogInToRegistry", "ReadWhatHasNoArn", "UnsubscribeTakesNoArn", "ListItsTasks",
        "TaskDefinitionsThatTakeNoArn",
    }  # fmt: skip


def test_the_policy_fits_into_a_role() -> None:
    # 10,240 characters without white space; the account and region may be longer than ours.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(re.sub(r"\s", "", json.dumps(POLICY))) < 10_000


# The template that a person deploys


def test_the_packed_template_names_nothing_by_a_path() -> None:
    template = json.loads(packed(CI))
    assert "Fn::Transform" not in json.dumps(template)
    (policy,) = template["Resources"]["DeployRole"]["Properties"]["Policies"]
    assert len(policy["PolicyDocument"]["Statement"]) == len(POLICY)
    assert len(json.dumps(template)) < 51_200  # what CloudFormation takes without a bucket


@pytest.mark.parametrize("path", [ROOT / "infra" / "orders.yaml", Path("not-there.yaml")])
def test_what_cannot_be_packed_alone_is_refused(path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be packed"):
        packed(path)
