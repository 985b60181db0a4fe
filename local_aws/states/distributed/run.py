"""A Map in DISTRIBUTED mode: each item, or batch of items, is worked on by an execution of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

What the documentation leaves open follows executions recorded on AWS: which events the parent's history has
and what each follows, what is looked at before the Map Run begins, the errors' texts.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

from local_aws.states.dataflow import JsonataFlow
from local_aws.states.distributed.batches import Batching, Portion, one_by_one
from local_aws.states.distributed.children import TooManyFailedError, run_children
from local_aws.states.distributed.map_run import ABORTED, FAILED, SUCCEEDED, Child, MapRun, Tolerance
from local_aws.states.distributed.results import Writing
from local_aws.states.distributed.settings import Distribution, ItemBatcher
from local_aws.states.distributed.source import Item, Reading, of_state
from local_aws.states.errors import StateError, runtime_error
from local_aws.states.history import Thread, failure_details
from local_aws.states.jsontext import Json, dumps
from local_aws.states.model import MapState
from local_aws.states.scope import Expression

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit


async def run_distributed(visit: Visit, state: MapState, distribution: Distribution, data: Json) -> Json:
    """Run a Map Run and return the state's result; raises StateError."""
    at_once = state.max_concurrency(data, visit.scope)
    items = None if distribution.reader else state.items(data, visit.scope)
    visit.history.add(visit.thread, "MapStateStarted", {"length": len(items or [])})
    plan = _Plan(visit, state, distribution, data)
    arn = _arn(visit, distribution.label)
    run = MapRun(arn, visit.context, distribution.definition, at_once, plan.tolerance)
    visit.effects.begin_map_run(run)
    run.started = visit.effects.now()
    begun = visit.history.add(visit.thread, "MapRunStarted", {"mapRunArn": arn})
    line = Thread(begun)
    line.open = "MapRun"
    visit.thread.children = [(line, None)]
    try:
        output = await plan.carry_out(run, items)
    except StateError as failure:
        run.end(FAILED, visit.effects.now())
        visit.thread.children = []
        visit.history.add(visit.thread, "MapRunFailed", failure_details(failure))
        raise
    except BaseException:  # nobody waits any more, or a bug of ours
        run.end(ABORTED, visit.effects.now())
        raise
    run.end(SUCCEEDED, visit.effects.now())
    visit.thread.children = []
    visit.history.add(line, "MapRunSucceeded")
    visit.history.add(line, "MapStateSucceeded")
    return output


def _arn(visit: Visit, label: str) -> str:
    machine = visit.context["StateMachine"]["Id"].partition("/")[0]  # a child's machine has a label, too
    return f"{machine.replace(':stateMachine:', ':mapRun:')}/{label}:{visit.effects.new_id()}"


class _Plan:
    """All that is evaluated before a Map Run begins; raises States.Runtime for what is no sensible number."""

    def __init__(self, visit: Visit, state: MapState, distribution: Distribution, data: Json) -> None:
        self._visit = visit
        self._state = state
        self._data = data
        reader = distribution.reader
        self.tolerance = _tolerance(
            self._value(distribution.tolerated_count), self._value(distribution.tolerated_percentage)
        )
        self._reading = (
            Reading(reader, self._value(reader.arguments), self._value(reader.max_items) or 0)
            if reader
            else None
        )
        self._batching = self._batches(distribution.batcher) if distribution.batcher else None
        self._writing = Writing(distribution.writer, self._value(distribution.writer.arguments))

    async def carry_out(self, run: MapRun, values: list[Json] | None) -> Json:
        """Read, run and write; raises StateError."""
        items = of_state(values or []) if self._reading is None else await self._reading.items(self._visit)
        selected = [self._selected(index, item) for index, item in enumerate(items)]
        portions = self._batching.portions(selected) if self._batching else one_by_one(selected)
        run.children = [self._child(run, index, portion) for index, portion in enumerate(portions)]
        try:
            await run_children(self._visit, self._state, run)
        except TooManyFailedError:
            await self._write(run)
            raise StateError(
                "States.ExceedToleratedFailureThreshold",
                "The specified tolerated failure threshold was exceeded",
            ) from None
        return await self._write(run)

    async def _write(self, run: MapRun) -> Json:
        output = await self._writing.output(self._visit, run)
        run.written = True
        return output

    def _child(self, run: MapRun, index: int, portion: Portion) -> Child:
        name = str(uuid.uuid3(uuid.NAMESPACE_URL, f"{run.arn}/{index}"))
        return Child(run, name, dumps(portion.input), portion.items, self._visit.effects.now)

    def _selected(self, index: int, item: Item) -> Json:
        selector = self._state.item_selector
        if selector is None:
            return item.value
        place = {"Index": index, "Value": item.value, "Source": item.source}
        around = self._visit.scope
        scope = dataclasses.replace(around, context={**around.context, "Map": {"Item": place}})
        data = self._data
        if isinstance(self._state.flow, JsonataFlow):
            data = {**data, "context": scope.context}
        return selector(data, scope)

    def _batches(self, batcher: ItemBatcher) -> Batching:
        shared = {} if batcher.batch_input is None else {"BatchInput": self._value(batcher.batch_input)}
        return Batching(self._value(batcher.max_items) or 0, self._value(batcher.max_bytes) or 0, shared)

    def _value(self, expression: Expression | None) -> Json:
        return expression(self._data, self._visit.scope) if expression else None


def _tolerance(count: int | None, percentage: float | None) -> Tolerance:
    if count is not None and count < 0:
        raise runtime_error("ToleratedFailureCount cannot be negative.")
    if percentage is not None and not 0 <= percentage <= 100:
        raise runtime_error("ToleratedFailurePercentage must be between 0 and 100.")
    return Tolerance(count, percentage)
