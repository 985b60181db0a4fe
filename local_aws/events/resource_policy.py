"""Whether the policy of a target, or of a dead-letter queue, lets EventBridge in for a rule.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from local_aws.iam.policies import Need
from local_aws.iam.resource_policies import lets_service

PRINCIPAL = "events.amazonaws.com"


def lets_rule(policy: str, need: Need, rule: str, account: str) -> bool:
    """Tell whether `policy` (JSON, or "" for none) lets EventBridge do what is needed for a rule (an ARN)."""
    context = {
        "aws:sourceaccount": (account,),
        "aws:sourcearn": (rule,),
        "aws:securetransport": ("true",),
    }
    return lets_service(policy, PRINCIPAL, Need(need.action, need.resource, context))
