"""What a request asks for: service, operation and parameters, whatever its protocol."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from werkzeug.wrappers import Request

from local_aws.over_moto.rest import operation_of
from local_aws.over_moto.s3 import NAMESPACE, copy_source, target_of
from local_aws.wire import AwsError, Json, service_model

# Where requests are signed for another name than the service has in IAM.
_IAM_NAMES: Final = {"monitoring": "cloudwatch"}
# Services whose requests name the operation by method and path.
_BY_PATH: Final = {"lambda", "scheduler"}
# Operations that are asked for as others are, of buckets that are not here.
_OF_DIRECTORY_BUCKETS: Final = {"ListDirectoryBuckets"}


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of a service (by its name in IAM) in a region."""

    service: str
    region: str
    operation: str
    parameters: dict[str, Json]


def call_of(request: Request, region: str, signed_for: str) -> Call:
    """Return what a request asks for.

    Of S3's requests the parameters are those that bear on permissions; of the Query protocol's, the fields as
    they are sent.
    """
    if signed_for == "s3":
        operation = s3_operation(request)
        return Call("s3", region, operation, _s3_parameters(request, operation))
    if signed_for in _BY_PATH:
        operation, named = operation_of(signed_for, request)
        return Call(signed_for, region, operation, {**_json(request), **named})
    service = _IAM_NAMES.get(signed_for, signed_for)
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return Call(service, region, target.rpartition(".")[2], _json(request))
    return Call(service, region, request.form.get("Action", ""), dict(request.form))


def s3_operation(request: Request) -> str:
    """Return the operation of S3 that a request calls: of those that fit, the one that asks for most."""
    target = target_of(request)
    place = (bool(target.bucket), bool(target.key))
    asked = {name.lower() for name in request.args} | {name.lower() for name, _ in request.headers}
    fitting = [
        (len(needed), name)
        for name, method, names, needed in _s3_operations()
        if method == request.method and names == place and needed <= asked
    ]
    return max(fitting)[1] if fitting else ""


@functools.cache
def _s3_operations() -> tuple[tuple[str, str, tuple[bool, bool], frozenset[str]], ...]:
    """Return, of each operation, name, method, whether it names bucket and key, and what it must carry."""
    model, found = service_model("s3"), []
    for name in set(model.operation_names) - _OF_DIRECTORY_BUCKETS:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        needed = {part.partition("=")[0].lower() for part in query.split("&") if part}
        shape = operation.input_shape
        for member in shape.required_members if shape else []:
            if shape and shape.members[member].serialization.get("location") in ("querystring", "header"):
                needed.add(shape.members[member].serialization["name"].lower())
        names = ("{Bucket}" in path, "{Key+}" in path)
        found.append((str(name), str(operation.http["method"]), names, frozenset(needed)))
    return tuple(found)


def _s3_parameters(request: Request, operation: str) -> dict[str, Json]:
    target = target_of(request)
    headers = request.headers
    known: dict[str, Json] = {
        "Bucket": target.bucket,
        "Key": target.key,
        "VersionId": request.args.get("versionId"),
        "Prefix": request.args.get("prefix"),
        "IfMatch": headers.get("If-Match"),
        "Tagging": headers.get("X-Amz-Tagging"),
        "TaggingDirective": headers.get("X-Amz-Tagging-Directive"),
    }
    if "X-Amz-Copy-Source" in headers:
        known["CopySource"] = _copy_source(headers["X-Amz-Copy-Source"])
    if operation == "DeleteObjects":
        known["Delete"] = _objects(request)
    return {name: value for name, value in known.items() if value is not None}


def _copy_source(header: str) -> Json:
    try:
        source, version = copy_source(header)
    except AwsError:  # S3 refuses it, after the caller's rights have been looked at
        return {}
    return {"Bucket": source.bucket, "Key": source.key} | ({"VersionId": version} if version else {})


def _objects(request: Request) -> list[Json]:
    """Return the objects that a DeleteObjects request names."""
    try:
        root = ElementTree.fromstring(request.get_data())  # noqa: S314 - from a client on loopback
    except ElementTree.ParseError:
        return []
    objects = [one for one in root if one.tag.removeprefix(f"{{{NAMESPACE}}}") == "Object"]
    return [{part.tag.removeprefix(f"{{{NAMESPACE}}}"): part.text or "" for part in one} for one in objects]


def _json(request: Request) -> dict[str, Json]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
