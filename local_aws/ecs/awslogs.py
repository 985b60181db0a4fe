"""The awslogs driver: a container's output lines become events in CloudWatch Logs, as they appear.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local_aws.clock import Clock
from local_aws.iam.roles import OWNER, Session, acting_as
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

EVENT_OVERHEAD = 26  # bytes that PutLogEvents counts beside an event's text
LONGEST_EVENT = 256 * 1024 - EVENT_OVERHEAD
_LARGEST_BATCH = 1 << 20
_MOST_EVENTS = 10_000
# CloudWatch Logs refuses events of more than 2 hours ahead. moto judges by the host's time, and a scaled
# clock may be far ahead of that.
_AHEAD = 2 * 3600 - 60
log = logging.getLogger(__name__)


class ResourceInitializationError(Exception):
    """The container's log stream cannot be made, so the task does not start."""


class LogStream:
    """One container's stream, `prefix/container/task`, written with the task's execution role."""

    def __init__(
        self, cloud: Cloud, options: dict[str, str], container: str, task_id: str, role: Session | None
    ) -> None:
        self.cloud = cloud
        self._access_key = role.access_key if role else OWNER
        self.region = options["awslogs-region"]
        self.group = options["awslogs-group"]
        self.stream = f"{options['awslogs-stream-prefix']}/{container}/{task_id}"
        self._create_group = options.get("awslogs-create-group") == "true"
        self._lost = 0

    async def open(self) -> None:
        """Create the stream, and the group if so configured; raise ResourceInitializationError."""
        try:
            if self._create_group:
                await self._call("create_log_group", allow="ResourceAlreadyExistsException")
            await self._call("create_log_stream", logStreamName=self.stream)
        except ClientError as error:
            answer = error.response["Error"]
            raise ResourceInitializationError(
                "failed to validate logger args: create stream has been retried 1 times: failed to create "
                f"Cloudwatch log stream: {answer['Code']}: {answer['Message']} : exit status 1"
            ) from error

    async def forward(self, read: Callable[[], Awaitable[bytes]]) -> None:
        """Deliver every line that `read` brings until it brings nothing; the writer is held up meanwhile."""
        rest = b""
        while chunk := await read():
            *lines, rest = (rest + chunk).split(b"\n")
            await self._deliver(lines)
            if len(rest) > LONGEST_EVENT:
                *pieces, rest = _pieces(rest)
                await self._deliver(pieces)
        await self._deliver([rest])
        if self._lost:
            log.warning("%d log events of %s in %s were lost", self._lost, self.stream, self.group)

    async def _deliver(self, lines: list[bytes]) -> None:
        for events in batches(lines, self.cloud.clock):
            try:
                await self._call("put_log_events", logStreamName=self.stream, logEvents=events)
            except ClientError as error:
                # As on AWS a task does not end because its logs cannot be written.
                if not self._lost:
                    log.warning("cannot write log events to %s in %s: %s", self.stream, self.group, error)
                self._lost += len(events)

    async def _call(self, method: str, allow: str = "", **parameters: Json) -> None:
        try:
            with acting_as(self._access_key):
                await self.cloud.call("logs", self.region, method, logGroupName=self.group, **parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] != allow:
                raise


def batches(lines: Iterable[bytes], clock: Clock) -> Iterator[list[dict[str, Json]]]:
    """Yield lines as events of now, in groups that PutLogEvents takes; a line that is too long is several."""
    now = round(min(clock.time(), time.time() + _AHEAD) * 1000)
    texts = [piece.decode(errors="replace") for line in lines if line for piece in _pieces(line)]
    for batch in _batches(texts):
        yield [{"timestamp": now, "message": text} for text in batch]


def _pieces(line: bytes) -> Iterator[bytes]:
    """Cut a line into events, never within a character."""
    while len(line) > LONGEST_EVENT:
        end = LONGEST_EVENT
        while end > LONGEST_EVENT - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        yield line[:end]
        line = line[end:]
    yield line


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """Group events as PutLogEvents takes them."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode()) + EVENT_OVERHEAD
        if batch and (size + length > _LARGEST_BATCH or len(batch) == _MOST_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


async def discard(read: Callable[[], Awaitable[bytes]]) -> None:
    """Read output that no log driver wants, so that its writer is not held up."""
    while await read():
        pass
