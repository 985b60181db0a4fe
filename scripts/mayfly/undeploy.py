"""Removes the orders pipeline and shows that nothing of it is left.

Buckets and tables with data go only with --force. While an execution is running, nothing goes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from mayfly import leftovers
from mayfly.console import CommandError, detail, end_with, step
from mayfly.deploy import REFERENCE_KEY, bucket_exists, failures
from mayfly.stage import DEFAULT, Stage, stage_name

GONE_CODES = {
    "404", "NoSuchBucket", "NoSuchEntity", "NotFound", "NotFoundException", "ResourceNotFoundException",
    "StateMachineDoesNotExist", "InvalidGroup.NotFound", "NoSuchBucketPolicy",
}  # fmt: skip


def undeploy(stage: Stage, *, force: bool) -> None:
    """Delete the stage's stack and artifacts; raise CommandError when something must stay or is left."""
    stack = stage.describe()
    resources = {}
    if stack is None:
        step(f"No stack {stage.stack}: looking for leftovers only")
    else:
        summaries = stage.client("cloudformation").get_paginator("list_stack_resources")
        for page in summaries.paginate(StackName=stage.stack):
            resources.update({item["LogicalResourceId"]: item for item in page["StackResourceSummaries"]})
        refuse_while_running(stage, resources)
        refuse_loss(stage, resources, force=force)
        for bucket in physical(resources, "AWS::S3::Bucket"):
            empty(stage, bucket)
        delete_stack(stage)
    leftovers.remove(stage)
    if bucket_exists(stage.client("s3"), stage.artifact_bucket):
        empty(stage, stage.artifact_bucket)
        stage.client("s3").delete_bucket(Bucket=stage.artifact_bucket)
    verify(stage, resources)


def physical(resources: dict[str, Any], kind: str) -> list[str]:
    """Return the physical ids of the stack's resources of one type that exist."""
    return [
        item["PhysicalResourceId"]
        for item in resources.values()
        if item["ResourceType"] == kind and item.get("PhysicalResourceId")
    ]


def refuse_while_running(stage: Stage, resources: dict[str, Any]) -> None:
    """Raise CommandError while an execution runs: it would leave its cluster behind."""
    for machine in physical(resources, "AWS::StepFunctions::StateMachine"):
        running = stage.client("stepfunctions").list_executions(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        if names := [execution["name"] for execution in running["executions"]]:
            raise CommandError(
                f"stage {stage.name!r} is at work",
                f"running executions: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}",
                "wait for their end and run this again",
            )


def refuse_loss(stage: Stage, resources: dict[str, Any], *, force: bool) -> None:
    """Raise CommandError when data would be lost and --force does not ask for it."""
    with_data = []
    for bucket in physical(resources, "AWS::S3::Bucket"):
        versions = stage.client("s3").list_object_versions(Bucket=bucket, MaxKeys=10)
        listed = versions.get("Versions", []) + versions.get("DeleteMarkers", [])
        if any(item["Key"] != REFERENCE_KEY for item in listed):  # which deploy.sh put there
            with_data.append(f"s3://{bucket}")
    for table in physical(resources, "AWS::DynamoDB::Table"):
        if stage.client("dynamodb").scan(TableName=table, Limit=1)["Items"]:
            with_data.append(f"table {table}")
    if with_data and not force:
        raise CommandError(
            f"stage {stage.name!r} holds data that would be lost",
            ", ".join(with_data),
            "save what you need, then: ./scripts/undeploy.sh --force"
            + ("" if stage.name == DEFAULT else f" --stage {stage.name}"),
        )


def empty(stage: Stage, bucket: str) -> None:
    """Delete every version and delete marker of a bucket, which CloudFormation only deletes empty."""
    detail(f"emptying s3://{bucket}")
    s3 = stage.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if objects := [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                raise CommandError(
                    f"s3://{bucket} could not be emptied", str(errors[0]), "mend that and run this again"
                )


def delete_stack(stage: Stage) -> None:
    """Delete the stack and wait until it is gone."""
    step(f"Deleting stack {stage.stack}")
    cloudformation = stage.client("cloudformation")
    cloudformation.delete_stack(StackName=stage.stack)
    try:
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=stage.stack, WaiterConfig={"Delay": 2, "MaxAttempts": 900})
    except WaiterError as error:
        raise CommandError(
            f"stack {stage.stack} could not be deleted",
            "; ".join(failures(cloudformation, stage.stack)) or str(error),
            "mend what it names and run this again",
        ) from error


def verify(stage: Stage, resources: dict[str, Any]) -> None:
    """Ask each service for each resource that was there; raise CommandError when one still is."""
    left = [
        f"{item['ResourceType']} {item['PhysicalResourceId']}"
        for item in resources.values()
        if item.get("PhysicalResourceId") and exists(stage, item["ResourceType"], item["PhysicalResourceId"])
    ]
    left += leftovers.clusters(stage) + leftovers.task_definitions(stage)
    if left:
        raise CommandError("not everything is gone", ", ".join(left), "run this again, or delete it by hand")
    step(f"Nothing of stage {stage.name!r} is left ({len(resources)} resources asked for)")


def exists(stage: Stage, kind: str, identity: str) -> bool:
    """Ask the service of a resource whether it is there."""
    probes: dict[str, Callable[[], Any]] = {
        "AWS::S3::Bucket": lambda: stage.client("s3").head_bucket(Bucket=identity),
        "AWS::DynamoDB::Table": lambda: stage.client("dynamodb").describe_table(TableName=identity),
        "AWS::SNS::Topic": lambda: stage.client("sns").get_topic_attributes(TopicArn=identity),
        "AWS::Logs::LogGroup": lambda: one(
            group
            for group in stage.client("logs").describe_log_groups(logGroupNamePrefix=identity)["logGroups"]
            if group["logGroupName"] == identity
        ),
        "AWS::EC2::SecurityGroup": lambda: stage.client("ec2").describe_security_groups(GroupIds=[identity]),
        "AWS::IAM::Role": lambda: stage.client("iam").get_role(RoleName=identity),
        "AWS::StepFunctions::StateMachine": lambda: stage.client("stepfunctions").describe_state_machine(
            stateMachineArn=identity
        ),
        "AWS::Events::Rule": lambda: stage.client("events").describe_rule(Name=identity.rpartition("/")[2]),
    }
    try:
        return probes[kind]() is not None
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE_CODES:
            return False
        raise


def one(items: Any) -> Any:
    """Return the first of `items`, or None."""
    return next(iter(items), None)


def main() -> None:
    """Run `undeploy.sh`."""
    parser = argparse.ArgumentParser(prog="./scripts/undeploy.sh", description=__doc__)
    parser.add_argument(
        "--stage",
        type=stage_name,
        default=DEFAULT,
        metavar="NAME",
        help="the stage to remove (default: %(default)s)",
    )
    parser.add_argument(
        "--force", action="store_true", help="remove buckets and tables that hold data, with the data"
    )
    arguments = parser.parse_args()
    try:
        undeploy(Stage.of_environment(arguments.stage), force=arguments.force)
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)


if __name__ == "__main__":
    main()
