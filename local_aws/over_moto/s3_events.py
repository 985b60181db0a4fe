"""The events that S3 sends to EventBridge for the buckets that have it switched on.

Shape: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. The key stands in them as it
is, not URL-encoded as in S3's older notifications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from moto.s3.models import FakeKey
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class Named(Protocol):
    """An object's address."""

    @property
    def bucket(self) -> str: ...  # noqa: D102

    @property
    def key(self) -> str: ...  # noqa: D102


class ObjectEvents:
    """Knows which buckets send events, and sends them."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._on: set[str] = set()
        self._sequence = 0

    def switch(self, bucket: str, *, on: bool) -> None:
        """Let the bucket's events go to EventBridge, or no longer."""
        (self._on.add if on else self._on.discard)(bucket)

    def is_on(self, bucket: str) -> bool:
        """Tell whether the bucket's events go to EventBridge."""
        return bucket in self._on

    def created(self, target: Named, key: FakeKey, *, versioned: bool, reason: str, region: str) -> None:
        """Publish `Object Created` for the object that now stands at the key."""
        described: dict[str, Any] = {"key": target.key, "size": key.size, "etag": key.etag.strip('"')}
        if versioned:
            described["version-id"] = key.version_id
        self._publish("Object Created", target, self._in_order(described), region, {"reason": reason})

    def tagged(self, target: Named, key: FakeKey, kind: str, *, versioned: bool, region: str) -> None:
        """Publish `Object Tags Added` or `Object Tags Deleted` (`kind`) for an object."""
        described = {"key": target.key, "etag": key.etag.strip('"')}
        if versioned:
            described["version-id"] = key.version_id
        self._publish(kind, target, described, region, {})

    def deleted(self, target: Named, response: Response, region: str) -> None:
        """Publish `Object Deleted` for what a DeleteObject answer says was done."""
        marker = response.headers.get("x-amz-delete-marker") == "true"
        described: dict[str, Any] = {"key": target.key}
        if version := response.headers.get("x-amz-version-id"):
            described["version-id"] = version
        deletion = "Delete Marker Created" if marker else "Permanently Deleted"
        more = {"reason": "DeleteObject", "deletion-type": deletion}
        self._publish("Object Deleted", target, self._in_order(described), region, more)

    def _in_order(self, described: dict[str, Any]) -> dict[str, Any]:
        """Add a sequencer: later events of a key compare greater as text."""
        self._sequence += 1
        sequencer = f"{int(self.cloud.clock.time() * 1000):012X}{self._sequence:06X}"
        return {**described, "sequencer": sequencer}

    def _publish(
        self, kind: str, target: Named, described: dict[str, Any], region: str, more: dict[str, str]
    ) -> None:
        detail: dict[str, Any] = {
            "version": "0",
            "event-version": "1.0",
            "bucket": {"name": target.bucket},
            "object": described,
            "request-id": self.cloud.new_id().replace("-", "")[:16].upper(),
            "requester": self.cloud.account,
            "source-ip-address": "127.0.0.1",
            **more,
        }
        bus = self.cloud.events(region)
        bus.publish(bus.event("aws.s3", kind, detail, [f"arn:aws:s3:::{target.bucket}"]))
