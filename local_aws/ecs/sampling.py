"""Limits of memory held by measuring: whoever is seen with too much is killed.

What is used and given back between two looks is not seen.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict

import psutil

from local_aws.clock import Clock
from local_aws.ecs.process import Process
from local_aws.ecs.records import Container, Task

PERIOD = 0.2  # seconds; a look costs well under a millisecond


class Sampler:
    """Looks at the memory of all tasks that run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[TaskSample] = set()
        self._looking: asyncio.Task[None] | None = None

    def of_task(self, task: Task) -> TaskSample:
        """Return a task's memory, and begin to look at it."""
        sample = TaskSample(self, task.memory_limit)
        self._tasks.add(sample)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return sample

    def forget(self, sample: TaskSample) -> None:
        """Look at a task no more."""
        self._tasks.discard(sample)
        if not self._tasks and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(PERIOD)
            sessions = _sessions()
            for sample in self._tasks:
                sample.check(sessions)


class TaskSample:
    """The memory of one task (a `Memory`)."""

    def __init__(self, sampler: Sampler, limit: int) -> None:
        self._sampler = sampler
        self._limit = limit
        self._limits: dict[Process, int | None] = {}
        self._exceeded: set[Process] = set()

    def add(self, process: Process, container: Container) -> None:
        """Look at a container's process, and at all of its session, from now on."""
        self._limits[process] = container.memory_limit

    def was_exceeded_by(self, process: Process) -> bool:
        """Return whether a process was killed for its memory; it is looked at no more."""
        del self._limits[process]
        return process in self._exceeded

    def close(self) -> None:
        """End the looking."""
        self._sampler.forget(self)

    def check(self, sessions: dict[int, list[int]]) -> None:
        """Kill each container that exceeds its limit; and the largest when together they exceed the task's.

        Of what processes share each has its part: counting it fully for each is cheaper, and enough to know
        that there is not too much.
        """
        of = {process: sessions.get(process.pid, []) for process in self._limits}
        used = {process: sum(map(_resident, pids)) for process, pids in of.items()}
        for process, limit in self._limits.items():
            if limit is not None and used[process] > limit and sum(map(_share, of[process])) > limit:
                self._kill(process)
        if sum(used.values()) > self._limit:
            shares = {process: sum(map(_share, pids)) for process, pids in of.items()}
            if sum(shares.values()) > self._limit:
                self._kill(max(shares, key=lambda process: shares[process]))

    def _kill(self, process: Process) -> None:
        self._exceeded.add(process)
        process.kill()


def _sessions() -> dict[int, list[int]]:
    """Return the processes of this machine by their session, which a container's main process leads."""
    found: dict[int, list[int]] = defaultdict(list)
    for pid in psutil.pids():
        try:
            found[os.getsid(pid)].append(pid)
        except OSError:
            continue  # it has ended, or is no business of ours
    return found


def _resident(pid: int) -> int:
    """Return the memory that a process has, with all that it shares; none when it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _share(pid: int) -> int:
    """Return the memory that a process has, with its part of what it shares; none when it has ended."""
    try:
        memory = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", memory.uss))  # only Linux tells the parts
