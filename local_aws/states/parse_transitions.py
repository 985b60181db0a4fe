"""Where the transitions of a machine lead: to states that are there, to all of them, and to an end.

What AWS refuses, in which words and order: https://github.com/floci-io/floci/pull/2786, measured there with
ValidateStateMachineDefinition.
"""

from __future__ import annotations

from local_aws.states.fields import Fields

_TARGET = "MISSING_TRANSITION_TARGET"


def check_transitions(fields: Fields, members: Fields) -> None:
    """Note targets that are missing, a machine without an end, and else the states that nothing leads to."""
    start = fields.text("StartAt")
    if start is not None and start not in members.node:
        fields.fault(f"Missing 'Next' target: {start}", "StartAt", _TARGET)
    targets = {name: _targets(members, name) for name in members.node}
    if not any(map(_is_end, members.node.values())):
        fields.note("MISSING_END_STATE", "Workflow has no terminal state")
        return
    reached = _reached(start, targets)
    for name in members.node:
        if name not in reached:
            members.fault(f'State "{name}" is not reachable.', name, _TARGET)


def _is_end(state: object) -> bool:
    return isinstance(state, dict) and (state.get("Type") in ("Succeed", "Fail") or state.get("End") is True)


def _targets(members: Fields, name: str) -> list[str | None]:
    state = members.child(name)
    places = [(key, state) for key in ("Next", "Default") if state.has(key)]
    for key in ("Choices", "Catch"):
        if isinstance(state.value(key), list):
            places += [("Next", child) for child in state.children(key) if child.has("Next")]
    targets = [(place.text(key), key, place) for key, place in places]
    for target, key, place in targets:
        if target is not None and target not in members.node:
            place.fault(f"Missing 'Next' target: {target}", key, _TARGET)
    return [target for target, _, _ in targets]


def _reached(start: str | None, targets: dict[str, list[str | None]]) -> set[str]:
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name is not None and name in targets and name not in reached:
            reached.add(name)
            ahead += targets[name]
    return reached
