"""What a call needs of IAM, and whether a policy's statements grant it.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import eq
from typing import Any
from urllib.parse import unquote

Statement = dict[str, Any]


@dataclass(frozen=True)
class Need:
    """An action on a resource, with the condition keys the request has; `*` where it has no resource."""

    action: str
    arn: str = "*"
    context: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.action} on {self.arn} with {dict(self.context)}"


def listed(value: Any) -> list[Any]:
    """Return a list, where IAM takes one value for a list of one."""
    return value if isinstance(value, list) else [value]


def allows(statement: Statement, need: Need) -> bool:
    """Tell whether a statement of an identity policy allows what is needed."""
    return (
        need.action in listed(statement["Action"])
        and any(fnmatchcase(need.arn, pattern) for pattern in listed(statement["Resource"]))
        and all(
            _holds(operator, keys, need.context) for operator, keys in statement.get("Condition", {}).items()
        )
    )


def _holds(operator: str, keys: dict[str, Any], context: Mapping[str, str]) -> bool:
    name = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")  # keys here have one value
    optional, kind = name.endswith("IfExists"), name.removesuffix("IfExists")
    matches: Callable[[str, str], bool] = {
        "StringEquals": eq,
        "StringLike": fnmatchcase,
        "ArnEquals": fnmatchcase,
        "ArnLike": fnmatchcase,
    }[kind]
    return all(
        any(matches(context[key], one) for one in listed(wanted)) if key in context else optional
        for key, wanted in keys.items()
    )


def denied(needs: Iterator[Need], statements: list[Statement]) -> list[str]:
    """Return the needs that no statement allows."""
    return [str(need) for need in needs if not any(allows(statement, need) for statement in statements)]


def unused(statements: list[Statement], needs: list[Need]) -> list[str]:
    """Return every action on every resource that is granted although nothing needs it."""
    return [
        f"{statement['Sid']}: {action} on {pattern}"
        for statement in statements
        for action in listed(statement["Action"])
        for pattern in listed(statement["Resource"])
        if not any(allows({**statement, "Action": action, "Resource": pattern}, need) for need in needs)
    ]


def s3_needs(operation: str, parameters: Mapping[str, Any], *, tells_missing: bool) -> Iterator[Need]:
    """Yield what a call of S3 needs; without s3:ListBucket a missing object is a forbidden one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (HeadObject, CopyObject, DeleteObject)
    """
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    thing = f"{bucket}/{parameters['Key']}"
    if operation in ("GetObject", "HeadObject"):
        yield Need("s3:GetObjectVersion" if "VersionId" in parameters else "s3:GetObject", thing)
    elif operation == "PutObject":
        yield Need("s3:PutObject", thing)
    elif operation == "CopyObject":
        yield from _copy_needs(parameters, thing)
    elif operation == "DeleteObject":
        yield Need("s3:DeleteObject", thing)
        if "IfMatch" in parameters:
            yield Need("s3:GetObject", thing)
    else:
        raise NotImplementedError(f"say what s3:{operation} needs")
    if tells_missing:
        yield Need("s3:ListBucket", bucket)


def _copy_needs(parameters: Mapping[str, Any], target: str) -> Iterator[Need]:
    """Yield what reading the source needs besides; tags are copied as well, unless they are replaced."""
    source = parameters["CopySource"]
    if isinstance(source, str):
        path, _, version = source.partition("?versionId=")
        bucket, _, key = unquote(path).partition("/")
        source = {"Bucket": bucket, "Key": key, "VersionId": version}
    version = "Version" if source.get("VersionId") else ""
    read = f"arn:aws:s3:::{source['Bucket']}/{source['Key']}"
    yield Need(f"s3:GetObject{version}", read)
    yield Need("s3:PutObject", target)
    if parameters.get("TaggingDirective") != "REPLACE":
        yield Need(f"s3:GetObject{version}Tagging", read)
        yield Need("s3:PutObjectTagging", target)
