"""Takes a version from its parts to its end: accepted, in the tables, published. There is no way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common import rules
from common.exit_codes import TryAgain
from transformer.claims import ACCEPTED, Claims
from transformer.commit import DayCommitter, TooManyActions
from transformer.curated import Curated
from transformer.ledger import Claim
from transformer.manifests import Index, IndexedPart, Manifest, Pin
from transformer.plan import MOST_ACTIONS, Change, DayPlan, Planner
from transformer.refusal import Refused
from transformer.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    Action = TransactWriteItemTypeDef

#: What a day takes in a transaction of its own beside its categories: the claim's check, the head, the total.
_BESIDE_CATEGORIES = 3


class FileCommitter:
    """Commits one version on behalf of one execution of it."""

    def __init__(self, session: Session, claims: Claims, planner: Planner) -> None:
        self._session = session
        self._claims = claims
        self._planner = planner
        self._committer = DayCommitter(session, planner)
        self._curated = Curated(session)

    def accept(self, index: Index, pin: Pin) -> Claim:
        """Accept the version, with all its days if one transaction takes them; return its claim afterwards.

        Raises ``Refused`` when a day alone would be too much for one transaction, or it was taken back.
        """
        changes = {part.date: _put_in(index, part) for part in index.parts}
        companion = _Acceptance(self._claims, index, pin)
        try:
            self._committer.commit(changes, companion)
        except TooManyActions as error:
            _refuse_too_many(error.plans)
            self._claims.accept(index, pin)
        claim = self._claims.read()
        if claim.index is None:
            raise TryAgain("the acceptance did not go through")
        return claim

    def roll_forward(self, claim: Claim) -> Index:
        """Do what is left to do for an accepted version; return the index of the parts that were accepted.

        Another attempt may have accepted other parts of the same version: then those are the ones. Raises
        ``Refused`` when the version was taken back, and ``TryAgain`` when the claim is no longer ours.
        """
        if claim.index is None:
            raise ValueError("a version that is not accepted cannot be rolled forward")
        index = self._session.store.index(claim.index)
        if not claim.is_committed:
            superseded = sum(self._commit_day(index, part) for part in index.parts)
            self._claims.record_committed(superseded)
        elif claim.status != ACCEPTED:
            self._claims.record_committed(None)
        self._session.log.info("committed", rows=index.rows, days=len(index.parts))
        if not claim.is_completed:
            with self._session.stages.stage("curated"):
                self._curated.publish_file(index)
            self._claims.record_completed(self._session.stages.total())
        return index

    def _commit_day(self, index: Index, part: IndexedPart) -> int:
        """Put one day into the tables and return how many of its rows do not count."""
        guard = _WhileAccepted(self._claims, index.execution_id)
        try:
            plans = self._committer.commit({part.date: _put_in(index, part)}, guard)
        except TooManyActions as error:
            # What else is there of the day has changed since the acceptance, and there is no way back.
            raise TryAgain(f"{part.date}: {error}; take back a file that should not be there") from error
        self._planner.forget(part.date)
        return rows_superseded(plans[0].manifest, index, part)


class _Acceptance:
    """The claim's update in the one transaction with all days."""

    def __init__(self, claims: Claims, index: Index, pin: Pin) -> None:
        self._claims = claims
        self._index = index
        self._pin = pin

    def is_settled(self) -> bool:
        return self._claims.read().index is not None

    def actions(self, plans: Sequence[DayPlan]) -> list[Action]:
        manifests = {plan.date: plan.manifest for plan in plans}
        superseded = sum(
            rows_superseded(manifests[part.date], self._index, part) for part in self._index.parts
        )
        return [self._claims.accept_and_commit(self._index, self._pin, superseded)]


class _WhileAccepted:
    """The check that keeps the days of a version out that was taken back meanwhile."""

    def __init__(self, claims: Claims, accepted_by: str) -> None:
        self._claims = claims
        self._accepted_by = accepted_by

    def is_settled(self) -> bool:
        self._claims.read()
        return False

    def actions(self, plans: Sequence[DayPlan]) -> list[Action]:
        is_change = any(plan.is_change for plan in plans)
        return [self._claims.check_accepted(self._accepted_by)] if is_change else []


def rows_superseded(manifest: Manifest, index: Index, part: IndexedPart) -> int:
    """Return how many rows of a part do not count by this manifest: all if the file says something newer."""
    entry = manifest.entry_of(index.version.file_id)
    return entry.rows_superseded if entry and entry.part == part.pin else part.rows


def _put_in(index: Index, part: IndexedPart) -> Change:
    entry = index.entry(part)
    return lambda manifest: manifest.with_entry(entry)


def _refuse_too_many(plans: Sequence[DayPlan]) -> None:
    most = MOST_ACTIONS - _BESIDE_CATEGORIES
    findings = [
        rules.TOO_MANY_CATEGORIES.found(column="category", value=plan.date, found=categories, most=most)
        for plan in plans
        if (categories := len(plan.manifest.categories) + len(plan.vanished)) > most
    ]
    if findings:
        raise Refused(findings)
