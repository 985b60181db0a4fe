"""Putting several items into the input of one child workflow execution.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from dataclasses import dataclass

from local_aws.states.errors import DATA_LIMIT_EXCEEDED, StateError
from local_aws.states.jsontext import MAX_PAYLOAD, Json, dumps, utf8


@dataclass(frozen=True, slots=True)
class Portion:
    """The input of a child workflow execution, and how many items it holds."""

    input: Json
    items: int


@dataclass(frozen=True, slots=True)
class Batching:
    """At most so many items and bytes a batch (0: no limit of one's own), and what comes with each batch."""

    max_items: int
    max_bytes: int
    shared: dict[str, Json]  # BatchInput, or nothing

    def portions(self, values: list[Json]) -> list[Portion]:
        """Fill one batch after the other; raises States.DataLimitExceeded for an item that fits into none."""
        most = min(self.max_bytes or MAX_PAYLOAD, MAX_PAYLOAD)
        empty = _size({**self.shared, "Items": []})
        batches: list[list[Json]] = []
        used = most
        for value in values:
            needed = _size(value) + 1  # and a comma
            if empty + needed - 1 > most:
                raise StateError(
                    DATA_LIMIT_EXCEEDED,
                    f"An item of {needed - 1} bytes does not fit into a batch of {most} bytes, {empty} of "
                    "which are taken without it.",
                )
            if not batches or used + needed > most or len(batches[-1]) == self.max_items:
                batches.append([])
                used = empty - 1  # the first item has no comma
            batches[-1].append(value)
            used += needed
        return [Portion({**self.shared, "Items": batch}, len(batch)) for batch in batches]


def one_by_one(values: list[Json]) -> list[Portion]:
    """Give each child workflow execution one item; raises States.DataLimitExceeded for one too large."""
    for value in values:
        if _size(value) > MAX_PAYLOAD:
            raise StateError(
                DATA_LIMIT_EXCEEDED,
                f"An item of {_size(value)} bytes is too large for the input of an execution, which has at "
                f"most {MAX_PAYLOAD} bytes.",
            )
    return [Portion(value, 1) for value in values]


def _size(value: Json) -> int:
    return len(utf8(dumps(value)))
