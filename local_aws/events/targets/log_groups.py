"""CloudWatch Logs as a target: each event is a log event."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import datetime

from local_aws.events.targets.kind import Delivery, Kind
from local_aws.iam.policies import Need
from local_aws.wire import AwsError, Json

# CloudWatch Logs refuses events of more than 2 hours ahead. moto judges by the host's time, and another clock
# may be far ahead of that.
_AHEAD = 2 * 3600 - 60


class LogGroup(Kind):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (CloudWatch Logs)."""

    arn = re.compile(r"arn:aws:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]{1,512}(:\*)?")
    takes_role = False

    async def send(self, delivery: Delivery) -> None:
        """Put a log event of the event's time into a stream of its own; AWS does not say which it takes."""
        arn = delivery.arn.removesuffix(":*")
        group, stream = arn.split(":log-group:")[1], str(uuid.uuid5(uuid.NAMESPACE_URL, _place(delivery)))
        policy = await self._policy(delivery)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            await delivery.permit(Need(action, f"{arn}:log-stream:{stream}"), policy)
        place = {"logGroupName": group, "logStreamName": stream}
        await delivery.call("logs", "create_log_stream", **place)
        answer = await delivery.call("logs", "put_log_events", **place, logEvents=[log_event(delivery)])
        if answer.get("rejectedLogEventsInfo"):
            raise AwsError(
                "InvalidParameterException", f"{group} takes no log event of {delivery.event['time']}"
            )

    async def _policy(self, delivery: Delivery) -> str:
        """Return the resource policies of CloudWatch Logs, which are of the account, as one."""
        answer = await delivery.call("logs", "describe_resource_policies")
        documents = [json.loads(one["policyDocument"]) for one in answer["resourcePolicies"]]
        statements = [document.get("Statement", []) for document in documents]
        listed = [one for given in statements for one in (given if isinstance(given, list) else [given])]
        return json.dumps({"Statement": listed})


def log_event(delivery: Delivery) -> dict[str, Json]:
    """Return what is logged; an input transformer can make `{"timestamp": ..., "message": ...}`.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html (log group)
    """
    made = json.loads(delivery.text) if delivery.target.get("InputTransformer") else None
    if isinstance(made, dict) and set(made) == {"timestamp", "message"}:
        return {"timestamp": _milliseconds(made["timestamp"]), "message": str(made["message"])}
    return {"timestamp": _milliseconds(delivery.event["time"]), "message": delivery.text}


def _milliseconds(moment: Json) -> int:
    is_iso = isinstance(moment, str) and not moment.isdigit()
    found = int(datetime.fromisoformat(moment).timestamp() * 1000) if is_iso else int(moment)
    return min(found, int((time.time() + _AHEAD) * 1000))


def _place(delivery: Delivery) -> str:
    return f"{delivery.rule.arn}#{delivery.target['Id']}#{delivery.event['id']}"
