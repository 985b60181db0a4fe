"""What a picture of a state machine shows: states, the ways between them, and charts within states.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local_aws.graph.conditions import condition, in_short

_KINDS = ("Task", "Pass", "Choice", "Wait", "Parallel", "Map", "Succeed", "Fail")
_ATTEMPTS = 3  # a retrier's MaxAttempts when it has none


class NotAStateMachineError(ValueError):
    """A definition that cannot be drawn; the message says where and why."""


class Way(StrEnum):
    """Why an execution goes from one state to another."""

    NEXT = "next"
    RULE = "rule"
    DEFAULT = "default"
    CATCH = "catch"


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one state to another of the same chart.

    `reason` says in full what leads this way, `label` in short; both are empty for a plain Next.
    """

    source: str
    target: str
    way: Way
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """A retrier: how often at most a state is tried again, and on which errors."""

    errors: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Node:
    """A state. `work` is what a Task calls; `inner` are the branches, or the one chart for a Map's items."""

    name: str
    kind: str
    comment: str
    work: str = ""
    retries: tuple[Retry, ...] = ()
    ends: bool = False
    inner: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A machine, a branch or a Map's processor; nodes stand in the order of the definition."""

    start: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()


def chart_of(definition: Any, where: str = "the definition") -> Chart:
    """Return the chart of a parsed definition; raises NotAStateMachineError."""
    states = _member(definition, "States", dict, where)
    start = _member(definition, "StartAt", str, where)
    nodes = {name: _node(name, state) for name, state in states.items()}
    edges = tuple(edge for name, state in states.items() for edge in _edges(name, state))
    missing = {start, *(edge.target for edge in edges)} - nodes.keys()
    if missing:
        raise NotAStateMachineError(f"{where} leads to {min(missing)}, which is not among its States")
    return Chart(start, nodes, edges)


def _member(value: Any, key: str, kind: type, where: str) -> Any:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind) or not found:
        raise NotAStateMachineError(f"{where} has no {key}")
    return found


def _node(name: str, state: Any) -> Node:
    kind = _member(state, "Type", str, f"the state {name}")
    if kind not in _KINDS:
        raise NotAStateMachineError(f"the state {name} has the unknown Type {kind}")
    return Node(
        name,
        kind,
        str(state.get("Comment", "")),
        _work(state),
        tuple(Retry(_errors(one), one.get("MaxAttempts", _ATTEMPTS)) for one in state.get("Retry", [])),
        kind == "Succeed" or state.get("End") is True,
        tuple(_inner(name, state)),
    )


def _work(state: dict[str, Any]) -> str:
    """Return what a Task calls, as service:action, or the name of its function."""
    parts = str(state.get("Resource", "")).split(":")
    return ":".join(parts[-2:])


def _errors(handler: dict[str, Any]) -> str:
    """Return the errors of a retrier or a catcher in words."""
    names = [
        str(name).removesuffix("Exception")
        for name in _member(handler, "ErrorEquals", list, "a Retry or Catch")
    ]
    return "any error" if names == ["States.ALL"] else ", ".join(names)


def _inner(name: str, state: dict[str, Any]) -> list[Chart]:
    if state["Type"] == "Map":
        return [chart_of(state.get("ItemProcessor", state.get("Iterator")), f"the processor of {name}")]
    if state["Type"] == "Parallel":
        branches = _member(state, "Branches", list, f"the state {name}")
        return [chart_of(branch, f"branch {at} of {name}") for at, branch in enumerate(branches, 1)]
    return []


def _edges(name: str, state: dict[str, Any]) -> list[Edge]:
    def target(holder: Any, key: str = "Next") -> str:
        return str(_member(holder, key, str, f"a way on from {name}"))

    onward = [Edge(name, target(state), Way.NEXT)] if "Next" in state else []
    rules = [
        Edge(name, target(rule), Way.RULE, in_short(rule), f"if {condition(rule)}")
        for rule in state.get("Choices", [])
    ]
    default = (
        [Edge(name, target(state, "Default"), Way.DEFAULT, "otherwise", "otherwise")]
        if "Default" in state
        else []
    )
    caught = [
        Edge(name, target(catcher), Way.CATCH, _errors(catcher), f"on {_errors(catcher)}")
        for catcher in state.get("Catch", [])
    ]
    return onward + rules + default + caught
