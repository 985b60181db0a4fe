"""What a run has left behind, asked of the services: KPIs, files, notices, and what ECS still holds."""

from __future__ import annotations

import json
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


class Inbox:
    """A queue that hears both topics, so that the notices can be shown."""

    def __init__(self, stage: Stage, topics: list[str]) -> None:
        self._sqs: Any = stage.client("sqs")
        self._url: str = self._sqs.create_queue(QueueName=f"mayfly-inbox{stage.suffix}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": _may_send(arn, topics)})
        for topic in topics:
            stage.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

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
