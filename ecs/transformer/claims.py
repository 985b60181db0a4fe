"""The claim of a version: what the transformer writes into it, and what it must find there to go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError

from common import rules
from common.aws_errors import code_of, using
from common.clock import utc_text
from common.exit_codes import TryAgain
from transformer.items import Item, number, text
from transformer.ledger import Claim, claim_key
from transformer.manifests import Index, Pin
from transformer.refusal import Refused
from transformer.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef, UpdateTypeDef

    Action = TransactWriteItemTypeDef

RUNNING = "RUNNING"
COMMITTING = "COMMITTING"
ACCEPTED = "ACCEPTED"
ARCHIVED = "ARCHIVED"
_GOES_ON = {RUNNING, COMMITTING, ACCEPTED, ARCHIVED}
_OURS = "#execution = :execution AND attribute_not_exists(#withdrawn_at)"
_NOT_ACCEPTED = f"{_OURS} AND #status = :running AND attribute_not_exists(#accepted_at)"
#: It may be there already: an answer may have been lost on the way to the SDK's own retry.
_GOING_ON = f"{_OURS} AND #status IN (:running, :committing, :status)"


class Claims:
    """The claim of one version, as an execution of it sees it."""

    def __init__(self, session: Session, file_id: str, version_id: str) -> None:
        self._dynamodb: DynamoDBClient = session.clients.dynamodb
        self._clock = session.clock
        self._ledger = session.ledger
        self._log = session.log
        self._execution_id = session.owner
        self._file_id = file_id
        self._version_id = version_id

    def read(self) -> Claim:
        """Return the claim as it is.

        Raises ``TryAgain`` when the version is not claimed by this execution, or the execution has ended: a
        task that outlives it (Step Functions stops tasks as well as it can) must not go on behind its back.
        Raises ``Refused`` when the version was taken back.
        """
        claim = self._ledger.claim(self._file_id, self._version_id)
        if claim is None or claim.execution != self._execution_id:
            owner = claim.execution if claim else "nobody"
            raise TryAgain(f"version {self._version_id} is claimed by {owner}, not by this execution")
        if claim.is_withdrawn:
            raise Refused([rules.WITHDRAWN.found()])
        if claim.status not in _GOES_ON:
            raise TryAgain(f"this execution has ended: version {self._version_id} is {claim.status}")
        return claim

    def accept_and_commit(self, index: Index, pin: Pin, rows_superseded: int) -> Action:
        """Return the action that accepts the version along with all its days, in their transaction."""
        now = self._now()
        facts = self._acceptance(index, pin, now)
        facts |= {"rows_superseded": number(rows_superseded), "committed_at": now}
        return {"Update": self._update(_NOT_ACCEPTED, ACCEPTED, facts)}

    def accept(self, index: Index, pin: Pin) -> None:
        """Accept the version before its days are written; only a new read tells whether that went through."""
        facts = self._acceptance(index, pin, self._now())
        try:
            self._write(self._update(_NOT_ACCEPTED, COMMITTING, facts))
        except HTTPClientError as error:
            self._log.warning(f"the answer to the acceptance was lost: {error}")

    def check_accepted(self, accepted_by: str) -> Action:
        """Return the action that lets a day be written only while the version is accepted."""
        return {
            "ConditionCheck": {
                "TableName": self._ledger.table,
                "Key": self._key(),
                "ConditionExpression": "#by = :by AND attribute_not_exists(#withdrawn_at)",
                "ExpressionAttributeNames": {"#by": "accepted_by", "#withdrawn_at": "withdrawn_at"},
                "ExpressionAttributeValues": {":by": text(accepted_by)},
            }
        }

    def record_committed(self, rows_superseded: int | None) -> None:
        """Write that all days are in the tables; the rows are None when that is written already.

        Raises as ``read`` does when the claim is no longer this execution's.
        """
        facts: Item = {}
        if rows_superseded is not None:
            facts = {"rows_superseded": number(rows_superseded), "committed_at": self._now()}
        self._write_or_raise(self._update(_GOING_ON, ACCEPTED, facts))

    def record_completed(self, seconds: float) -> None:
        """Write that nothing is left to do, and how many seconds this attempt took.

        Raises as ``read`` does when the claim is no longer this execution's.
        """
        facts: Item = {"completed_at": self._now(), "transform_seconds": {"N": f"{seconds:.3f}"}}
        self._write_or_raise(self._update(_GOING_ON, ACCEPTED, facts))

    def _acceptance(self, index: Index, pin: Pin, now: AttributeValueTypeDef) -> Item:
        dates = index.dates
        return {
            "accepted_at": now,
            "accepted_by": text(index.execution_id),
            "index": text(pin.key),
            "index_version": text(pin.version_id),
            "days": number(len(dates)),
            "first_day": text(dates[0]),
            "last_day": text(dates[-1]),
            "rows": number(index.rows),
        }

    def _update(self, condition: str, status: str, facts: Item) -> UpdateTypeDef:
        facts = {"status": text(status), **facts}
        known = {"execution": self._execution_id, "running": RUNNING, "committing": COMMITTING}
        return {
            "TableName": self._ledger.table,
            "Key": self._key(),
            "ConditionExpression": condition,
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ExpressionAttributeNames": {
                f"#{name}": name for name in (*facts, *re.findall(r"#(\w+)", condition))
            },
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in facts.items()},
                **{f":{name}": text(value) for name, value in known.items() if f":{name}" in condition},
            },
        }

    def _write_or_raise(self, update: UpdateTypeDef) -> None:
        if not self._write(update):
            self.read()
            raise TryAgain(f"the claim of version {self._version_id} changed while it was written")

    def _write(self, update: UpdateTypeDef) -> bool:
        """Write the update; return False when its condition was not met."""
        try:
            with using("LEDGER_TABLE", self._ledger.table):
                self._dynamodb.update_item(**update)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _key(self) -> Item:
        return claim_key(self._file_id, self._version_id)

    def _now(self) -> AttributeValueTypeDef:
        return text(utc_text(self._clock.now()))
