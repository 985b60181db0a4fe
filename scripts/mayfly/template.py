"""Packs infra/*.yaml: puts in what the template names by a path, as `aws cloudformation package` does.

A policy named by AWS::Include is put in with its ${Placeholders} as Fn::Sub. The state machine's definition
is uploaded as it stands in the file: CloudFormation fills its ${Placeholders} from DefinitionSubstitutions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = ROOT / "infra" / "bootstrap.yaml"
ORDERS = ROOT / "infra" / "orders.yaml"


@dataclass(frozen=True)
class Artifact:
    """A file that the template refers to in S3; a changed file has another key, which changes the stack."""

    key: str
    body: bytes


@dataclass(frozen=True)
class Packed:
    """A template that CloudFormation takes, and what has to be in the artifact bucket before it does."""

    body: str
    artifacts: list[Artifact]


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms: `!Sub x` is {"Fn::Sub": "x"}."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has three kinds of node
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@cache
def load(path: Path) -> dict[str, Any]:
    """Return a template as CloudFormation reads it, with short forms written out. It is not to be changed."""
    template: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    return template


def pack(path: Path, bucket: str) -> Packed:
    """Pack a template whose artifacts will stand in `bucket`. Paths in it are relative to its folder."""
    artifacts: list[Artifact] = []

    def packed(value: Any) -> Any:
        if isinstance(value, list):
            return [packed(item) for item in value]
        if not isinstance(value, dict):
            return value
        include = value.get("Fn::Transform")
        if include and include["Name"] == "AWS::Include":
            return substituted(json.loads((path.parent / include["Parameters"]["Location"]).read_text()))
        result = {key: packed(item) for key, item in value.items()}
        if isinstance(definition := result.get("DefinitionS3Location"), str):
            artifacts.append(_artifact(path.parent / definition))
            result["DefinitionS3Location"] = {"Bucket": bucket, "Key": artifacts[-1].key}
        return result

    return Packed(json.dumps(packed(load(path))), artifacts)


def substituted(value: Any) -> Any:
    """Return a JSON document in which every string with a ${Placeholder} is left to Fn::Sub."""
    if isinstance(value, dict):
        return {key: substituted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [substituted(item) for item in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value


def _artifact(path: Path) -> Artifact:
    body = path.read_bytes()
    return Artifact(f"definitions/{path.stem}-{hashlib.sha256(body).hexdigest()[:16]}{path.suffix}", body)
