"""What a run has left behind, asked of the services: KPIs, files, notices, and what ECS still holds."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from mayfly.stage import Stage

ORDER_COLUMNS = (
    "order_date", "total_orders", "total_revenue", "total_items_sold", "return_rate", "unique_customers",
)  # fmt: skip
CATEGORY_COLUMNS = ("order_date", "category", "daily_revenue", "avg_order_value", "avg_return_rate")


def table_rows(stage: Stage, table: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a KPI table's items with their numbers as exact Decimals, sorted by the first columns."""
    read = TypeDeserializer().deserialize
    pages = stage.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [{key: read(value) for key, value in item.items()} for page in pages for item in page["Items"]]
    return sorted(
        ({column: item.get(column) for column in columns} for item in items),
        key=lambda row: [str(row[column]) for column in columns[:2]],
    )


def whereabouts(stage: Stage, outputs: dict[str, str], key: str) -> str:
    """Return where a file is now: `input`, `processed`, or `nowhere`."""
    places = {
        "input": (outputs["InputBucket"], key),
        "processed": (outputs["CleanedBucket"], f"processed/{key}"),
    }
    found = [place for place, (bucket, name) in places.items() if object_exists(stage, bucket, name)]
    return " and ".join(found) or "nowhere"


def object_exists(stage: Stage, bucket: str, key: str) -> bool:
    """Tell whether S3 has a current object of that key."""
    try:
        stage.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def left_in_ecs(stage: Stage) -> dict[str, int]:
    """Return how many clusters, tasks and task definitions (in any state that is listed) ECS still has."""
    ecs = stage.client("ecs")
    clusters = [arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]]
    tasks = [
        arn
        for cluster in clusters
        for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster)
        for arn in page["taskArns"]
    ]
    definitions = [
        arn
        for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS")
        for page in ecs.get_paginator("list_task_definitions").paginate(status=status)
        for arn in page["taskDefinitionArns"]
    ]
    return {"clusters": len(clusters), "tasks": len(tasks), "task_definitions": len(definitions)}


def order_rows(stage: Stage, table: str, days: Iterable[str]) -> list[dict[str, Any]]:
    """Return the items of OrderKPIs of those days, whole, in the order of the days."""
    dynamodb = stage.client("dynamodb")
    answers = [
        dynamodb.get_item(TableName=table, Key={"order_date": {"S": day}}, ConsistentRead=True)
        for day in days
    ]
    return [_in_order(answer["Item"], ORDER_COLUMNS) for answer in answers if "Item" in answer]


def category_rows(stage: Stage, table: str, days: Sequence[str]) -> list[dict[str, Any]]:
    """Return the items of CategoryKPIs of those days, whole, whatever their category, by day and category."""
    if not days:
        return []
    pages = (
        stage.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table,
            ConsistentRead=True,
            FilterExpression="order_date BETWEEN :first AND :last",
            ExpressionAttributeValues={":first": {"S": min(days)}, ":last": {"S": max(days)}},
        )
    )
    rows = [_in_order(item, CATEGORY_COLUMNS) for page in pages for item in page["Items"]]
    return sorted((row for row in rows if row["order_date"] in days), key=lambda row: list(row.values())[:2])


def _in_order(item: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return an item's values, the table's columns first and then what it has besides."""
    read = TypeDeserializer().deserialize
    known = [column for column in columns if column in item]
    return {name: read(item[name]) for name in [*known, *sorted(set(item) - set(known))]}


def file_id(bucket: str, key: str) -> str:
    """Return the id of a file in the ledger and under rejected/, as docs/architecture.md defines it."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


def ledger_claims(stage: Stage, table: str, bucket: str, key: str) -> list[dict[str, Any]]:
    """Return what the ledger has of a file: an item for each version."""
    read = TypeDeserializer().deserialize
    pages = (
        stage.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :file",
            ExpressionAttributeValues={":file": {"S": f"file#{file_id(bucket, key)}"}},
        )
    )
    return [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def log_streams(stage: Stage, group: str, prefix: str) -> list[str]:
    """Return the names of a log group's streams that begin so."""
    pages = stage.client("logs").get_paginator("describe_log_streams")
    listed = pages.paginate(logGroupName=group, logStreamNamePrefix=prefix)
    return [stream["logStreamName"] for page in listed for stream in page["logStreams"]]


def log_lines(stage: Stage, group: str, prefix: str) -> list[str]:
    """Return what the streams that begin so hold."""
    pages = stage.client("logs").get_paginator("filter_log_events")
    listed = pages.paginate(logGroupName=group, logStreamNamePrefix=prefix)
    return [event["message"] for page in listed for event in page["events"]]


def cluster_of(execution: str) -> str:
    """Return the name of an execution's cluster."""
    return f"ecs-ephemeral-cluster-{execution}"


def families_of(execution: str) -> tuple[str, str]:
    """Return the families of an execution's task definitions."""
    return f"ecs-validator-{execution}", f"ecs-transformer-{execution}"


def ecs_traces(stage: Stage, execution: str) -> list[str]:
    """Return what ECS still has of one execution: its cluster and its task definitions, by their names.

    A definition that is DELETE_IN_PROGRESS goes by itself and does not count.
    """
    ecs = stage.client("ecs")
    cluster = cluster_of(execution)
    described = ecs.describe_clusters(clusters=[cluster])["clusters"]
    found = [f"cluster {cluster} ({item['status']})" for item in described if item["status"] != "INACTIVE"]
    for family in families_of(execution):
        for status in ("ACTIVE", "INACTIVE"):
            listed = ecs.list_task_definitions(familyPrefix=family, status=status)["taskDefinitionArns"]
            found += [f"task definition {arn.rpartition('/')[2]} ({status})" for arn in listed]
    return found


class Inbox:
    """A queue of its own that hears the topics, so that the notices can be shown."""

    def __init__(self, stage: Stage, topics: list[str]) -> None:
        self._sqs: Any = stage.client("sqs")
        self._sns: Any = stage.client("sns")
        self.name = f"mayfly-inbox{stage.suffix}-{secrets.token_hex(4)}"
        partition, region, account = (topics[0].split(":")[part] for part in (1, 3, 4))
        arn = f"arn:{partition}:sqs:{region}:{account}:{self.name}"
        # With the queue, not after it: a changed policy takes up to 60 seconds to be heard of everywhere.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        self._url: str = self._sqs.create_queue(
            QueueName=self.name, Attributes={"Policy": _may_send(arn, topics)}
        )["QueueUrl"]
        self._subscriptions: list[str] = []
        try:
            for topic in topics:
                answer = self._sns.subscribe(
                    TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
                )
                self._subscriptions.append(answer["SubscriptionArn"])
        except BaseException:
            self.remove()
            raise

    def notices(self) -> list[dict[str, str]]:
        """Return the notices that came, and forget them: topic, subject and message of each."""
        found: list[dict[str, str]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                body = json.loads(message["Body"])
                topic = body["TopicArn"].rpartition(":")[2]
                found.append({"topic": topic, "subject": body["Subject"], "message": body["Message"]})
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def remove(self) -> None:
        """Delete the queue and its subscriptions, with the notices that nobody has read."""
        for subscription in self._subscriptions:
            self._sns.unsubscribe(SubscriptionArn=subscription)
        self._sqs.delete_queue(QueueUrl=self._url)


def _may_send(queue_arn: str, topics: list[str]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": queue_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
                }
            ],
        }
    )
