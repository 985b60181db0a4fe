"""Running the child workflow executions of a Map Run, so many at once, until too many have failed.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from local_aws.states.distributed.map_run import ABORTED, TIMED_OUT, Child, MapRun
from local_aws.states.errors import TIMEOUT, StateError
from local_aws.states.jsontext import dumps, loads
from local_aws.states.model import MapState

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_MOST_AT_ONCE: Final = 10_000
# https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
_EXPRESS_SECONDS: Final = 300


class TooManyFailedError(Exception):
    """More items have failed than is tolerated."""


async def run_children(visit: Visit, state: MapState, run: MapRun) -> None:
    """Run all children; raises TooManyFailedError, when those still running have been aborted."""
    waiting = enumerate(run.children)
    places = min(run.max_concurrency or _MOST_AT_ONCE, _MOST_AT_ONCE, len(run.children))
    places_taken = [asyncio.ensure_future(_work_off(visit, state, run, waiting)) for _ in range(places)]
    try:
        await asyncio.gather(*places_taken)
    finally:
        for place in places_taken:
            place.cancel()
        await asyncio.gather(*places_taken, return_exceptions=True)


async def _work_off(visit: Visit, state: MapState, run: MapRun, waiting: Iterator[tuple[int, Child]]) -> None:
    for index, child in waiting:
        await _run(visit, state, child, index)
        if child.failure is not None and run.too_many_failed:
            raise TooManyFailedError


async def _run(visit: Visit, state: MapState, child: Child, index: int) -> None:
    """Run a child to its end; cancelled, it is aborted."""
    assert state.distribution is not None  # noqa: S101 - only such a Map has children
    interpreter = visit.interpreter.for_child(child.history, child.begin())
    iteration = (*visit.iteration, index)
    work = asyncio.ensure_future(
        interpreter.run(state.processor, child.thread, loads(child.input), iteration)
    )
    stop: asyncio.Future[StateError] = asyncio.get_running_loop().create_future()

    async def stopping(reason: StateError) -> None:
        if not stop.done():
            stop.set_result(reason)
        await asyncio.wait({work})

    child.stopping = stopping
    waits: set[asyncio.Future[object]] = {work, stop}  # type: ignore[arg-type]  # only waited for
    if state.distribution.express:
        waits.add(asyncio.ensure_future(visit.effects.sleep(_EXPRESS_SECONDS)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            child.succeed(dumps(work.result()))
        elif stop.done():
            child.cut_short(ABORTED, stop.result())
        else:
            child.cut_short(TIMED_OUT, StateError(TIMEOUT, ""))
    except StateError as failure:
        child.fail(failure)
    except BaseException:  # cancelled, or met a bug of ours
        child.abort()
        raise
    finally:
        child.stopping = None
        for wait in waits:
            wait.cancel()
