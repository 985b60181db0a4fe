"""How a service that is ours answers AWS's JSON protocol: operations by name, errors as AWS words them.

What a client asks for and we lack is refused by name, never ignored: an operation without a method, and a
parameter that the method does not honour.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import botocore.loaders
import botocore.model
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

Json = Any  # a JSON value: None, bool, int, float, str, list or dict


class AwsError(Exception):
    """An error answer: `code` as the service's API reference names it, `message`, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400, **fields: Json) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


def not_modelled(what: str) -> AwsError:
    """Return the refusal of something AWS has and the local AWS lacks."""
    return AwsError("NotImplemented", f"the local AWS does not model {what}", status=501)


def operation(*honours: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a method, named like the API's operation, as its answer, with the request members it honours."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.honours = frozenset(honours)  # type: ignore[attr-defined]  # functions carry attributes
        return method

    return mark


@functools.cache
def service_model(name: str) -> botocore.model.ServiceModel:
    """Return botocore's model of a service, which is AWS's own API reference in a machine's words."""
    parsed = botocore.loaders.create_loader().load_service_model(name, "service-2")
    return botocore.model.ServiceModel(parsed, name)


class Service:
    """One AWS service in one region, answered by us. Its methods run on the event loop's thread only."""

    name: ClassVar[str]  # as botocore calls it

    def __init__(self, cloud: Cloud, region: str) -> None:
        self.cloud = cloud
        self.region = region

    @classmethod
    def target(cls) -> str:
        """Return what stands before the dot in the X-Amz-Target header."""
        return str(service_model(cls.name).metadata["targetPrefix"])

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of this service, account and region."""
        return f"arn:aws:{self.name_in_arn}:{self.region}:{self.cloud.account}:{resource}"

    @property
    def name_in_arn(self) -> str:
        """Return the service's name within ARNs (`states` for stepfunctions)."""
        return self.name

    async def answer(self, name: str, request: dict[str, Json]) -> dict[str, Json]:
        """Carry out one operation; raise AwsError for every refusal."""
        if name not in service_model(self.name).operation_names:
            raise AwsError("UnknownOperationException", f"{self.name} has no operation {name}")
        method = getattr(self, name, None)
        if method is None:
            raise not_modelled(f"{self.name}:{name}")
        asked = {key for key, value in request.items() if value not in (None, [], {})}
        for lacking in sorted(asked - method.honours):
            raise not_modelled(f"the parameter {lacking} of {self.name}:{name}")
        self._check_members(name, request)
        result = method(request)
        if inspect.isawaitable(result):
            result = await result
        return result or {}

    def _check_members(self, name: str, request: dict[str, Json]) -> None:
        shape = service_model(self.name).operation_model(name).input_shape
        for member, value in request.items():
            allowed = getattr(shape.members.get(member), "enum", None) if shape else None
            if allowed and value is not None and value not in allowed:
                raise AwsError(
                    "ValidationException",
                    f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
                    f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]",
                )
        missing = [
            member for member in (shape.required_members if shape else []) if request.get(member) is None
        ]
        if missing:
            raise AwsError(
                "ValidationException",
                f"{len(missing)} validation error detected: Value null at '{missing[0]}' failed to satisfy "
                "constraint: Member must not be null",
            )


def to_json(value: Json) -> str:
    """Return a response body; times are seconds since the epoch, as in AWS's JSON protocols."""

    def encode(other: object) -> Json:
        if isinstance(other, datetime):
            return round(other.timestamp(), 3)
        raise TypeError(f"{type(other).__name__} has no place in a response")

    return json.dumps(value, default=encode)


def json_error(error: AwsError) -> Response:
    """Return an error in the shape of AWS's JSON protocols."""
    return Response(
        to_json({"__type": error.code, "message": error.message, "Message": error.message, **error.fields}),
        status=error.status,
        mimetype="application/x-amz-json-1.0",
        headers={"x-amzn-ErrorType": error.code},
    )
