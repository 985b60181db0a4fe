"""From the text of an object to a Map's items: CSV, JSON and JSON Lines.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import io
from typing import Final

import jsonpath

from local_aws.states.distributed.settings import ItemReader
from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json, loads

_FAILED: Final = "States.ItemReaderFailed"


def items_of(reader: ItemReader, text: str) -> list[Json]:
    """Return the items that a text holds; raises States.ItemReaderFailed."""
    if reader.input_type == "CSV":
        return _rows(reader, text)
    try:
        if reader.input_type == "JSONL":
            return [loads(line) for line in text.splitlines() if line.strip()]
        return _array(loads(text), reader.pointer)
    except ValueError as error:
        raise unreadable(f"The {reader.input_type} could not be parsed: {error}") from error


def unreadable(cause: str | None) -> StateError:
    """Return the error of a Map whose items cannot be read."""
    return StateError(_FAILED, cause)


def _array(value: Json, pointer: str | None) -> list[Json]:
    """Return the array that a JSON Pointer leads to (RFC 6901).

    An object was not iterated over when this was recorded; the documentation says by now that it is.
    """
    try:
        found = value if pointer is None else jsonpath.pointer.resolve(pointer, value)
    except jsonpath.JSONPointerError as error:
        raise unreadable(f"The ItemsPointer {pointer} leads nowhere: {error}") from error
    if not isinstance(found, list):
        raise unreadable("Attempting to map over non-iterable node.")
    return found


def _rows(reader: ItemReader, text: str) -> list[Json]:
    """Return an object a row: cells without a header are left out, headers without a cell get empty text."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=reader.delimiter) if row]
    headers = list(reader.headers) if reader.headers is not None else rows[0] if rows else []
    if len(set(headers)) < len(headers):
        raise unreadable("CSV headers cannot contain duplicates.")
    return [
        {name: row[column] if column < len(row) else "" for column, name in enumerate(headers)}
        for row in rows[0 if reader.headers is not None else 1 :]
    ]
