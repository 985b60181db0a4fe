"""Who calls: sessions of roles, told apart by their access keys, and whether a service may begin one.

The sessions are kept by moto's STS, so GetCallerIdentity names them, and those that a user begins by
AssumeRole are known, too. Whoever has no session owns the account and may do everything.

A role that IAM does not know when its session begins is not checked: many machines and task definitions are
tried out with a made-up ARN. A role that is deleted later takes its rights with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from moto.iam.models import Role, iam_backends
from moto.sts.models import AssumedRole, sts_backends

from local_aws.iam.policies import Statement, statements_of
from local_aws.iam.resource_policies import trusts

OWNER: Final = "test"  # the access key of the account's owner in this process
SESSION_SECONDS: Final = 6 * 3600
_RENEWED_BEFORE: Final = timedelta(hours=1)  # SDKs ask for new credentials when 15 minutes are left
_access_key: ContextVar[str] = ContextVar("access_key", default=OWNER)


@contextmanager
def acting_as(access_key: str) -> Iterator[None]:
    """Make the calls of in-process clients those of another principal, here and in tasks begun here."""
    token = _access_key.set(access_key)
    try:
        yield
    finally:
        _access_key.reset(token)


def acting() -> str:
    """Return the access key that calls of in-process clients are made with."""
    return _access_key.get()


class NotTrustedError(Exception):
    """A role's trust policy does not let a service take it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a role, and the credentials that stand for it; `checked` is false for an unknown role."""

    role_arn: str
    name: str
    access_key: str
    secret_key: str
    token: str
    checked: bool
    expires: datetime

    @property
    def role(self) -> str:
        """Return the role's name."""
        return self.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """Return the ARN that AWS's messages name."""
        return f"arn:aws:sts::{self.role_arn.split(':')[4]}:assumed-role/{self.role}/{self.name}"


class Roles:
    """The roles of an account and their sessions."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._sessions: dict[str, Session] = {}

    def begin(self, role_arn: str, service: str, source: str, name: str) -> Session:
        """Let a service take a role on behalf of the resource `source`; raise NotTrustedError."""
        role = self._role(role_arn)
        if role is not None and not trusts(role.assume_role_policy_document, service, source):
            raise NotTrustedError(
                f"the trust policy of {role_arn} does not let {service} take it for {source}"
            )
        made = self._assume(role_arn, name)
        return self._keep(made, checked=role is not None)

    def fresh(self, session: Session) -> Session:
        """Return a session that will last, the same or another like it; one that is not checked stays so.

        Time is the host's, as those who use credentials see it, however far a scaled clock is ahead.
        """
        if session.expires - datetime.now(UTC) > _RENEWED_BEFORE:
            return session
        return self._keep(self._assume(session.role_arn, session.name), checked=session.checked)

    def session_of(self, access_key: str) -> Session | None:
        """Return the session that an access key stands for; None for the owner's."""
        if access_key in self._sessions or not access_key.startswith("ASIA"):
            return self._sessions.get(access_key)
        made = sts_backends[self._account]["aws"].get_assumed_role_from_access_key(access_key)
        if made is None:
            return None
        return self._keep(made, checked=self._role(made.role_arn) is not None)

    def statements(self, session: Session) -> list[Statement]:
        """Return the statements of all policies of a session's role; none when the role has gone."""
        role = self._role(session.role_arn)
        if role is None:
            return []
        documents = {
            policy.name: version.document
            for policy in list(role.managed_policies.values())
            for version in policy.versions
            if version.is_default
        }
        return statements_of({**documents, **role.policies})

    def _assume(self, role_arn: str, name: str) -> AssumedRole:
        return sts_backends[self._account]["aws"].assume_role(
            region_name="us-east-1",
            role_session_name=name,
            role_arn=role_arn,
            policy="",
            duration=SESSION_SECONDS,
            external_id="",
        )

    def _keep(self, made: AssumedRole, *, checked: bool) -> Session:
        session = Session(
            role_arn=made.role_arn,
            name=made.session_name,
            access_key=made.access_key_id,
            secret_key=made.secret_access_key,
            token=made.session_token,
            checked=checked,
            expires=made.expiration.replace(tzinfo=UTC),
        )
        self._sessions[session.access_key] = session
        return session

    def _role(self, arn: str) -> Role | None:
        roles = list(iam_backends[self._account]["aws"].roles.values())
        return next((role for role in roles if role.arn == arn), None)
