"""What the interpreter needs done, and nothing of how: live and simulated drivers look the same to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.states.distributed.map_run import MapRun


def _ignore(*_: Json) -> None:
    """Not all calls are jobs for others."""


@dataclass(frozen=True, slots=True)
class TaskCall:
    """One attempt of a Task."""

    resource: Resource
    parameters: Json
    state: str
    iteration: tuple[int, ...]  # the indexes of the Maps around it, outermost first
    credentials: Json
    submitted: Callable[[Json], None]  # to be told the first answer of a job, before its end
    token: str = ""  # whoever has it may end the attempt, or say that it is alive
    execution: str = ""  # the ARNs of the execution and of its machine
    machine: str = ""
    started: Callable[[str | None], None] = _ignore  # to be told when a worker has it, and who
    alive: Callable[[], None] = _ignore  # to be told of each heartbeat


class Effects(Protocol):
    """Time, chance, and calls to services."""

    random: random.Random

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def new_id(self) -> str:
        """Return a UUID."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def begin(self, resource: Resource, state: str, iteration: tuple[int, ...]) -> str:
        """Let an attempt of a Task begin: return its task token.

        Raises States.Runtime when what it calls is an activity that is not there.
        """

    def begin_map_run(self, run: MapRun) -> None:
        """Be told of a Map Run that begins; raises States.Permissions when the machine's role must not."""

    def check(self, resource: Resource, parameters: Json) -> None:
        """Raise States.Runtime for parameters that the task cannot be started with."""

    async def call(self, task: TaskCall) -> Json:
        """Call what a Task names and return its result; raises StateError.

        Cancelled when nobody waits for the result any more: a job that was started is then to be stopped,
        without making the caller wait.
        """
