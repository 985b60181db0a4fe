"""What a simulation leaves in a stage, found by its own names, and removed: nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import CommandError
from mayfly.results import (
    cluster_of,
    families_of,
    file_id,
    ledger_claims,
    log_streams,
)
from mayfly.simulation.days import Days
from mayfly.simulation.samples import Sample
from mayfly.simulation.watching import until
from mayfly.stage import Stage

DELETED_AT_ONCE = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
TASKS_STOP_WITHIN = 180.0  # seconds: their grace period, and the removal of their network interface
Item = dict[str, Any]


@dataclass
class Traces:
    """Of samples under one prefix of keys, and of the executions that were about them."""

    stage: Stage
    outputs: dict[str, str]
    prefix: str
    samples: list[Sample] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)  # their names

    def remove(self) -> dict[str, int]:
        """Remove all of it and return how much of each kind there was; executions must have ended."""
        days = Days(self.stage, self.outputs, self.prefix)
        counts = {  # the days before the objects, which say whose they are
            "KPI items and items of days": sum(days.remove(day) for day in self._days()),
            "object versions": self._remove_objects(),
            "ledger claims": self._remove_claims(),
            "log streams": self._remove_log_streams(),
        }
        return {kind: count for kind, count in counts.items() if count}

    def left(self) -> list[str]:
        """Return what is there (still)."""
        found = [
            f"s3://{bucket}/{item['Key']} ({item['VersionId']})" for bucket, item in self._object_versions()
        ]
        found += [f"log stream {name}" for name in self._log_streams()]
        found += [f"ledger item {claim['pk']} {claim['sk']}" for claim in self._claims()]
        days = Days(self.stage, self.outputs, self.prefix)
        return found + [item for day in self._days() for item in days.left(day)]

    def is_free(self, days: list[str]) -> bool:
        """Tell whether no file and no KPI item has any of these days."""
        return Days(self.stage, self.outputs, self.prefix).is_free(days)

    def _days(self) -> list[str]:
        return sorted({day for sample in self.samples for day in sample.days})

    def _object_versions(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield bucket and key and version of every object and delete marker of ours."""
        ids = [file_id(self.outputs["InputBucket"], sample.key) for sample in self.samples]
        of_cleaned = [f"{place}/{self.prefix}" for place in ("cleaned", "processed")]
        of_cleaned += [f"handoff/{name}.json" for name in self.executions]
        of_cleaned += [f"{place}/{identity}/" for place in ("parts", "rejected") for identity in ids]
        of_cleaned += [f"curated/order_date={day}/{identity}." for day in self._days() for identity in ids]
        places = [(self.outputs["InputBucket"], self.prefix)]
        places += [(self.outputs["CleanedBucket"], prefix) for prefix in of_cleaned]
        listing = self.stage.client("s3").get_paginator("list_object_versions")
        for bucket, prefix in places:
            for page in listing.paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Versions", []) + page.get("DeleteMarkers", []):
                    yield bucket, {"Key": item["Key"], "VersionId": item["VersionId"]}
        days = Days(self.stage, self.outputs, self.prefix)
        for day in self._days():
            yield from ((self.outputs["CleanedBucket"], item) for item in days.manifests(day))

    def _remove_objects(self) -> int:
        by_bucket: dict[str, list[dict[str, str]]] = {}
        for bucket, item in self._object_versions():
            by_bucket.setdefault(bucket, []).append(item)
        for bucket, items in by_bucket.items():
            for start in range(0, len(items), DELETED_AT_ONCE):
                answer = self.stage.client("s3").delete_objects(
                    Bucket=bucket, Delete={"Objects": items[start : start + DELETED_AT_ONCE], "Quiet": True}
                )
                if errors := answer.get("Errors"):
                    raise CommandError(
                        f"the simulation's files in s3://{bucket} could not be deleted",
                        str(errors[0]),
                        f"delete every version under {self.prefix} by hand",
                    )
        return sum(len(items) for items in by_bucket.values())

    def _claims(self) -> list[Item]:
        bucket, table = self.outputs["InputBucket"], self.outputs["LedgerTable"]
        return [
            claim for sample in self.samples for claim in ledger_claims(self.stage, table, bucket, sample.key)
        ]

    def _remove_claims(self) -> int:
        claims = self._claims()
        for claim in claims:
            key = {"pk": {"S": claim["pk"]}, "sk": {"S": claim["sk"]}}
            self.stage.client("dynamodb").delete_item(TableName=self.outputs["LedgerTable"], Key=key)
        return len(claims)

    def _log_streams(self) -> list[str]:
        prefixes = [
            f"{container}/{name}/"
            for name in self.executions
            for container in ("ecs-validator", "ecs-transformer")
        ]
        group = self.outputs["LogGroup"]
        return [stream for prefix in prefixes for stream in log_streams(self.stage, group, prefix)]

    def _remove_log_streams(self) -> int:
        streams = self._log_streams()
        for stream in streams:
            self.stage.client("logs").delete_log_stream(
                logGroupName=self.outputs["LogGroup"], logStreamName=stream
            )
        return len(streams)


def remove_from_ecs(stage: Stage, execution: str) -> None:
    """Remove the cluster, with its tasks, and the task definitions of an execution that was stopped."""
    ecs = stage.client("ecs")
    cluster = cluster_of(execution)
    if any(item["status"] != "INACTIVE" for item in ecs.describe_clusters(clusters=[cluster])["clusters"]):
        for task in ecs.list_tasks(cluster=cluster)["taskArns"]:
            ecs.stop_task(cluster=cluster, task=task, reason="its execution was stopped")
        if not until(lambda: _delete_cluster(ecs, cluster), TASKS_STOP_WITHIN, 1):
            raise CommandError(
                f"cluster {cluster} cannot be deleted",
                "its tasks do not stop",
                "stop them and delete it by hand",
            )
    for family in families_of(execution):
        for status in ("ACTIVE", "INACTIVE"):
            for arn in ecs.list_task_definitions(familyPrefix=family, status=status)["taskDefinitionArns"]:
                if status == "ACTIVE":
                    ecs.deregister_task_definition(taskDefinition=arn)
                ecs.delete_task_definitions(taskDefinitions=[arn])


def _delete_cluster(ecs: Any, cluster: str) -> bool:
    """Delete a cluster; return False while a task in it has not stopped."""
    try:
        ecs.delete_cluster(cluster=cluster)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClusterContainsTasksException":
            raise
        return False
    return True
