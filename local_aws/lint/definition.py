"""A definition as the rules walk it: machines, branches and item processors, and the states in them.

What is malformed is left out: the parser tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from local_aws.states.jsontext import Json

Object = dict[str, Json]
Placed = tuple[str, Object]  # an object of the definition and the path to it
WORK = ("Task", "Parallel", "Map")  # the types that may have Retry and Catch


@dataclass(frozen=True, slots=True)
class StateNode:
    """One state."""

    name: str
    body: Object
    path: str
    jsonata: bool
    machine: MachineNode = field(repr=False)

    @property
    def kind(self) -> str:
        """Return its type."""
        return str(self.body.get("Type"))

    def elements(self, key: str) -> list[Placed]:
        """Return the objects of a list such as Retry, Catch or Choices."""
        return [
            (f"{self.path}/{key}[{index}]", element)
            for index, element in enumerate(listed(self.body.get(key)))
            if isinstance(element, dict)
        ]

    def inner(self) -> list[MachineNode]:
        """Return its branches, or its item processor."""
        if self.kind == "Parallel":
            return [self._machine(branch, path) for path, branch in self.elements("Branches")]
        if self.kind == "Map":
            keys = [key for key in ("ItemProcessor", "Iterator") if isinstance(self.body.get(key), dict)]
            return [self._machine(self.body[key], f"{self.path}/{key}") for key in keys]
        return []

    def transitions(self) -> Iterator[tuple[str, str]]:
        """Yield the state's ways on: the path to the field, and the name of the next state."""
        keys = ["Default"] if self.kind == "Choice" else ["Next"]
        places = [(self.path, self.body, key) for key in keys]
        places += [
            (*element, "Next")
            for key in (["Choices"] if self.kind == "Choice" else ["Catch"])
            for element in self.elements(key)
        ]
        for path, body, key in places:
            if isinstance(body.get(key), str):
                yield f"{path}/{key}", body[key]

    def _machine(self, body: Object, path: str) -> MachineNode:
        return MachineNode(body, path, self.machine.jsonata, self)


@dataclass(frozen=True)
class MachineNode:
    """The machine itself, a branch, or an item processor; `parent` is the state that holds it."""

    body: Object
    path: str
    jsonata: bool
    parent: StateNode | None = None

    @cached_property
    def states(self) -> dict[str, StateNode]:
        """Return its states by name."""
        states = self.body.get("States")
        return {
            name: StateNode(name, body, f"{self.path}/States/{name}", self._is_jsonata(body), self)
            for name, body in (states.items() if isinstance(states, dict) else ())
            if isinstance(body, dict)
        }

    def _is_jsonata(self, state: Object) -> bool:
        return bool(state.get("QueryLanguage", "JSONata" if self.jsonata else "JSONPath") == "JSONata")


def machine_of(definition: Object) -> MachineNode:
    """Return the whole machine."""
    return MachineNode(definition, "", definition.get("QueryLanguage") == "JSONata")


def machines(machine: MachineNode) -> Iterator[MachineNode]:
    """Yield a machine and all that are nested in it."""
    yield machine
    for state in machine.states.values():
        for inner in state.inner():
            yield from machines(inner)


def states(machine: MachineNode) -> Iterator[StateNode]:
    """Yield all states, at any depth."""
    for one in machines(machine):
        yield from one.states.values()


def rules_of_choice(path: str, rule: Object) -> Iterator[Placed]:
    """Yield a Choice rule and those in its And, Or and Not."""
    yield path, rule
    for key in ("And", "Or"):
        for index, inner in enumerate(listed(rule.get(key))):
            if isinstance(inner, dict):
                yield from rules_of_choice(f"{path}/{key}[{index}]", inner)
    if isinstance(rule.get("Not"), dict):
        yield from rules_of_choice(f"{path}/Not", rule["Not"])


def listed(value: Json) -> list[Json]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []
