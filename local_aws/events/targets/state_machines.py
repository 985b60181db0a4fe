"""Step Functions as a target: each event starts an execution."""

from __future__ import annotations

import re
import uuid

from local_aws.events.targets.kind import Delivery, Kind
from local_aws.iam.policies import Need


class StateMachine(Kind):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (Step Functions)."""

    arn = re.compile(r"arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:[^:]+")
    needs_role = True

    async def send(self, delivery: Delivery) -> None:
        """Start an execution as the target's role."""
        await delivery.permit_by_role(Need("states:StartExecution", delivery.arn))
        request = {"stateMachineArn": delivery.arn, "name": execution_name(delivery), "input": delivery.text}
        await delivery.cloud.states(delivery.target_region).answer("StartExecution", request)


def execution_name(delivery: Delivery) -> str:
    """Return the name of the execution that the event starts by this target.

    AWS gives `<uuid>_<uuid>` and documents neither half. Ours is the event's id and one fixed for rule and
    target, so an event that is delivered twice names the same execution, and two rules name two.
    """
    place = f"{delivery.rule.arn}#{delivery.target['Id']}"
    return f"{delivery.event['id']}_{uuid.uuid5(uuid.NAMESPACE_URL, place)}"
