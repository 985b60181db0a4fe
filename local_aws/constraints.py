"""The limits that an API's model puts on a request's values: lengths, ranges, patterns, sets of values.

The model is botocore's, which is AWS's own. The words are those of AWS's answers to requests that break them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import botocore.model

from local_aws.wire import AwsError, Json, service_model


def check_constraints(service: str, operation: str, request: Json) -> None:
    """Raise AwsError ValidationException unless the request's values are within the operation's limits."""
    shape = service_model(service).operation_model(operation).input_shape
    found = list(_violations(shape, request, "")) if shape else []
    if found:
        errors = "errors" if len(found) > 1 else "error"
        raise AwsError(
            "ValidationException", f"{len(found)} validation {errors} detected: {'; '.join(found)}"
        )


def _violations(shape: botocore.model.Shape, value: Json, path: str) -> Iterator[str]:
    if value is None:
        return
    for constraint in _broken(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"
    for inner, below, name in _members(shape, value):
        yield from _violations(inner, below, f"{path}.{name}" if path else name)


def _members(shape: botocore.model.Shape, value: Json) -> Iterator[tuple[botocore.model.Shape, Json, str]]:
    """Yield what is within a value: its shape, itself and its name in AWS's messages."""
    if isinstance(shape, botocore.model.StructureShape) and isinstance(value, dict):
        for name, inner in shape.members.items():
            yield inner, value.get(name), name[:1].lower() + name[1:]
    elif isinstance(shape, botocore.model.ListShape) and isinstance(value, list):
        for number, element in enumerate(value, 1):
            yield shape.member, element, f"{number}.member"
    elif isinstance(shape, botocore.model.MapShape) and isinstance(value, dict):
        for key, element in value.items():
            yield shape.key, key, "key"
            yield shape.value, element, f"{key}.member"


def _broken(shape: botocore.model.Shape, value: Json) -> Iterator[str]:
    limits = shape.metadata
    size, what = (len(value), "length") if isinstance(value, str | list | dict) else (value, "value")
    if "min" in limits and size < limits["min"]:
        yield f"have {what} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"have {what} less than or equal to {limits['max']}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], str(value)):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"
