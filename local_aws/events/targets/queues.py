"""SQS as a target: each event is a message."""

from __future__ import annotations

import re

from local_aws.events.targets.kind import Delivery, Kind
from local_aws.iam.policies import Need
from local_aws.wire import AwsError, Json


class Queue(Kind):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (SQS)."""

    arn = re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}(\.fifo)?")
    members = frozenset({"SqsParameters"})

    def check(self, target: dict[str, Json]) -> None:
        """Raise AwsError for a FIFO queue without a message group."""
        if str(target["Arn"]).endswith(".fifo") and not target.get("SqsParameters"):
            raise AwsError(
                "ValidationException",
                f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.",
            )

    async def send(self, delivery: Delivery) -> None:
        """Send a message; a FIFO queue has to deduplicate by content, for EventBridge gives it no id."""
        account = delivery.arn.split(":")[4]
        found = await delivery.call(
            "sqs", "get_queue_url", QueueName=delivery.name, QueueOwnerAWSAccountId=account
        )
        queue = {"QueueUrl": found["QueueUrl"]}
        answer = await delivery.call("sqs", "get_queue_attributes", **queue, AttributeNames=["Policy"])
        policy = answer.get("Attributes", {}).get("Policy", "")
        await delivery.permit(Need("sqs:SendMessage", delivery.arn), policy)
        group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
        await delivery.call(
            "sqs",
            "send_message",
            **queue,
            MessageBody=delivery.text,
            **({"MessageGroupId": group} if group else {}),
        )
