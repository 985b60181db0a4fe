"""Between the two spellings of an AWS API: botocore's own, and the PascalCase of Step Functions.

Members of structures are renamed by botocore's models; the keys of maps are data and stay as they are.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.response import StreamingBody

from local_aws.states.integrations.names import java_member, names_of, pascal
from local_aws.states.jsontext import Json, dumps, timestamp


class UnknownFieldError(ValueError):
    """A parameter that the API does not have."""


def to_request(value: Json, shape: Shape) -> Any:
    """Return parameters as boto3 takes them; raises UnknownFieldError.

    Where the API wants text and the state gives other JSON, its JSON text is sent, as AWS does.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = names_of(shape)
        unknown = [key for key in value if key not in members]
        if unknown:
            raise UnknownFieldError(f'The field "{unknown[0]}" is not supported by Step Functions')
        # A null is a parameter that was not given.
        return {
            members[key]: to_request(member, shape.members[members[key]])
            for key, member in value.items()
            if member is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_request(member, shape.value) for key, member in value.items()}
    if shape.type_name in ("string", "blob") and not isinstance(value, str):
        value = dumps(value)
    return value.encode() if shape.type_name == "blob" else value


def from_response(value: Any, shape: Shape | None) -> Json:
    """Return a response as a state sees it: PascalCase, times as text, streams and bytes as text."""
    if isinstance(shape, StructureShape):
        return {
            java_member(name): from_response(member, shape.members[name])
            for name, member in value.items()
            if name in shape.members
        }
    if isinstance(shape, ListShape):
        return [from_response(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: from_response(member, shape.value) for key, member in value.items()}
    return _scalar(value)


def from_java_1(value: Any, shape: Shape | None, *, lists: bool = False) -> Json:
    """Return a response as the optimized integrations show it, which serialise objects of the SDK for Java 1.

    Members in the order of their names, times as milliseconds since the epoch; with `lists`, a list that the
    service left out is an empty one.
    """
    if isinstance(shape, StructureShape):
        empty: dict[str, Any] = {
            name: [] for name, member in shape.members.items() if lists and member.type_name == "list"
        }
        return {
            pascal(name): from_java_1(member, shape.members[name], lists=lists)
            for name, member in sorted({**empty, **value}.items())
            if name in shape.members
        }
    if isinstance(shape, ListShape):
        return [from_java_1(item, shape.member, lists=lists) for item in value]
    if isinstance(shape, MapShape):
        return {key: from_java_1(member, shape.value, lists=lists) for key, member in value.items()}
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else _scalar(value)


def _scalar(value: Any) -> Json:
    if isinstance(value, StreamingBody):
        return value.read().decode(errors="replace")
    if isinstance(value, datetime):
        return timestamp(value)
    return _text(value) if isinstance(value, bytes) else value


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
