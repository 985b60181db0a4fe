"""Publishes for everybody to query what is committed: copies of parts, a folder a day, a file a file."""

from __future__ import annotations

from common.exit_codes import TryAgain
from common.names import curated_key
from transformer.ledger import Head
from transformer.manifests import Index, Pin
from transformer.session import Session

_MOST_TRIES = 20


class Curated:
    """The table under ``curated/``. The truth is the manifests; this follows them."""

    def __init__(self, session: Session) -> None:
        self._store = session.store
        self._ledger = session.ledger

    def publish_file(self, index: Index) -> None:
        """Make the objects of all days of a file what the days' manifests say."""
        for date in index.dates:
            self.publish(date, index.version.file_id)

    def publish(self, date: str, file_id: str) -> None:
        """Make the day's object of a file what the day's manifest says: a copy of its part, or none.

        Whoever commits meanwhile publishes, too, and may be overtaken by this copy. So the head is read once
        more afterwards, and the object made anew until it is of the part that counts. Raises
        ``TryAgain`` when that does not come to an end.
        """
        head, _ = self._ledger.day(date)
        part = self._part(head, file_id)
        for _ in range(_MOST_TRIES):
            if part is None:
                self._store.delete(curated_key(date, file_id))
            else:
                self._store.copy(part, curated_key(date, file_id))
            before, (head, _lease) = head, self._ledger.day(date)
            published, part = part, part if head == before else self._part(head, file_id)
            if part == published:
                return
        raise TryAgain(f"{curated_key(date, file_id)} kept changing; gave up after {_MOST_TRIES} tries")

    def _part(self, head: Head | None, file_id: str) -> Pin | None:
        entry = self._store.manifest(head.manifest).entry_of(file_id) if head else None
        return entry.part if entry else None
