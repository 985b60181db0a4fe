"""Who has a turn when: schedules, kept on the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from local_aws.clock import Clock


@dataclass(frozen=True)
class Plan:
    """When there are turns, and what is done in one; both take and give seconds since the epoch."""

    identity: Hashable  # a plan of the same identity is the same plan, and goes on
    since: float  # what was due before has been missed, or done
    next_after: Callable[[float], float | None]
    take: Callable[[float], None]


class Timetable:
    """Takes turns by plans; belongs to the loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[str, tuple[Plan, asyncio.Task[None]]] = {}

    def keep(self, plans: Mapping[str, Plan]) -> None:
        """Follow these plans, by their names, and no others; one that has not changed goes on as it was."""
        for name, (plan, task) in list(self._running.items()):
            if name not in plans or plans[name].identity != plan.identity:
                task.cancel()
                del self._running[name]
        for name, plan in plans.items():
            if name not in self._running:
                task = asyncio.get_running_loop().create_task(self._follow(plan))
                self._running[name] = (plan, task)

    async def _follow(self, plan: Plan) -> None:
        due = plan.next_after(plan.since)
        while due is not None:
            await self._clock.sleep(due - self._clock.time(), background=True)
            plan.take(due)
            due = plan.next_after(due)
