"""What stands in the artifact bucket, named by its content: templates, definitions, lists, contracts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import detail
from mayfly.stage import Stage
from mayfly.template import Artifact


def upload(stage: Stage, bucket: str, artifacts: Iterable[Artifact]) -> dict[str, str]:
    """Put what is not there yet; return the version id of each key.

    A key is made of its content, so what is there is what is wanted, and no version of it is ever replaced.
    """
    s3 = stage.client("s3")
    versions = {}
    for artifact in artifacts:
        if (version := version_of(s3, bucket, artifact.key)) is None:
            detail(f"artifacts: {artifact.key}")
            version = s3.put_object(Bucket=bucket, Key=artifact.key, Body=artifact.body)["VersionId"]
        versions[artifact.key] = version
    return versions


def version_of(s3: Any, bucket: str, key: str) -> str | None:
    """Return the version id of an object, or None when there is none."""
    try:
        return str(s3.head_object(Bucket=bucket, Key=key)["VersionId"])
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None


def reference_data(products: Path) -> Artifact:
    """Return the product list, whose categories orders may name."""
    body = products.read_bytes()
    return Artifact(f"reference/{hashlib.sha256(body).hexdigest()[:16]}/products.csv", body)


def contract(document: Path) -> Artifact:
    """Return the contract that order files are held to."""
    body = document.read_bytes()
    return Artifact(f"contracts/{hashlib.sha256(body).hexdigest()[:16]}/orders.schema.json", body)


def template_artifact(stack: str, body: str) -> Artifact:
    """Return a template as an object: it outgrows the 51,200 bytes that CloudFormation takes inline."""
    return Artifact(f"templates/{stack}-{hashlib.sha256(body.encode()).hexdigest()[:16]}.json", body.encode())


def url_of(stage: Stage, bucket: str, key: str) -> str:
    """Return an object's address in the form that CloudFormation takes for TemplateURL."""
    return f"https://{bucket}.s3.{stage.region}.amazonaws.com/{key}"
