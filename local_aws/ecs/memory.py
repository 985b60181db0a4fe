"""Limits of memory: a task's, over all its containers, and each container's own.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (memory)

The kernel enforces them where it lets us make cgroups; elsewhere memory is measured every now and then, and
whoever has too much is killed. Never by RLIMIT_AS: it counts addresses, of which a program may have many
times its memory, and makes allocations fail where on AWS the container is killed.
"""

from __future__ import annotations

from typing import Protocol

from local_aws.clock import Clock
from local_aws.ecs.cgroups import TaskCgroup, delegated, works
from local_aws.ecs.process import Process
from local_aws.ecs.records import Container, Task
from local_aws.ecs.sampling import Sampler


class Memory(Protocol):
    """The memory of one task."""

    def add(self, process: Process, container: Container) -> None:
        """Hold a container's process, with all that it starts, to its limit and the task's."""

    def was_exceeded_by(self, process: Process) -> bool:
        """Return whether a process was killed for its memory."""

    def close(self) -> None:
        """Give up what the limits were held with, once the processes have ended."""


class MemoryLimits:
    """Chooses how limits are held: by cgroups, or by measuring."""

    def __init__(self, clock: Clock) -> None:
        self._sampler = Sampler(clock)
        parent = delegated()
        self._parent = parent if parent is not None and works(parent) else None

    def of_task(self, task: Task) -> Memory:
        """Return a task's memory, with its limit."""
        return TaskCgroup(self._parent, task) if self._parent else self._sampler.of_task(task)
