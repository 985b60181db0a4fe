"""Lambda as a target: each event is an asynchronous invocation."""

from __future__ import annotations

import json
import re

from local_aws.events.targets.kind import Delivery, Kind
from local_aws.iam.policies import Need


class Function(Kind):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (Lambda)."""

    arn = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}")
    takes_role = False

    async def send(self, delivery: Delivery) -> None:
        """Invoke the function by its own leave; that it fails later is no failure of the delivery."""
        functions = delivery.cloud.functions(delivery.target_region)
        statements = functions.find(delivery.arn).policy.statements
        policy = json.dumps({"Statement": statements}) if statements else ""
        await delivery.permit(Need("lambda:InvokeFunction", delivery.arn), policy)
        await functions.invoke(delivery.arn, delivery.text.encode(), "Event")
