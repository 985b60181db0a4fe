"""Whether a role's trust policy lets a service take the role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import json

from local_aws.iam.conditions import conditions_of
from local_aws.iam.matching import like, listed
from local_aws.wire import Json

_ACTION = "sts:assumerole"


def trusts(document: str, service: str, source: str) -> bool:
    """Tell whether a trust policy lets `service` (states.amazonaws.com) take the role for `source`.

    `source` is the ARN of the resource on whose behalf the service acts. What is not modelled does not trust.
    """
    context = {"aws:sourceaccount": (source.split(":")[4],), "aws:sourcearn": (source,)}
    verdicts = {
        statement.get("Effect")
        for statement in listed(json.loads(document).get("Statement", []))
        if _is_about(statement, service)
        and all(
            condition.holds(context) if condition.gap is None else statement.get("Effect") == "Deny"
            for condition in conditions_of(statement.get("Condition"))
        )
    }
    return verdicts == {"Allow"}


def _is_about(statement: Json, service: str) -> bool:
    actions = [str(action).lower() for action in listed(statement.get("Action", []))]
    principal = statement.get("Principal")
    services = listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    return any(like(action, _ACTION) for action in actions) and (principal == "*" or service in services)
