"""Paths and variables that no state before can have written.

The data of each state is followed forward from StartAt along every way, loops included, until no state can
begin with anything new; then each path is read once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from local_aws.lint.definition import MachineNode, StateNode
from local_aws.lint.findings import Finding
from local_aws.lint.reading import Reader
from local_aws.lint.shapes import ANY, NOTHING, SCALAR, Value, capped, joined
from local_aws.lint.transfer import Variables, Way, ways_of

_VISITS = 30  # of one state, after which its data counts as unknown
_EXECUTION = ("Id", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime")
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
_CONTEXT = Value(
    members={
        "Execution": Value(members={**dict.fromkeys(_EXECUTION, SCALAR), "Input": ANY}),
        "State": Value(members=dict.fromkeys(("EnteredTime", "Name", "RetryCount"), SCALAR)),
        "StateMachine": Value(members=dict.fromkeys(("Id", "Name"), SCALAR)),
    }
)


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield the paths that lead nowhere; the input of an execution is unknown."""
    findings: list[Finding] = []
    _ends_of(machine, ANY, {}, _CONTEXT, findings)
    yield from dict.fromkeys(findings)


def _ends_of(
    machine: MachineNode, data: Value, variables: Variables, context: Value, findings: list[Finding] | None
) -> Value:
    """Return what a machine may end with; note findings, if they are asked for."""
    begins = _begins(machine, data, variables, context)
    end = NOTHING
    for name, (value, known) in begins.items():
        for way in _ways(machine.states[name], value, known, context, findings):
            end = joined(end, way.value) if way.target is None else end
    return end


def _begins(
    machine: MachineNode, data: Value, variables: Variables, context: Value
) -> dict[str, tuple[Value, Variables]]:
    """Return what each state may begin with."""
    begins: dict[str, tuple[Value, Variables]] = {}
    visits: dict[str, int] = {}
    ahead = [Way(str(machine.body.get("StartAt")), data, variables)]
    while ahead:
        way = ahead.pop()
        name = way.target
        if name is None or name not in machine.states:
            continue
        value, known = begins.get(name, (NOTHING, {}))
        merged = joined(value, capped(way.value)), _joined_variables(known, way.variables)
        if name in begins and merged == begins[name]:
            continue
        visits[name] = visits.get(name, 0) + 1
        begins[name] = merged if visits[name] < _VISITS else (ANY, dict.fromkeys(merged[1], ANY))
        ahead += _ways(machine.states[name], *begins[name], context, None)
    return begins


def _ways(
    state: StateNode, data: Value, variables: Variables, context: Value, findings: list[Finding] | None
) -> list[Way]:
    if state.kind == "Task":
        # There for `.waitForTaskToken`, and as recorded for `.sync`; not known to be missing otherwise.
        context = Value(members={**(context.members or {}), "Task": ANY})
    reader = Reader(state.name, data, context, variables)
    inner = partial(_inner, findings)
    ways = list(ways_of(state, data, reader, inner))
    if findings is not None:
        findings += reader.findings
    return ways


def _inner(
    findings: list[Finding] | None, machine: MachineNode, data: Value, variables: Variables, context: Value
) -> Value:
    return _ends_of(machine, data, variables, context, findings)


def _joined_variables(one: Variables, other: Variables) -> Variables:
    return {name: joined(one.get(name, NOTHING), other.get(name, NOTHING)) for name in one | other}
