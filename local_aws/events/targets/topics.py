"""SNS as a target: each event is published."""

from __future__ import annotations

import re

from local_aws.events.targets.kind import Delivery, Kind
from local_aws.iam.policies import Need


class Topic(Kind):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (SNS, no FIFO topics)."""

    arn = re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}")

    async def send(self, delivery: Delivery) -> None:
        """Publish a message."""
        answer = await delivery.call("sns", "get_topic_attributes", TopicArn=delivery.arn)
        await delivery.permit(Need("sns:Publish", delivery.arn), answer["Attributes"].get("Policy", ""))
        await delivery.call("sns", "publish", TopicArn=delivery.arn, Message=delivery.text)
