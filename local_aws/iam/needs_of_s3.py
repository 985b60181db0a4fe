"""What calls of S3 need.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from local_aws.iam.calls import Call
from local_aws.iam.policies import Need
from local_aws.wire import Json

# Actions on objects; `{}` becomes Version when the request names one.
_ON_OBJECTS: Final = {
    "GetObject": "GetObject{}",
    "HeadObject": "GetObject{}",
    "GetObjectTagging": "GetObject{}Tagging",
    "PutObjectTagging": "PutObject{}Tagging",
    "DeleteObjectTagging": "DeleteObject{}Tagging",
    "DeleteObject": "DeleteObject{}",
    "PutObject": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
}
_ON_BUCKETS: Final = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}
# Operations that tell whether an object is there, if the caller may list the bucket.
TELLING: Final = {"GetObject", "HeadObject", "CopyObject", "UploadPartCopy"}


def needs(call: Call) -> Iterator[Need]:
    """Yield what a call needs."""
    operation, parameters = call.operation, call.parameters
    if operation in _ON_BUCKETS:
        prefix = {"s3:prefix": (parameters["Prefix"],)} if "Prefix" in parameters else {}
        yield Need(f"s3:{_ON_BUCKETS[operation]}", f"arn:aws:s3:::{parameters['Bucket']}", prefix)
    elif operation == "ListBuckets":
        yield Need("s3:ListAllMyBuckets")
    elif operation == "DeleteObjects":
        for named in parameters["Delete"]:
            yield _on_object("DeleteObject{}", {"Bucket": parameters["Bucket"], **named})
    elif operation in _ON_OBJECTS:
        yield from _of_copy(parameters)
        yield _on_object(_ON_OBJECTS[operation], parameters)
        if parameters.get("Tagging") and operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
            yield _on_object("PutObjectTagging", parameters)
        # A condition on the ETag tells of the object's content.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (and -deletes)
        if parameters.get("IfMatch") and operation in ("PutObject", "DeleteObject"):
            yield _on_object("GetObject", parameters)
    else:
        yield Need(f"s3:{operation}", None)


def list_bucket(parameters: dict[str, Json]) -> Need:
    """Return what tells a caller that an object is not there: without it, S3 says 403 for 404.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)
    """
    asked = parameters.get("CopySource") or parameters
    return Need("s3:ListBucket", f"arn:aws:s3:::{asked.get('Bucket', '')}")


def _of_copy(parameters: dict[str, Json]) -> Iterator[Need]:
    """Yield what reading the source of a copy needs, and its tags, which go along unless they are replaced.

    That is asked for whether the object has tags or not: S3 may ask only where it has.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (Permissions)
    """
    if source := parameters.get("CopySource"):
        yield _on_object("GetObject{}", source)
        if parameters.get("TaggingDirective", "COPY") == "COPY":
            yield _on_object("GetObject{}Tagging", source)
            yield _on_object("PutObjectTagging", parameters)


def _on_object(action: str, parameters: dict[str, Json]) -> Need:
    version = "Version" if parameters.get("VersionId") else ""
    arn = f"arn:aws:s3:::{parameters.get('Bucket', '')}/{parameters.get('Key', '')}"
    return Need(f"s3:{action.format(version)}", arn)
