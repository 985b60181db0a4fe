"""Policies of resources, as far as they concern services: a role's trust policy, a queue's policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from local_aws.iam.matching import listed
from local_aws.iam.policies import Need, decide, statements_of
from local_aws.wire import Json


def lets_service(document: str, service: str, need: Need) -> bool:
    """Tell whether a resource's policy (JSON, or "" for none) lets a service do what is needed."""
    if not document:
        return False
    statements = statements_of({"policy": document}, lambda statement: _is_about(statement, service))
    return decide(statements, need).allowed


def trusts(document: str, service: str, source: str) -> bool:
    """Tell whether a trust policy lets `service` (states.amazonaws.com) take the role for `source`.

    `source` is the ARN of the resource on whose behalf the service acts.
    """
    context = {"aws:sourceaccount": (source.split(":")[4],), "aws:sourcearn": (source,)}
    return lets_service(document, service, Need("sts:AssumeRole", None, context))


def _is_about(statement: Json, service: str) -> bool:
    """Tell whether a statement may be about a service; of NotPrincipal the parser says that it lacks it."""
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return service in listed(principal.get("Service", [])) or "*" in listed(principal.get("AWS", []))
    return bool(principal == "*")
