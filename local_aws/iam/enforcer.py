"""Holds the calls of roles to the roles' policies, and remembers what each permission was used for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from local_aws.iam.calls import Call
from local_aws.iam.needs import needs_of
from local_aws.iam.policies import Need, decide
from local_aws.iam.roles import Roles, Session

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class AccessDeniedError(Exception):
    """A role may not do what was asked; the message is AWS's."""


class Use(NamedTuple):
    """That a statement of a role's policy has allowed an action."""

    role: str
    policy: str
    statement: str
    action: str


class Enforcer:
    """Judges calls; whoever is no session of a known role may do everything."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.roles = Roles(cloud.account)
        self.uses: Counter[Use] = Counter()

    def check(self, session: Session | None, call: Call) -> None:
        """Raise AccessDeniedError unless the session's role may make the call."""
        if session is not None and session.checked:
            for need in needs_of(self._cloud, call):
                self.demand(session, need, call.region)

    def demand(self, session: Session, need: Need, region: str) -> None:
        """Raise AccessDeniedError unless the session's role has what is needed."""
        if not session.checked:
            return
        always = {
            "aws:principalaccount": (self._cloud.account,),
            "aws:principalarn": (session.role_arn,),
            "aws:requestedregion": (region,),
            "aws:securetransport": ("true",),  # what comes from this machine to itself
        }
        asked = Need(need.action, need.resource, {**always, **need.context})
        decision = decide(self.roles.statements(session), asked)
        if not decision.allowed:
            on = "" if need.resource is None else f" on resource: {_quoted(need)}"
            raise AccessDeniedError(
                f"User: {session.arn} is not authorized to perform: {need.action}{on} {decision.because}"
            )
        if decision.statement is not None:
            used = Use(session.role, decision.statement.policy, decision.statement.place, need.action)
            self.uses[used] += 1


def _quoted(need: Need) -> str:
    """Return the resource as the service's messages have it: S3's stands in quotes."""
    return f'"{need.resource}"' if need.action.startswith("s3:") else str(need.resource)
