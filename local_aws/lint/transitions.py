"""Transitions that lead nowhere, states that nothing leads to, and machines without an end."""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.lint.definition import MachineNode, StateNode, machines
from local_aws.lint.findings import Finding, closest, did_you_mean, finding


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield what is wrong with the transitions of a machine and of all that are nested in it."""
    first: dict[str, str] = {}
    for one in machines(machine):
        for name, state in one.states.items():
            if first.setdefault(name, state.path) != state.path:
                what = f"{name} is the name of {first[name]}, too"
                yield finding("DUPLICATE_STATE_NAME", state.path, what)
        yield from _dangling(one)
        yield from _unreachable(one)
        if one.states and not any(_may_end(state) for state in one.states.values()):
            yield finding(
                "MISSING_END_STATE", f"{one.path}/States", "no state has End or is a Succeed or a Fail"
            )


def _dangling(machine: MachineNode) -> Iterator[Finding]:
    ways = [(f"{machine.path}/StartAt", machine.body["StartAt"])] if _starts(machine) else []
    ways += [way for state in machine.states.values() for way in state.transitions()]
    for path, target in ways:
        if target not in machine.states:
            fix = did_you_mean(closest(target, machine.states), "name a state of the same States object")
            yield finding("MISSING_TRANSITION_TARGET", path, f"there is no state {target} here", fix)


def _unreachable(machine: MachineNode) -> Iterator[Finding]:
    if not _starts(machine):
        return
    reached: set[str] = set()
    ahead = [machine.body["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in machine.states:
            # What was surely meant is not unreachable as well.
            name = closest(name, machine.states) or name
        if name in machine.states and name not in reached:
            reached.add(name)
            ahead += [target for _, target in machine.states[name].transitions()]
    if not reached:
        return  # StartAt itself leads nowhere, and that is said already
    for name, state in machine.states.items():
        if name not in reached:
            yield finding("UNREACHABLE_STATE", state.path, f"no way leads from StartAt to {name}")


def _starts(machine: MachineNode) -> bool:
    return isinstance(machine.body.get("StartAt"), str)


def _may_end(state: StateNode) -> bool:
    """Tell whether a state ends, or at least has no way on: then the parser asks for Next or End."""
    return state.body.get("End") is True or state.kind in ("Succeed", "Fail") or not _goes_on(state)


def _goes_on(state: StateNode) -> bool:
    return "Next" in state.body or state.kind == "Choice"
