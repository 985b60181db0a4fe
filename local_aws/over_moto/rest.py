"""Requests of services that name the operation by method and path (AWS's REST-JSON protocol)."""

from __future__ import annotations

import functools
import re

from werkzeug.wrappers import Request

from local_aws.wire import Json, service_model


def operation_of(service: str, request: Request) -> tuple[str, dict[str, Json]]:
    """Return the operation that a request calls ("" when there is none), and what its path and query say."""
    for name, method, path, members in _operations(service):
        if method == request.method and (found := path.fullmatch(request.path.rstrip("/"))):
            query = {member: request.args[key] for key, member in members if key in request.args}
            return name, {**found.groupdict(), **query}
    return "", {}


@functools.cache
def _operations(
    service: str,
) -> tuple[tuple[str, str, re.Pattern[str], tuple[tuple[str, str], ...]], ...]:
    """Return of each operation its name, method, path, and which member each field of the query is."""
    model = service_model(service)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = operation.http["requestUri"].partition("?")[0].rstrip("/")
        pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        shape = operation.input_shape
        members = tuple(
            (str(member.serialization.get("name", key)), str(key))
            for key, member in (shape.members.items() if shape else ())
            if member.serialization.get("location") == "querystring"
        )
        found.append((str(name), str(operation.http["method"]), pattern, members))
    return tuple(found)
