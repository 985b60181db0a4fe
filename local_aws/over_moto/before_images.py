"""What items were before a write, so that a write that must not have happened can be undone."""

from __future__ import annotations

import copy

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend

from local_aws.wire import Json


class BeforeImages:
    """Items as they were; used under the endpoint's lock, so nobody sees what is being undone."""

    def __init__(self, backend: DynamoDBBackend) -> None:
        self.backend = backend
        self._images: list[tuple[str, Json, Json]] = []

    def remember(self, table: str, key: Json) -> Json:
        """Remember an item and return its attributes; None when there is none, or no such key or table."""
        try:
            item = self.backend.get_item(table, key)
        except (JsonRESTError, KeyError):  # the write itself will be refused, and in AWS's words
            return None
        image = copy.deepcopy(item.to_json()["Attributes"]) if item is not None else None
        self._images.append((table, key, image))
        return image

    def restore(self) -> None:
        """Put every remembered item back, the last one first."""
        while self._images:
            table, key, image = self._images.pop()
            if image is not None:
                self.backend.put_item(table, image)
            elif self.backend.get_item(table, key) is not None:
                self.backend.delete_item(table, key)
