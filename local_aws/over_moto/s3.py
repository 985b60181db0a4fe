"""S3: the notification configuration is ours, writes become events, and some rules moto lacks are kept.

What moto answers rightly (versions, delete markers, ranges, conditional deletes and puts) is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from moto.s3.models import FakeKey, S3Backend, s3_backends
from werkzeug.wrappers import Request, Response

from local_aws.over_moto.bucket_policies import BucketPolicies
from local_aws.over_moto.requests import with_headers
from local_aws.over_moto.s3_events import ObjectEvents
from local_aws.wire import AwsError, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

LONGEST_KEY = 1024  # bytes of UTF-8
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Target(NamedTuple):
    """What a request is about."""

    bucket: str
    key: str


class S3:
    """Stands before moto's S3."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.events = ObjectEvents(cloud)
        self.policies = BucketPolicies()

    @property
    def backend(self) -> S3Backend:
        """Return moto's buckets."""
        backend: S3Backend = s3_backends[self.cloud.account]["aws"]
        return backend

    def answer(
        self,
        request: Request,
        region: str,  # noqa: ARG002 - the bucket's region counts, not the one a request is signed for
        forward: Callable[[Request], Response],
    ) -> Response:
        """Answer one request."""
        target = target_of(request)
        try:
            if "notification" in request.args and not target.key:
                return self._notification(request, target.bucket)
            if "policy" in request.args and not target.key:
                return self.policies.answer(request, target.bucket, forward)
            check_key(target.key)
            if "X-Amz-Copy-Source" in request.headers:
                request = self._checked_copy(request, target)
            before = self._before(request, target)
            response = forward(request)
        except AwsError as error:
            return xml_error(error)
        if response.status_code < 300:
            if request.method == "DELETE" and not target.key and not request.args:
                self.events.switch(target.bucket, on=False)  # a new bucket of that name starts without
            self._publish(request, target, response, before)
        return response

    def _notification(self, request: Request, bucket: str) -> Response:
        """Keep or give back whether the bucket's events go to EventBridge; other destinations are refused."""
        if bucket not in self.backend.buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
        if request.method == "PUT":
            configuration = ElementTree.fromstring(request.get_data())  # noqa: S314 - from a client on loopback
            wanted = {element.tag.rpartition("}")[2] for element in configuration}
            for other in sorted(wanted - {"EventBridgeConfiguration"}):
                raise not_modelled(f"{other} in a bucket's notification configuration")
            self.events.switch(bucket, on="EventBridgeConfiguration" in wanted)
            return Response(status=200)
        if request.method == "GET":
            inner = "<EventBridgeConfiguration/>" if self.events.is_on(bucket) else ""
            return xml(f'<NotificationConfiguration xmlns="{NAMESPACE}">{inner}</NotificationConfiguration>')
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)

    def _checked_copy(self, request: Request, target: Target) -> Request:
        """Check the conditions of a copy, which moto ignores, and hand it the source as S3 reads it."""
        source, version = copy_source(request.headers["X-Amz-Copy-Source"])
        headers = request.headers
        for name in ("If-Modified-Since", "If-Unmodified-Since"):
            if f"X-Amz-Copy-Source-{name}" in headers:
                raise not_modelled(f"x-amz-copy-source-{name.lower()}")
        wanted = headers.get("X-Amz-Copy-Source-If-Match")
        key = self._object(source, version)
        if wanted is not None and key is not None and not same_etag(wanted, key.etag):
            raise precondition_failed("x-amz-copy-source-If-Match")
        current = self._object(target)
        if headers.get("If-None-Match") == "*" and current is not None:
            raise precondition_failed("If-None-Match")
        if "If-Match" in headers:
            if current is None:
                raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
            if not same_etag(headers["If-Match"], current.etag):
                raise precondition_failed("If-Match")
        encoded = quote(f"{source.bucket}/{source.key}") + (f"?versionId={version}" if version else "")
        return with_headers(request, {"X-Amz-Copy-Source": encoded})

    def _object(self, target: Target, version: str | None = None) -> FakeKey | None:
        if target.bucket not in self.backend.buckets:
            return None
        key: FakeKey | None = self.backend.get_object(target.bucket, target.key, version_id=version)
        return key

    def _before(self, request: Request, target: Target) -> bool:
        """Tell whether there is an object that a DELETE would take away."""
        if request.method != "DELETE" or not target.key or not self.events.is_on(target.bucket):
            return False
        return self._object(target, request.args.get("versionId")) is not None

    def _publish(self, request: Request, target: Target, response: Response, before: bool) -> None:
        """Publish the event of a request that succeeded, if it made, tagged or removed an object."""
        if not self.events.is_on(target.bucket):
            return
        bucket = self.backend.get_bucket(target.bucket)
        region, versioned = str(bucket.region_name), bool(bucket.is_versioned)
        if "tagging" in request.args:
            key = self._object(target, request.args.get("versionId"))
            if key is not None and request.method in _TAGGING:
                kind = _TAGGING[request.method]
                self.events.tagged(target, key, kind, versioned=versioned, region=region)
            return
        if request.method == "DELETE":
            if is_delete(request, target) and (before or "x-amz-delete-marker" in response.headers):
                self.events.deleted(target, response, region)
            return
        if request.method == "POST" and "delete" in request.args:
            self._publish_deletes(target.bucket, response, region)
            return
        reason = reason_of(request, target)
        if reason is None:
            return
        if reason == "POST Object":
            target = Target(target.bucket, request.form["key"])
        key = self._object(target)
        if key is not None:
            self.events.created(target, key, versioned=versioned, reason=reason, region=region)

    def _publish_deletes(self, bucket: str, response: Response, region: str) -> None:
        """Publish an event for each object that a DeleteObjects answer names."""
        namespace = f"{{{NAMESPACE}}}"
        for deleted in ElementTree.fromstring(response.get_data()):  # noqa: S314 - moto's own answer
            fields = {element.tag.removeprefix(namespace): element.text or "" for element in deleted}
            if deleted.tag.removeprefix(namespace) == "Deleted":
                answer = Response(headers={"x-amz-version-id": fields.get("DeleteMarkerVersionId", "")})
                if fields.get("DeleteMarker") == "true":
                    answer.headers["x-amz-delete-marker"] = "true"
                self.events.deleted(Target(bucket, fields["Key"]), answer, region)


def target_of(request: Request) -> Target:
    """Return the bucket and the decoded key, from the path or, for a bucket in the host's name, from both."""
    path = request.environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    host = request.host.partition(":")[0]
    if host.endswith(".localhost"):
        return Target(host.removesuffix(".localhost"), path[1:])
    bucket, _, key = path[1:].partition("/")
    return Target(bucket, key)


def check_key(key: str) -> None:
    """Raise KeyTooLongError for a key over 1,024 bytes, as S3 does for every operation on one."""
    size = len(key.encode())
    if size > LONGEST_KEY:
        raise AwsError(
            "KeyTooLongError", "Your key is too long", Size=str(size), MaxSizeAllowed=str(LONGEST_KEY)
        )


def copy_source(header: str) -> tuple[Target, str | None]:
    """Return what x-amz-copy-source names, which S3 takes for URL-encoded: an unencoded + means a space.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (x-amz-copy-source)
    """
    if not header.isascii():
        raise AwsError("InvalidArgument", "Invalid copy source encoding.")
    path, _, query = header.partition("?")
    bucket, slash, key = unquote(path.replace("+", " ")).removeprefix("/").partition("/")
    if not slash or not key:
        raise AwsError("InvalidArgument", "Invalid copy source object key")
    return Target(bucket, key), query.removeprefix("versionId=") or None


def reason_of(request: Request, target: Target) -> str | None:
    """Return `detail.reason` of the event of a request that makes an object; None for other requests."""
    if request.method == "PUT" and target.key and not {"uploadId", *_SUBRESOURCES} & set(request.args):
        return "CopyObject" if "X-Amz-Copy-Source" in request.headers else "PutObject"
    if request.method == "POST" and target.key and "uploadId" in request.args:
        return "CompleteMultipartUpload"
    if request.method == "POST" and not target.key and "key" in request.form:
        return "POST Object"
    return None


_TAGGING = {"PUT": "Object Tags Added", "DELETE": "Object Tags Deleted"}
_SUBRESOURCES = {"acl", "tagging", "retention", "legal-hold", "encryption", "renameObject"}


def is_delete(request: Request, target: Target) -> bool:
    """Tell whether a DELETE request is DeleteObject."""
    return bool(target.key) and not {"uploadId", "tagging"} & set(request.args)


def same_etag(left: str, right: str) -> bool:
    """Compare two ETags; S3 does not care about the quotes."""
    return left.strip('"') == right.strip('"')


def precondition_failed(condition: str) -> AwsError:
    """Return S3's refusal of a request whose condition does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return AwsError("PreconditionFailed", message, status=412, Condition=condition)


def xml(body: str, status: int = 200) -> Response:
    """Return an XML answer."""
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', status=status, mimetype="application/xml"
    )


def xml_error(error: AwsError) -> Response:
    """Return an error in the shape of S3's REST protocol."""
    fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.fields.items())
    return xml(
        f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message>{fields}</Error>",
        error.status,
    )
