"""Deploys the orders pipeline as one CloudFormation stack. Deploying twice is the same as deploying once."""

from __future__ import annotations

import argparse
import hashlib
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from mayfly.console import CommandError, detail, end_with, step
from mayfly.stage import DEFAULT, Stage, stage_name
from mayfly.template import ORDERS, ROOT, Packed, pack

REFERENCE = ROOT / "data" / "products" / "sample_products.csv"
REFERENCE_KEY = "reference/products.csv"
IMAGES = ("validator", "transformer")


def deploy(stage: Stage, images: dict[str, str]) -> dict[str, str]:
    """Create or update the stage's stack and its reference data; return the stack's outputs.

    `images` maps validator and transformer to an image URI; one that is missing is the repository's latest.
    Raises CommandError when CloudFormation cannot do it.
    """
    step(f"Deploying stage {stage.name!r} to account {stage.account}, {stage.region}")
    detail("images: not built, for the local AWS runs the entry points in ecs/ as processes")
    packed = pack(ORDERS, stage.artifact_bucket)
    upload_artifacts(stage, packed)
    changed = apply(stage, packed.body, parameters(stage, images))
    outputs = stage.outputs()
    upload_reference(stage, outputs["CleanedBucket"])
    step(f"Stack {stage.stack} is {'up to date' if changed else 'unchanged'}")
    return outputs


def parameters(stage: Stage, images: dict[str, str]) -> dict[str, str]:
    """Return the stack's parameters: the default VPC with its subnets, and the images."""
    ec2 = stage.client("ec2")
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not vpcs:
        raise CommandError(
            "no network for the tasks",
            f"no default VPC in {stage.region}",
            "create one: aws ec2 create-default-vpc",
        )
    vpc = vpcs[0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    detail(f"network: the default VPC {vpc} with {len(subnets)} subnets")
    registry = f"{stage.account}.dkr.ecr.{stage.region}.amazonaws.com"
    uris = {image: images.get(image) or f"{registry}/ecs-{image}:latest" for image in IMAGES}
    return {
        "Stage": stage.name,
        "Suffix": stage.suffix,
        "VpcId": vpc,
        "Subnets": ",".join(sorted(subnet["SubnetId"] for subnet in subnets)),
        "ValidatorImageUri": uris["validator"],
        "TransformerImageUri": uris["transformer"],
    }


def upload_artifacts(stage: Stage, packed: Packed) -> None:
    """Put what the template refers to into the artifact bucket, which is made when it is missing."""
    s3 = stage.client("s3")
    if not bucket_exists(s3, stage.artifact_bucket):
        detail(f"artifacts: making bucket {stage.artifact_bucket}")
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": stage.region}}
        s3.create_bucket(Bucket=stage.artifact_bucket, **({} if stage.region == "us-east-1" else elsewhere))
    for artifact in packed.artifacts:
        s3.put_object(Bucket=stage.artifact_bucket, Key=artifact.key, Body=artifact.body)
        detail(f"artifacts: {artifact.key}")


def bucket_exists(s3: Any, bucket: str) -> bool:
    """Tell whether a bucket of ours is there."""
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def apply(stage: Stage, body: str, values: dict[str, str]) -> bool:
    """Create or update the stack and wait for it; return whether anything changed."""
    cloudformation = stage.client("cloudformation")
    arguments: dict[str, Any] = {
        "StackName": stage.stack,
        "TemplateBody": body,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "mayfly:stage", "Value": stage.name}],
    }
    exists = stage.describe() is not None
    step(f"{'Updating' if exists else 'Creating'} stack {stage.stack}")
    try:
        if exists:
            cloudformation.update_stack(**arguments)
        else:
            cloudformation.create_stack(**arguments)
        waiter = cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete")
        waiter.wait(StackName=stage.stack, WaiterConfig={"Delay": 2, "MaxAttempts": 900})
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"].get("Message", ""):
            return False
        raise CommandError(
            f"CloudFormation refused stack {stage.stack}", str(error), "mend what it names and deploy again"
        ) from error
    except WaiterError as error:
        raise CommandError(
            f"stack {stage.stack} could not be brought up to date",
            "; ".join(failures(cloudformation, stage.stack)) or str(error),
            "mend what it names; a stack in ROLLBACK_COMPLETE goes with ./scripts/undeploy.sh --force first",
        ) from error
    return True


def failures(cloudformation: Any, stack: str) -> list[str]:
    """Return what CloudFormation said of each resource that failed, first failure first."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]


def upload_reference(stage: Stage, bucket: str) -> None:
    """Put the product list, whose categories orders may name, where the validator reads it, if it changed."""
    s3 = stage.client("s3")
    body = REFERENCE.read_bytes()
    try:
        there = s3.head_object(Bucket=bucket, Key=REFERENCE_KEY)["ETag"].strip('"')
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        there = ""
    if there != hashlib.md5(body, usedforsecurity=False).hexdigest():
        detail(f"reference data: {REFERENCE.name} -> s3://{bucket}/{REFERENCE_KEY}")
        s3.put_object(Bucket=bucket, Key=REFERENCE_KEY, Body=body)


def main() -> None:
    """Run `deploy.sh`."""
    parser = argparse.ArgumentParser(prog="./scripts/deploy.sh", description=__doc__)
    parser.add_argument(
        "--stage",
        type=stage_name,
        default=DEFAULT,
        metavar="NAME",
        help="a pipeline of its own beside the others",
    )
    for image in IMAGES:
        parser.add_argument(
            f"--{image}-image",
            metavar="URI",
            help=f"the {image}'s image (default: ecs-{image}:latest of this account)",
        )
    arguments = parser.parse_args()
    try:
        stage = Stage.of_environment(arguments.stage)
        outputs = deploy(stage, {image: getattr(arguments, f"{image}_image") for image in IMAGES})
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)
    for key, value in outputs.items():
        print(f"{key:18} {value}")
    detail(f"next: aws s3 cp data/orders/valid_order.csv s3://{outputs['InputBucket']}/input/")


if __name__ == "__main__":
    main()
