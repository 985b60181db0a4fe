"""The buckets and tables that hold data: CloudFormation keeps them when a stack goes, and we remove them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mayfly.console import CommandError, detail
from mayfly.deploying.presence import is_there
from mayfly.stage import Stage
from mayfly.template import ORDERS, load

NAMED_BY = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName"}


@dataclass(frozen=True)
class Store:
    """A bucket or table that holds data."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"s3://{self.name}" if self.kind == "AWS::S3::Bucket" else f"table {self.name}"


def existing(stage: Stage) -> list[Store]:
    """Return the stage's stores that are there, by the names that the template gives them."""
    return [store for store in declared(stage) if is_there(stage, store.kind, store.name)]


def declared(stage: Stage) -> Iterator[Store]:
    """Yield the template's resources that CloudFormation does not delete, with their names in this stage."""
    known = {"AWS::AccountId": stage.account, "AWS::Region": stage.region, "Suffix": stage.suffix}
    for resource in load(ORDERS)["Resources"].values():
        if "DeletionPolicy" in resource:
            name = resource["Properties"][NAMED_BY[resource["Type"]]]["Fn::Sub"]
            for key, value in known.items():
                name = name.replace(f"${{{key}}}", value)
            yield Store(resource["Type"], name)


def holds_data(stage: Stage, store: Store) -> bool:
    """Tell whether anything is in a store: an object, a version or delete marker of one, or an item."""
    if store.kind == "AWS::S3::Bucket":
        listed = stage.client("s3").list_object_versions(Bucket=store.name, MaxKeys=1)
        return bool(listed.get("Versions") or listed.get("DeleteMarkers"))
    return bool(stage.client("dynamodb").scan(TableName=store.name, Limit=1)["Items"])


def remove(stage: Stage, store: Store) -> None:
    """Delete a store with all that is in it."""
    detail(f"removing {store}")
    if store.kind == "AWS::S3::Bucket":
        empty(stage.client("s3"), store.name)
        stage.client("s3").delete_bucket(Bucket=store.name)
    else:
        client = stage.client("dynamodb")
        client.delete_table(TableName=store.name)
        client.get_waiter("table_not_exists").wait(
            TableName=store.name, WaiterConfig={"Delay": 2, "MaxAttempts": 150}
        )


def empty(s3: Any, bucket: str) -> None:
    """Delete every version and delete marker of a bucket, which only goes empty.

    Uploads that never ended go with it:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
    """
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if objects := [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                raise CommandError(
                    f"s3://{bucket} could not be emptied", str(errors[0]), "mend that and run this again"
                )


def refuse_orphans(stage: Stage) -> None:
    """Raise CommandError when a stack that is gone has left its stores: a new one could not make them."""
    there = stage.describe()
    if (there is None or there["StackStatus"] == "REVIEW_IN_PROGRESS") and (left := existing(stage)):
        raise CommandError(
            f"stage {stage.name!r} has no stack, but its data is there",
            ", ".join(map(str, left)),
            f"remove it with ./scripts/undeploy.sh --force{stage.option}, or import it into a stack: "
            "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html",
        )
