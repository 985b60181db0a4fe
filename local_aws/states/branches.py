"""Parallel and Map: lines of states side by side; the first that fails ends the others at once.

https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html, .../state-map-inline.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from local_aws.states.dataflow import JsonataFlow
from local_aws.states.errors import StateError
from local_aws.states.history import Thread
from local_aws.states.jsontext import Json
from local_aws.states.model import Machine, MapState, ParallelState
from local_aws.states.scope import Scope

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_INLINE_LIMIT = 40  # iterations an inline Map runs at once, at most
_Line = Callable[[], Awaitable[Json]]


async def run_parallel(visit: Visit, state: ParallelState, data: Json) -> Json:
    """Run the branches and return their outputs, in the order of the branches; raises the first failure."""
    given = state.flow.arguments(data, visit.scope)
    started = visit.history.add(visit.thread, "ParallelStateStarted")
    threads = [Thread(started) for _ in state.branches]
    visit.thread.children = [(thread, None) for thread in threads]

    def line(machine: Machine, thread: Thread) -> _Line:
        return lambda: visit.interpreter.run_states(
            machine, thread, given, _inner(visit, {}), visit.iteration
        )

    lines = [line(machine, thread) for machine, thread in zip(state.branches, threads, strict=True)]
    outputs = await _side_by_side(visit, lines, threads, len(lines))
    _join(visit, threads)
    visit.history.add_after(Thread(), visit.thread.last, "ParallelStateSucceeded")
    return outputs


async def run_map(visit: Visit, state: MapState, data: Json) -> Json:
    """Run the processor for each item and return the outputs, in the order of the items; raises the first failure."""
    at_once = state.max_concurrency(data, visit.scope)
    items = state.items(data, visit.scope)
    started = visit.history.add(visit.thread, "MapStateStarted", {"length": len(items)})
    threads = [Thread(started) for _ in items]
    iterations = [
        _Iteration(visit, state, data, thread, index, item)
        for index, (thread, item) in enumerate(zip(threads, items, strict=True))
    ]
    visit.thread.children = [(one.thread, one.details) for one in iterations]
    outputs = await _side_by_side(
        visit, [one.run for one in iterations], threads, min(at_once or _INLINE_LIMIT, _INLINE_LIMIT)
    )
    _join(visit, threads)
    visit.history.add(visit.thread, "MapStateSucceeded")
    return outputs


class _Iteration:
    """One item of a Map on its way."""

    def __init__(
        self, visit: Visit, state: MapState, data: Json, thread: Thread, index: int, item: Json
    ) -> None:
        self.visit = visit
        self.state = state
        self.data = data
        self.thread = thread
        self.item = item
        self.index = index
        self.details: dict[str, Json] = {"name": state.name, "index": index}

    async def run(self) -> Json:
        """Run the processor on what ItemSelector makes of the item."""
        visit, history = self.visit, self.visit.history
        scope = _inner(visit, {"Map": {"Item": {"Index": self.index, "Value": self.item}}})
        history.add(self.thread, "MapIterationStarted", self.details)
        data = (
            {**self.data, "context": scope.context} if isinstance(self.state.flow, JsonataFlow) else self.data
        )
        given = self.state.item_selector(data, scope) if self.state.item_selector else self.item
        iteration = (*visit.iteration, self.index)
        try:
            output = await visit.interpreter.run_states(
                self.state.processor, self.thread, given, scope, iteration
            )
        except StateError:
            history.add_after(Thread(), self.thread.last, "MapIterationFailed", self.details)
            raise
        history.add(self.thread, "MapIterationSucceeded", self.details)
        return output


async def _side_by_side(visit: Visit, lines: list[_Line], threads: list[Thread], at_once: int) -> list[Json]:
    """Run lines, at most so many at once, and return their results in order.

    When one fails, the others are cancelled, what they were doing is recorded as aborted after its last event, and
    its error is raised without waiting for them.
    """
    gate = asyncio.Semaphore(at_once)
    failures: list[int] = []

    async def guarded(index: int) -> Json:
        async with gate:
            try:
                return await lines[index]()
            except StateError:
                failures.append(index)
                raise

    running = [asyncio.ensure_future(guarded(index)) for index in range(len(lines))]
    try:
        if running:
            await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        if failures:
            visit.thread.last = threads[failures[0]].last
            visit.history.abort(_without_own(visit.thread), visit.thread.last, threads[failures[0]])
            running[failures[0]].result()
        return [task.result() for task in running]
    finally:
        for task in running:
            task.cancel()


def _without_own(thread: Thread) -> Thread:
    """Return the line's children alone: the state around them goes on to its Retry or Catch."""
    below = Thread(thread.last)
    below.children, thread.children = thread.children, []
    return below


def _join(visit: Visit, threads: list[Thread]) -> None:
    """Let the line of events go on after the last event of what ran side by side."""
    visit.thread.children = []
    visit.thread.last = max((thread.last for thread in threads), default=visit.thread.last)


def _inner(visit: Visit, context: dict[str, Json]) -> Scope:
    """Return the surroundings of a branch: it sees the variables around it, and sets its own."""
    scope = visit.scope
    around = {key: value for key, value in scope.context.items() if key != "State"}
    return Scope({**around, **context}, dict(scope.variables), scope.new_id, scope.random)
