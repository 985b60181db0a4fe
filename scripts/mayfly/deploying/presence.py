"""Whether a resource is there, asked of its own service and not of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from mayfly.stage import Stage

# These go with what they belong to.
ATTACHED = frozenset({"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::Subscription"})


def is_there(stage: Stage, kind: str, identity: str) -> bool:
    """Ask the service of a resource, by CloudFormation's type and physical id, whether it exists."""
    if kind in ATTACHED:
        return False
    try:
        return bool(PROBES[kind](stage, identity))
    except ClientError as error:
        if is_gone(error):
            return False
        raise


def is_gone(error: ClientError) -> bool:
    """Tell whether an error says that what was asked for does not exist."""
    code = error.response["Error"]["Code"]
    return code == "404" or any(
        part in code for part in ("NoSuch", "NotFound", "NonExistent", "DoesNotExist")
    )


def _log_group(stage: Stage, name: str) -> bool:
    found = stage.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in found)


def _endpoint(stage: Stage, identity: str) -> bool:
    found = stage.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identity])["VpcEndpoints"]
    return any(endpoint["State"].lower() not in ("deleting", "deleted") for endpoint in found)


PROBES: dict[str, Callable[[Stage, str], Any]] = {
    "AWS::CloudWatch::Alarm": lambda stage, name: stage.client("cloudwatch").describe_alarms(
        AlarmNames=[name]
    )["MetricAlarms"],
    "AWS::DynamoDB::Table": lambda stage, name: stage.client("dynamodb").describe_table(TableName=name),
    "AWS::EC2::SecurityGroup": lambda stage, identity: stage.client("ec2").describe_security_groups(
        GroupIds=[identity]
    ),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECR::Repository": lambda stage, name: stage.client("ecr").describe_repositories(
        repositoryNames=[name]
    ),
    "AWS::Events::Rule": lambda stage, identity: stage.client("events").describe_rule(
        Name=identity.rpartition("/")[2]
    ),
    "AWS::IAM::Role": lambda stage, name: stage.client("iam").get_role(RoleName=name),
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": lambda stage, name: stage.client("s3").head_bucket(Bucket=name),
    "AWS::SNS::Topic": lambda stage, arn: stage.client("sns").get_topic_attributes(TopicArn=arn),
    "AWS::SQS::Queue": lambda stage, url: stage.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn"]
    ),
    "AWS::StepFunctions::StateMachine": lambda stage, arn: (
        stage.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"
    ),
}
