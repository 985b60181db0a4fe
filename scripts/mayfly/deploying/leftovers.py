"""What was cut short has left: executions in ECS, known by their tag, and simulations in SQS, by its name."""

from __future__ import annotations

import re
import time
from threading import Event
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import CommandError, detail
from mayfly.stage import Stage

FAMILIES = ("ecs-validator-", "ecs-transformer-")
STATUSES = ("ACTIVE", "INACTIVE")  # DELETE_IN_PROGRESS goes by itself
STOPS_WITHIN = (
    180.0  # seconds a task may take to stop: its grace period and the removal of its network interface
)


def clusters(stage: Stage) -> list[str]:
    """Return the ARNs of the stage's clusters. A deleted one may be shown for a while, as INACTIVE."""
    ecs = stage.client("ecs")
    found = []
    for page in ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 100}):
        arns = page["clusterArns"]
        described = ecs.describe_clusters(clusters=arns, include=["TAGS"])["clusters"] if arns else []
        found += [
            cluster["clusterArn"]
            for cluster in described
            if cluster["status"] != "INACTIVE" and _is_of(stage, cluster.get("tags", []))
        ]
    return found


def task_definitions(stage: Stage) -> dict[str, str]:
    """Return the ARNs of the stage's task definitions that are not being deleted, with their status."""
    ecs = stage.client("ecs")
    found = {}
    for family in _families(ecs):
        for status in STATUSES:
            pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix=family, status=status)
            for arn in (arn for page in pages for arn in page["taskDefinitionArns"]):
                described = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
                if _is_of(stage, described.get("tags", [])):
                    found[arn] = status
    return found


def _families(ecs: Any) -> list[str]:
    """Return the families that executions make; an account may have thousands of others."""
    return [
        family
        for prefix in FAMILIES
        for page in ecs.get_paginator("list_task_definition_families").paginate(
            familyPrefix=prefix, status="ALL"
        )
        for family in page["families"]
    ]


def inboxes(stage: Stage) -> list[str]:
    """Return the URLs of the queues by which simulations heard the stage's topics."""
    name = f"mayfly-inbox{stage.suffix}-"
    pages = stage.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=name)
    urls = [url for page in pages for url in page.get("QueueUrls", [])]
    return [url for url in urls if re.fullmatch(rf"{name}[0-9a-f]{{8}}", url.rpartition("/")[2])]


def remove(stage: Stage) -> None:
    """Delete the clusters, with their tasks, task definitions and inboxes of a stage where nothing runs."""
    for url in inboxes(stage):
        detail(f"removing what a simulation left: {url.rpartition('/')[2]}")
        stage.client("sqs").delete_queue(QueueUrl=url)
    ecs = stage.client("ecs")
    for cluster in clusters(stage):
        detail(f"removing what an execution left: {cluster.rpartition('/')[2]}")
        for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster):
            for task in page["taskArns"]:
                ecs.stop_task(cluster=cluster, task=task, reason="the stage is being removed")
        _delete_cluster(ecs, cluster)
    for arn, status in task_definitions(stage).items():
        detail(f"removing what an execution left: {arn.rpartition('/')[2]}")
        if status == "ACTIVE":
            ecs.deregister_task_definition(taskDefinition=arn)
        ecs.delete_task_definitions(taskDefinitions=[arn])


def _delete_cluster(ecs: Any, cluster: str) -> None:
    """Delete a cluster as soon as its tasks have stopped."""
    deadline = time.monotonic() + STOPS_WITHIN
    pause = Event()
    while True:
        try:
            ecs.delete_cluster(cluster=cluster)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ClusterContainsTasksException":
                raise
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{cluster} cannot be deleted",
                    "its tasks do not stop",
                    "stop them by hand and run this again",
                ) from error
            pause.wait(1)
        else:
            return


def _is_of(stage: Stage, tags: list[dict[str, str]]) -> bool:
    return {"key": "mayfly:stage", "value": stage.name} in tags
