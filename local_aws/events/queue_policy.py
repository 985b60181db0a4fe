"""Whether a queue's policy lets EventBridge send a rule's dead letters to it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (permissions)
"""

from __future__ import annotations

from local_aws.iam.policies import Need
from local_aws.iam.resource_policies import lets_service


def lets_send(policy: str, queue: str, rule: str, account: str) -> bool:
    """Tell whether `policy` (JSON, or "") lets EventBridge send to the queue for the rule; both by ARN."""
    request = {
        "aws:sourceaccount": (account,),
        "aws:sourcearn": (rule,),
        "aws:securetransport": ("true",),
    }
    return lets_service(policy, "events.amazonaws.com", Need("sqs:SendMessage", queue, request))
