"""Commits days: all of them in one transaction, again from the read whenever somebody was faster."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError, HTTPClientError

from common.aws_errors import code_of, is_transient, using
from common.exit_codes import TryAgain
from common.names import manifest_key
from transformer.lease import Leases
from transformer.manifests import Pin
from transformer.plan import MOST_ACTIONS, Change, DayPlan, Planner
from transformer.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    Action = TransactWriteItemTypeDef

MOST_TRIES = 20
#: After so many conflicts a commit asks the others to wait.
_CONFLICTS_UNTIL_LEASE = 3
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
#: Reasons for a cancelled transaction that say that somebody else was there.
_CONFLICTS = {"ConditionalCheckFailed", "TransactionConflict"}
#: Reasons that a new read of the ledger, or a little patience, answers.
_PASSING = _CONFLICTS | {"None", "ThrottlingError", "ProvisionedThroughputExceeded"}


class Companion(Protocol):
    """What goes into the transaction along with the days."""

    def is_settled(self) -> bool:
        """Tell, after a try that may have failed, whether nothing is left to do; may raise to give up."""
        ...

    def actions(self, plans: Sequence[DayPlan]) -> list[Action]:
        """Return the actions that are written with these plans, all or none."""
        ...


class Alone:
    """Nothing goes along."""

    def is_settled(self) -> bool:
        """Return False: only the days themselves tell."""
        return False

    def actions(self, plans: Sequence[DayPlan]) -> list[Action]:  # noqa: ARG002 - a Companion's
        """Return nothing."""
        return []


class TooManyActions(Exception):  # noqa: N818 - an answer, not a fault
    """The plans do not go into one transaction; nothing was written."""

    def __init__(self, plans: Sequence[DayPlan]) -> None:
        super().__init__(f"{sum(plan.size for plan in plans)} writes for {len(plans)} days")
        self.plans = plans


class DayCommitter:
    """Puts days into the tables.

    The transformer's, and just as well that of who recomputes a day or takes a file back.
    """

    def __init__(self, session: Session, planner: Planner) -> None:
        self._session = session
        self._dynamodb: DynamoDBClient = session.clients.dynamodb
        self._rng: random.Random = session.clients.rng
        self._clock = session.clock
        self._log = session.log
        self._tables = session.tables
        self._planner = planner

    def commit(self, changes: Mapping[str, Change], companion: Companion) -> list[DayPlan]:
        """Change these days, by date, in one transaction, and return the plans that are in the tables now.

        Returns nothing when the companion was settled otherwise. Raises ``TooManyActions`` when the writes do
        not go into one transaction, and ``TryAgain`` after ``MOST_TRIES``.
        """
        leases = Leases(self._session)
        try:
            with self._session.stages.stage("commit"):
                return self._commit(changes, companion, leases)
        finally:
            leases.release()

    def _commit(self, changes: Mapping[str, Change], companion: Companion, leases: Leases) -> list[DayPlan]:
        saved: dict[str, Pin] = {}
        contested: set[str] = set()
        conflicts, longest_try = 0, 0.0
        for attempt in range(MOST_TRIES):
            if attempt and companion.is_settled():
                return []
            if conflicts >= _CONFLICTS_UNTIL_LEASE:
                leases.take(contested, longest_try)
            heads = leases.heads(changes)
            began = self._clock.monotonic()
            plans = [self._planner.plan(date, heads[date], change) for date, change in changes.items()]
            actions, dates = self._actions(plans, companion, saved)
            if not actions:
                return plans
            in_conflict = self._write(actions, dates)
            if in_conflict is None:
                return plans
            contested |= in_conflict
            conflicts += bool(in_conflict)
            longest_try = max(longest_try, self._clock.monotonic() - began)
            self._pause(attempt)
        if companion.is_settled():
            return []
        raise TryAgain(f"others kept changing the same days; gave up after {MOST_TRIES} tries")

    def _actions(
        self, plans: list[DayPlan], companion: Companion, saved: dict[str, Pin]
    ) -> tuple[list[Action], list[str | None]]:
        """Save the manifests and return the actions of one transaction, and of which day each is."""
        actions = companion.actions(plans)
        dates: list[str | None] = [None] * len(actions)
        if len(actions) + sum(plan.size for plan in plans) > MOST_ACTIONS:
            raise TooManyActions(plans)
        for plan in plans:
            if not plan.is_change:
                continue
            revision = plan.manifest.revision
            if revision not in saved:
                saved[revision] = self._session.store.put(
                    manifest_key(plan.date, revision), plan.manifest.to_json()
                )
            actions += plan.actions(self._tables, saved[revision])
            dates += [plan.date] * plan.size
        return actions, dates

    def _write(self, actions: list[Action], dates: list[str | None]) -> set[str] | None:
        """Write the transaction; return None when it is in, else the days in which somebody else was there.

        After a lost answer it may be in all the same: then a new read tells.
        """
        try:
            with using("ORDER_KPI_TABLE, CATEGORY_KPI_TABLE, LEDGER_TABLE", self._table_names()):
                self._dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken=_token(actions))
        except HTTPClientError as error:
            self._log.warning(f"the answer to the commit was lost: {error}")
            return set()
        except ClientError as error:
            if not _may_pass(error):
                raise
            self._log.warning(f"the commit did not go through: {error}")
            reasons = _reasons(error)
            return {
                date for date, reason in zip(dates, reasons, strict=False) if date and reason in _CONFLICTS
            }
        return None

    def _pause(self, attempt: int) -> None:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        self._clock.sleep(self._rng.uniform(0, longest))

    def _table_names(self) -> str:
        return ", ".join((self._tables.orders, self._tables.categories, self._tables.ledger))


def _token(actions: list[Action]) -> str:
    """Return an idempotency token of DynamoDB's 36 characters: the same for the same transaction only.

    So the SDK's own retry of a request whose answer was lost is one transaction, and a new plan is another.
    """
    return hashlib.sha256(json.dumps(actions, sort_keys=True).encode()).hexdigest()[:36]


def _reasons(error: ClientError) -> list[str | None]:
    response: dict[str, Any] = dict(error.response)
    return [reason.get("Code") for reason in response.get("CancellationReasons", [])]


def _may_pass(error: ClientError) -> bool:
    if code_of(error) == "TransactionCanceledException":
        return set(_reasons(error)) <= _PASSING
    return code_of(error) in {
        "TransactionInProgressException",
        "TransactionConflictException",
    } or is_transient(error)
