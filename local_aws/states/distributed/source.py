"""Where a distributed Map's items come from: the state's data, an object in S3, or the objects of a bucket.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from local_aws.states.distributed.formats import items_of, unreadable
from local_aws.states.distributed.s3 import call_s3
from local_aws.states.distributed.settings import ItemReader
from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_MOST: Final = 100_000_000  # items of a Map Run
_FROM_STATE: Final = "STATE_DATA"


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and where it comes from, as `$$.Map.Item.Source` says."""

    value: Json
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What an ItemReader is to read: `arguments` of the call, and at most `limit` items (0: all)."""

    reader: ItemReader
    arguments: Json
    limit: int

    async def items(self, visit: Visit) -> list[Item]:
        """Read the items; raises States.ItemReaderFailed."""
        if self.limit < 0:
            raise unreadable("field MaxItems must be positive")
        items: list[Item] = []
        most = min(self.limit or _MOST, _MOST)
        try:
            async for more in self._parts(visit):
                items += more
                if len(items) >= most:
                    break
        except StateError as error:
            raise unreadable(error.cause) from error
        return items[:most]

    async def _parts(self, visit: Visit) -> AsyncIterator[Iterable[Item]]:
        if self.reader.action == "getObject":
            yield await self._object(visit, self.arguments)
            return
        bucket = self.arguments.get("Bucket")
        async for found in self._listed(visit):
            if not self.reader.load:
                yield [Item(_as_item(found), f"s3://{bucket}")]
            else:
                owner = {key: value for key, value in self.arguments.items() if key == "ExpectedBucketOwner"}
                yield await self._object(visit, {"Bucket": bucket, "Key": found["Key"], **owner})

    async def _object(self, visit: Visit, arguments: Json) -> Iterable[Item]:
        answer = await call_s3(visit, "getObject", arguments)
        source = f"s3://{arguments.get('Bucket')}/{arguments.get('Key')}"
        return [Item(value, source) for value in items_of(self.reader, answer["Body"])]

    async def _listed(self, visit: Visit) -> AsyncIterator[Json]:
        page: Json = {}
        while True:
            page = await call_s3(visit, "listObjectsV2", {**self.arguments, **page})
            for found in page.get("Contents", []):
                yield found
            if not page.get("NextContinuationToken"):
                return
            page = {"ContinuationToken": page["NextContinuationToken"]}


def of_state(values: list[Json]) -> list[Item]:
    """Return items that the state's own data holds."""
    return [Item(value, _FROM_STATE) for value in values]


def _as_item(found: Json) -> Json:
    """Return a listed object as a Map sees it: not spelled, and not dated, as SDK integrations do."""
    modified = found.get("LastModified")
    item = {
        "Etag": found.get("ETag"),
        "Key": found["Key"],
        "LastModified": datetime.fromisoformat(modified).timestamp() if modified else None,
        "Size": found.get("Size"),
        "StorageClass": found.get("StorageClass"),
    }
    return {key: value for key, value in item.items() if value is not None}
