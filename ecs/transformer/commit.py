"""Commits a file's days: all of them in one transaction, again from the read whenever someone was faster."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError

from common.aws_errors import code_of, is_transient, using
from common.clients import Clients
from common.clock import Clock, utc_text
from common.exit_codes import TryAgain
from common.log import Log
from common.rules import Finding
from transformer.kpis import Day
from transformer.ledger import Ledger, Version
from transformer.plan import (
    Acceptance,
    Tables,
    days_to_write,
    find_taken_days,
    find_too_many,
    least_actions,
    plan_actions,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MOST_TRIES = 20
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
#: Reasons for a cancelled transaction that a new read of the ledger, or a little patience, answers.
_PASSING = {
    "None",
    "ConditionalCheckFailed",
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}


@dataclass(frozen=True)
class File:
    """What is to be committed: the days of one version, on behalf of one execution."""

    execution_id: str
    version: Version
    rows: int
    days: Mapping[str, Day]


class Committer:
    """Puts files into the tables."""

    def __init__(self, clients: Clients, clock: Clock, tables: Tables, log: Log) -> None:
        self._dynamodb: DynamoDBClient = clients.dynamodb
        self._rng: random.Random = clients.rng
        self._clock = clock
        self._tables = tables
        self._ledger = Ledger(clients.dynamodb, tables.ledger)
        self._log = log

    def commit(self, file: File) -> list[Finding]:
        """Commit the file; return nothing when its numbers are in the tables, else why they may not be.

        A retry after a commit whose answer was lost finds it in the ledger, and changes nothing. Raises
        ``TryAgain`` when another execution took the version over, or after ``MOST_TRIES`` conflicts.
        """
        for attempt in range(MOST_TRIES):
            if self._ledger.is_committed(file.version, file.execution_id):
                return []
            actions, findings = self._plan(file)
            if findings or self._write(actions):
                return findings
            self._pause(attempt)
        if self._ledger.is_committed(file.version, file.execution_id):
            return []
        raise TryAgain(f"others kept changing the same days; gave up after {MOST_TRIES} tries")

    def _plan(self, file: File) -> tuple[list[TransactWriteItemTypeDef], list[Finding]]:
        if findings := find_too_many(file.days, least_actions(file.days)):
            return [], findings  # and as many heads are not even read
        heads = {date: head for date in sorted(file.days) if (head := self._ledger.head(date))}
        if findings := find_taken_days(heads, file.version):
            return [], findings
        dates = days_to_write(file.days, heads, file.version)
        if skipped := sorted(set(file.days) - set(dates)):
            self._log.info("a newer version of this file has filled some days already", days=skipped)
        acceptance = Acceptance(file.execution_id, file.version, utc_text(self._clock.now()), file.rows)
        revisions = {date: self._new_revision() for date in dates}
        actions = plan_actions(self._tables, acceptance, file.days, heads, revisions)
        return actions, find_too_many(file.days, len(actions))

    def _write(self, actions: list[TransactWriteItemTypeDef]) -> bool:
        """Write the transaction; return False when it must be planned anew, committed or not."""
        try:
            with using("ORDER_KPI_TABLE, CATEGORY_KPI_TABLE, LEDGER_TABLE", self._table_names()):
                self._dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken=_token(actions))
        except HTTPClientError as error:
            self._log.warning(f"the answer to the commit was lost: {error}")
            return False
        except ClientError as error:
            if not _may_pass(error):
                raise
            self._log.warning(f"the commit did not go through: {error}")
            return False
        return True

    def _pause(self, attempt: int) -> None:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        self._clock.sleep(self._rng.uniform(0, longest))

    def _new_revision(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _table_names(self) -> str:
        return ", ".join((self._tables.orders, self._tables.categories, self._tables.ledger))


def _token(actions: list[TransactWriteItemTypeDef]) -> str:
    """Return an idempotency token of DynamoDB's 36 characters: the same for the same transaction only.

    So the SDK's own retry of a request whose answer was lost is one transaction, and a new plan is another.
    """
    return hashlib.sha256(json.dumps(actions, sort_keys=True).encode()).hexdigest()[:36]


def _may_pass(error: ClientError) -> bool:
    if code_of(error) == "TransactionCanceledException":
        response: dict[str, Any] = dict(error.response)
        return all(reason.get("Code") in _PASSING for reason in response.get("CancellationReasons", []))
    return code_of(error) in {
        "TransactionInProgressException",
        "TransactionConflictException",
    } or is_transient(error)
