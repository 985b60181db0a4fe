"""A state machine after parsing: every path, template and expression compiled once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local_aws.states.choice import Predicate
from local_aws.states.dataflow import Assign, Dataflow
from local_aws.states.distributed.settings import Distribution
from local_aws.states.jsontext import Json
from local_aws.states.resources import Resource
from local_aws.states.retry import Retrier
from local_aws.states.scope import Expression


@dataclass(frozen=True, slots=True)
class Catcher:
    """One element of a state's Catch; `output` makes the next state's input of the state's and the error."""

    error_equals: tuple[str, ...]
    next: str
    output: Callable[..., Json]
    assign: Assign | None


@dataclass(frozen=True, slots=True)
class State:
    """What all states have. `next` is None at an end."""

    name: str
    next: str | None
    flow: Dataflow
    kind: str = field(init=False, default="")


@dataclass(frozen=True, slots=True)
class PassState(State):
    """Gives its input, or a fixed result."""

    has_result: bool
    result: Json
    kind: str = field(init=False, default="Pass")


@dataclass(frozen=True, slots=True)
class SucceedState(State):
    """Ends the execution or the branch with success."""

    kind: str = field(init=False, default="Succeed")


@dataclass(frozen=True, slots=True)
class FailState(State):
    """Ends the execution or the branch with an error."""

    error: Expression | None
    cause: Expression | None
    kind: str = field(init=False, default="Fail")


@dataclass(frozen=True, slots=True)
class WaitState(State):
    """Waits: `seconds` or `until` gives how long, from the state's data."""

    seconds: Expression | None
    until: Expression | None
    kind: str = field(init=False, default="Wait")


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One way out of a Choice state."""

    test: Predicate
    next: str
    flow: Dataflow


@dataclass(frozen=True, slots=True)
class ChoiceState(State):
    """Takes the first rule that holds, else `next`, its Default."""

    rules: tuple[ChoiceRule, ...]
    kind: str = field(init=False, default="Choice")


@dataclass(frozen=True, slots=True)
class WorkState(State):
    """A state that may fail and be tried again: Task, Parallel and Map."""

    retriers: tuple[Retrier, ...]
    catchers: tuple[Catcher, ...]


@dataclass(frozen=True, slots=True)
class TaskState(WorkState):
    """Calls a service; times are whole seconds."""

    resource: Resource
    timeout: Expression | None
    heartbeat: Expression | None
    credentials: Expression | None
    kind: str = field(init=False, default="Task")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, a branch, or what a Map does with each item."""

    start_at: str
    states: dict[str, State]
    timeout_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ParallelState(WorkState):
    """Runs its branches side by side."""

    branches: tuple[Machine, ...]
    kind: str = field(init=False, default="Parallel")


@dataclass(frozen=True, slots=True)
class MapState(WorkState):
    """Runs its processor for each item, at most `max_concurrency` at once (0: as AWS likes).

    Without a `distribution` all within the execution, with one in executions of their own.
    """

    processor: Machine
    items: Expression
    item_selector: Expression | None
    max_concurrency: Expression
    distribution: Distribution | None
    kind: str = field(init=False, default="Map")
