"""The AWS calls that modules of mayfly make, read from their sources, and the IAM actions these take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from mayfly.template import ROOT

MODULES = ROOT / "scripts" / "mayfly"
SESSION = botocore.session.Session()
SERVICES = SESSION.get_available_services()
PREFIXES = {"stepfunctions": "states", "service-quotas": "servicequotas"}
# Where the action has another name than the operation.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3_ACTIONS = {
    "DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "HeadBucket": {"s3:ListBucket"},
    "HeadObject": {"s3:GetObject"},
    "ListObjectVersions": {"s3:ListBucketVersions"},
    "ListObjectsV2": {"s3:ListBucket"},
}


def modules_of(*names: str) -> set[str]:
    """Return modules of mayfly, as in `deploying.deploy`, and all that they import from it."""
    found: set[str] = set()
    left = list(names)
    while left:
        if (name := left.pop()) in found:
            continue
        found.add(name)
        for node in ast.walk(_tree(name)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mayfly":
                source = str(node.module).removeprefix("mayfly").removeprefix(".")
                modules = [f"{source}.{alias.name}".removeprefix(".") for alias in node.names]
                left += modules if _path(source).is_dir() else [source]
    return found


def calls_of(module: str) -> Iterator[tuple[str, str]]:
    """Yield service and operation of every call of a client in a module of mayfly."""
    tree = _tree(module)
    clients: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and (service := _made(node.value)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            clients[ast.unparse(target)] = service
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = ast.unparse(node.func.value)
            # A client that is handed on has the name of its service.
            service = _made(node.func.value) or clients.get(name) or (name if name in SERVICES else None)
            if service and (called := _operation(service, node.func.attr, node)):
                yield service, called


def actions_of(service: str, operation: str) -> set[str]:
    """Return the IAM actions that an operation takes; none for one that everybody may call."""
    if (service, operation) == ("sts", "GetCallerIdentity"):
        return set()
    if service == "s3" and operation in S3_ACTIONS:
        return S3_ACTIONS[operation]
    return {f"{PREFIXES.get(service, service)}:{operation}"}


def _made(value: ast.expr | None) -> str | None:
    """Return the service of `stage.client("service")`."""
    match value:
        case ast.Call(func=ast.Attribute(attr="client"), args=[ast.Constant(value=str(service))]):
            return service
    return None


def _operation(service: str, method: str, call: ast.Call) -> str | None:
    """Return what a client's method calls; None for a method that calls nothing."""
    if method == "get_waiter":
        return _waiters(service)[ast.literal_eval(call.args[0])]
    if method == "get_paginator":
        method = ast.literal_eval(call.args[0])
    return _operations(service).get(method)


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in SESSION.get_service_model(service).operation_names}


@cache
def _waiters(service: str) -> dict[str, str]:
    model = SESSION.get_waiter_model(service)
    return {xform_name(name): model.get_waiter(name).operation for name in model.waiter_names}


@cache
def _path(module: str) -> Path:
    """Return where a module or package of mayfly is, without a suffix; `` is mayfly itself."""
    return MODULES.joinpath(*module.split("."))


def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).with_suffix(".py").read_text(encoding="utf-8"))
