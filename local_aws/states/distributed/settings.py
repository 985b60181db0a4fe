"""What a Map in DISTRIBUTED mode is set up with, after parsing.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from dataclasses import dataclass

from local_aws.states.scope import Expression


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Where the items come from: an object, or the objects of a bucket."""

    action: str  # getObject or listObjectsV2
    arguments: Expression
    input_type: str | None  # CSV, JSON or JSONL; None for a list of objects
    max_items: Expression | None
    headers: tuple[str, ...] | None  # a CSV's, when the definition gives them; None: its first row
    delimiter: str
    pointer: str | None  # a JSON Pointer to the array of items
    load: bool  # the listed objects are read, and their items are those of the Map


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """How many items, and bytes, a child workflow execution gets, and what they all get besides."""

    max_items: Expression | None
    max_bytes: Expression | None
    batch_input: Expression | None


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """In what form the results come, and to where; without `arguments` they are the state's output."""

    arguments: Expression | None
    transformation: str  # NONE, COMPACT or FLATTEN
    output_type: str  # JSON or JSONL


# Without a ResultWriter the state's output is those of the child workflow executions.
DEFAULT_WRITER = ResultWriter(None, "COMPACT", "JSON")


@dataclass(frozen=True, slots=True)
class Distribution:
    """What only a Map in DISTRIBUTED mode has."""

    label: str
    express: bool
    definition: str  # of the child workflow executions, as they are described
    reader: ItemReader | None
    batcher: ItemBatcher | None
    writer: ResultWriter
    tolerated_count: Expression | None
    tolerated_percentage: Expression | None
