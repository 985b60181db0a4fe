"""What the integrations that wait for a job's end (`.sync`) have in common.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json

Started = TypeVar("Started")
logger = logging.getLogger(__name__)
_background: set[asyncio.Task[None]] = set()  # asyncio itself keeps only weak references


async def to_its_end(
    start: Coroutine[Any, Any, Started],
    finish: Callable[[Started], Awaitable[Json]],
    stop: Callable[[Started], Awaitable[None]],
) -> Json:
    """Start a job and return what `finish` makes of it.

    Cancelled, it has the job stopped, best effort and without delay, even if it is only starting now.
    """
    starting = asyncio.ensure_future(start)
    try:
        return await finish(await asyncio.shield(starting))
    except asyncio.CancelledError:
        stopping = asyncio.get_running_loop().create_task(_stop(starting, stop))
        _background.add(stopping)
        stopping.add_done_callback(_background.discard)
        raise


async def _stop(starting: Awaitable[Started], stop: Callable[[Started], Awaitable[None]]) -> None:
    try:
        await stop(await starting)
    except (StateError, ClientError) as error:
        logger.warning("a job could not be stopped: %s", error)
