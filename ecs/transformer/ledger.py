"""The ledger: who works on a version of a file, and which version of which file a day's numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.aws_errors import using
from common.exit_codes import TryAgain
from transformer.items import Item, text, texts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

RUNNING = "RUNNING"
#: The statuses of a version whose numbers are in the tables.
_COMMITTED = {"ACCEPTED", "ARCHIVED"}


@dataclass(frozen=True)
class Version:
    """A version of a file. Versions of one file are ordered by ``order``: last modified, then version id."""

    file_id: str
    key: str
    version_id: str
    last_modified: str

    @property
    def order(self) -> tuple[str, str]:
        """What the versions of a file are sorted by, the newest last."""
        return self.last_modified, self.version_id


@dataclass(frozen=True)
class Head:
    """What a day's numbers come from. ``revision`` is random and never the same twice."""

    date: str
    revision: str
    version: Version
    categories: tuple[str, ...]

    def item(self) -> Item:
        """Return the head as it is stored."""
        return {
            **head_key(self.date),
            "revision": text(self.revision),
            "file_id": text(self.version.file_id),
            "key": text(self.version.key),
            "version_id": text(self.version.version_id),
            "last_modified": text(self.version.last_modified),
            "categories": texts(list(self.categories)),
        }


def head_key(date: str) -> Item:
    """Return the key of a day's head."""
    return {"pk": text(f"day#{date}"), "sk": text("head")}


def claim_key(version: Version) -> Item:
    """Return the key of a version's claim."""
    return {"pk": text(f"file#{version.file_id}"), "sk": text(f"v#{version.version_id}")}


class Ledger:
    """Reads the ledger, always its latest state."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self.table = table

    def is_committed(self, version: Version, execution_id: str) -> bool:
        """Tell whether the version's numbers are in the tables already.

        Raises ``TryAgain`` when the version is not claimed by this execution, or the execution has ended: a
        task that outlives it (Step Functions stops tasks as well as it can) must not commit behind its back.
        """
        claim = self._get(claim_key(version))
        owner = claim["execution"]["S"] if claim and "execution" in claim else "nobody"
        if owner != execution_id:
            raise TryAgain(f"version {version.version_id} is claimed by {owner}, not by this execution")
        status = claim["status"]["S"]
        if status != RUNNING and status not in _COMMITTED:
            raise TryAgain(f"this execution has ended: version {version.version_id} is {status}")
        return status in _COMMITTED

    def head(self, date: str) -> Head | None:
        """Return the head of a day, or None when no file has filled it."""
        item = self._get(head_key(date))
        if not item:
            return None
        version = Version(*(item[name]["S"] for name in ("file_id", "key", "version_id", "last_modified")))
        categories = tuple(value["S"] for value in item["categories"]["L"])
        return Head(date, item["revision"]["S"], version, categories)

    def _get(self, key: Item) -> Item:
        with using("LEDGER_TABLE", self.table):
            answer = self._dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return answer.get("Item", {})
