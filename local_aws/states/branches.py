"""Parallel and Map: lines of states side by side; the first that fails ends the others at once.

https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html, .../state-map-inline.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from local_aws.states.dataflow import JsonataFlow
from local_aws.states.distributed.run import run_distributed
from local_aws.states.history import Thread
from local_aws.states.jsontext import Json
from local_aws.states.model import Machine, MapState, ParallelState
from local_aws.states.scope import Scope

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_INLINE_LIMIT = 40  # iterations an inline Map runs at once, at most


class _Line(Protocol):
    """A branch or an iteration: a line of states with events of its own."""

    thread: Thread
    details: dict[str, Json] | None  # an iteration's name and index

    async def run(self) -> Json:
        """Run the states; raises StateError."""


async def run_parallel(visit: Visit, state: ParallelState, data: Json) -> Json:
    """Run the branches and return their outputs, in the order of the branches; raises the first failure."""
    given = state.flow.arguments(data, visit.scope)
    started = visit.history.add(visit.thread, "ParallelStateStarted")
    branches = [_Branch(visit, machine, given, started) for machine in state.branches]
    outputs = await _side_by_side(visit, branches, len(branches))
    visit.history.add_after(Thread(), visit.thread.last, "ParallelStateSucceeded")
    return outputs


async def run_map(visit: Visit, state: MapState, data: Json) -> Json:
    """Run the processor for each item and return the outputs, in the order of the items.

    Raises the first failure.
    """
    if state.distribution is not None:
        return await run_distributed(visit, state, state.distribution, data)
    at_once = state.max_concurrency(data, visit.scope)
    items = state.items(data, visit.scope)
    started = visit.history.add(visit.thread, "MapStateStarted", {"length": len(items)})
    iterations = [_Iteration(visit, state, data, started, index, item) for index, item in enumerate(items)]
    outputs = await _side_by_side(visit, iterations, min(at_once or _INLINE_LIMIT, _INLINE_LIMIT))
    visit.history.add_after(Thread(), visit.thread.last, "MapStateSucceeded")
    return outputs


class _Branch:
    """One branch of a Parallel."""

    details: dict[str, Json] | None = None

    def __init__(self, visit: Visit, machine: Machine, given: Json, started: int) -> None:
        self.thread = Thread(started)
        self._visit = visit
        self._machine = machine
        self._given = given

    async def run(self) -> Json:
        """Run the branch on the Parallel's input."""
        visit = self._visit
        scope = _inner(visit, {})
        return await visit.interpreter.run_states(
            self._machine, self.thread, self._given, scope, visit.iteration
        )


class _Iteration:
    """One item of a Map on its way."""

    def __init__(
        self, visit: Visit, state: MapState, data: Json, started: int, index: int, item: Json
    ) -> None:
        self.thread = Thread(started)
        self.details: dict[str, Json] | None = {"name": state.name, "index": index}
        self._visit = visit
        self._state = state
        self._data = data
        self._index = index
        self._item = item

    async def run(self) -> Json:
        """Run the processor on what ItemSelector makes of the item."""
        visit, state = self._visit, self._state
        scope = _inner(visit, {"Map": {"Item": {"Index": self._index, "Value": self._item}}})
        visit.history.add(self.thread, "MapIterationStarted", self.details)
        data = {**self._data, "context": scope.context} if isinstance(state.flow, JsonataFlow) else self._data
        given = state.item_selector(data, scope) if state.item_selector else self._item
        iteration = (*visit.iteration, self._index)
        return await visit.interpreter.run_states(state.processor, self.thread, given, scope, iteration)


async def _side_by_side(visit: Visit, lines: Sequence[_Line], at_once: int) -> list[Json]:
    """Run lines, at most so many at once, and return their results in order.

    When one fails, the others are cancelled at once, what they were doing is recorded as aborted after its
    last event, and its error is raised without waiting for them.
    """
    visit.thread.children = [(line.thread, line.details) for line in lines]
    gate = asyncio.Semaphore(max(at_once, 1))
    freed: list[
        int
    ] = []  # the last events of the places that have become free: the next line goes on from there
    running: list[asyncio.Task[Json]] = []
    failed: list[Exception] = []

    async def guarded(line: _Line) -> Json:
        async with gate:
            line.thread.last = freed.pop() if freed else line.thread.last
            try:
                output = await line.run()
            except Exception as failure:  # a bug of ours, too, ends the others
                if not failed:
                    failed.append(failure)
                    _abandon(visit, line, running)
                raise
            freed.append(line.thread.last)
            if line.details is not None:
                visit.history.add(line.thread, "MapIterationSucceeded", line.details)
            return output

    running += [asyncio.ensure_future(guarded(line)) for line in lines]
    try:
        results = await asyncio.gather(*running, return_exceptions=True)
    finally:
        for task in running:
            task.cancel()
    if failed:
        raise failed[0]
    visit.thread.children = []
    visit.thread.last = max((line.thread.last for line in lines), default=visit.thread.last)
    return list(results)


def _abandon(visit: Visit, line: _Line, running: list[asyncio.Task[Json]]) -> None:
    """Cancel what runs beside a line that failed, and record it; the state goes on to its Retry or Catch."""
    last = line.thread.last
    if line.details is not None:
        visit.history.add_after(Thread(), last, "MapIterationFailed", line.details)
    below = Thread(last)
    below.children, visit.thread.children = visit.thread.children, []
    visit.history.abort(below, last, line.thread)
    visit.thread.last = last
    for task in running:
        if task is not asyncio.current_task():
            task.cancel()


def _inner(visit: Visit, context: dict[str, Json]) -> Scope:
    """Return the surroundings of a branch: it sees the variables around it, and sets its own."""
    scope = visit.scope
    around = {key: value for key, value in scope.context.items() if key != "State"}
    return replace(scope, context={**around, **context}, variables=dict(scope.variables))
