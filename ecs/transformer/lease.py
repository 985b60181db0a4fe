"""Leases: how a slow file asks the quick ones to let it through.

A lease is a request, not a lock: it ends by itself, and whoever overlooks it does no harm, because a commit
depends on the revisions of its days alone. It is released by an update, so that nobody needs a right to
delete from the ledger.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError

from common.aws_errors import code_of, is_transient, using
from transformer.items import Item, text
from transformer.ledger import Head, Lease, lease_key
from transformer.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_SHORTEST_SECONDS = 30.0
#: A lease lasts so many times as long as the longest try did.
_ALLOWANCE = 2
_LONGEST_PAUSE_SECONDS = 3.0
#: How long one commit waits for the leases of others, all in all, before it tries in spite of them.
_PATIENCE_SECONDS = 15 * 60.0


class Leases:
    """The leases of one commit, and those it waits for."""

    def __init__(self, session: Session) -> None:
        self._dynamodb: DynamoDBClient = session.clients.dynamodb
        self._rng: random.Random = session.clients.rng
        self._clock = session.clock
        self._ledger = session.ledger
        self._log = session.log
        self._owner = session.owner
        self._patience = _PATIENCE_SECONDS
        self._has_waited = False
        self._taken: list[str] = []

    def heads(self, dates: Iterable[str]) -> dict[str, Head | None]:
        """Return the days' heads, read at a time when nobody else had a lease on any of these days."""
        while True:
            days = {date: self._ledger.day(date) for date in dates}
            leased = [date for date, (_, lease) in days.items() if self._is_foreign(lease)]
            if not leased or not self._wait_for(leased):
                return {date: head for date, (head, _) in days.items()}
            while any(self._is_foreign(self._ledger.day(date)[1]) for date in leased):
                if not self._wait_for(leased):
                    break

    def take(self, dates: Iterable[str], longest_try: float) -> None:
        """Ask the others to wait with these days; ``longest_try`` is in seconds.

        They are asked for in the order of the calendar, so that two who want the same days do not wait for
        each other.
        """
        seconds = max(_SHORTEST_SECONDS, _ALLOWANCE * longest_try)
        for date in sorted(dates):
            while not self._take(date, seconds):
                if not self._wait_for([date]):
                    return
        self._log.info("asked the others to wait", days=sorted(dates), seconds=round(seconds))

    def release(self) -> None:
        """Let the others go on; a lease that cannot be released ends by itself."""
        for date in self._taken:
            try:
                self._update(date, 0.0, "#owner = :owner", {})
            except HTTPClientError as error:
                self._log.warning(f"could not release the lease of {date}: {error}")
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException" and not is_transient(error):
                    raise
        self._taken = []

    def _take(self, date: str, seconds: float) -> bool:
        try:
            self._update(
                date,
                self._now() + seconds,
                "attribute_not_exists(pk) OR #owner = :owner OR #until <= :now",
                {":now": {"N": f"{self._now():.3f}"}},
            )
        except HTTPClientError as error:
            self._log.warning(f"the answer about the lease of {date} was lost: {error}")
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        if date not in self._taken:
            self._taken.append(date)
        return True

    def _update(self, date: str, until: float, condition: str, values: Item) -> None:
        with using("LEDGER_TABLE", self._ledger.table):
            self._dynamodb.update_item(
                TableName=self._ledger.table,
                Key=lease_key(date),
                UpdateExpression="SET #owner = :owner, #until = :until",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#owner": "owner", "#until": "until"},
                ExpressionAttributeValues={
                    ":owner": text(self._owner),
                    ":until": {"N": f"{until:.3f}"},
                    **values,
                },
            )

    def _is_foreign(self, lease: Lease | None) -> bool:
        return lease is not None and lease.owner != self._owner and lease.until > self._now()

    def _wait_for(self, dates: list[str]) -> bool:
        """Wait a little, or return False when there has been enough of it."""
        if self._patience <= 0:
            return False
        if not self._has_waited:
            self._has_waited = True
            self._log.info("waiting for a commit that goes first", days=dates)
        began = self._clock.monotonic()
        self._clock.sleep(self._rng.uniform(0, _LONGEST_PAUSE_SECONDS))
        self._patience -= self._clock.monotonic() - began
        return True

    def _now(self) -> float:
        return self._clock.now().timestamp()
