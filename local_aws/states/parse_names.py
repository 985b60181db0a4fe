"""The names that a definition gives: to its states, and to the variables that they assign.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.states.fields import Fields

_LIMIT = 80  # characters, of either kind of name


def check_states(members: Fields, taken: set[str]) -> None:
    """Note states' names that are too long, or that the machine has already, at whatever depth."""
    for name in members.node:
        if len(name) > _LIMIT:
            members.fault(f"A state's name has at most {_LIMIT} characters", name, "INVALID_STATE_NAME")
        if name in taken:
            members.fault(f"Duplicate state name: {name}", name, "DUPLICATE_STATE_NAME")
        taken.add(name)


def check_variables(members: Fields, outer: frozenset[str]) -> dict[str, frozenset[str]]:
    """Note what may not be the name of a variable; returns, by state, the names taken for what is within it.

    `outer` are the variables of the machines around: they can be read here, and not assigned again. A state's
    own variables are set when what is within it has ended, and AWS accepted them there.
    """
    names = {name: frozenset(_check_state(members.child(name), outer)) for name in members.node}
    return {
        name: outer.union(*(others for other, others in names.items() if other != name)) for name in names
    }


def _check_state(state: Fields, outer: frozenset[str]) -> Iterator[str]:
    for assign in _assigns(state):
        for key in assign.node:
            name = key.removesuffix(".$")
            _check_variable(assign, key, name, outer)
            yield name


def _assigns(state: Fields) -> Iterator[Fields]:
    places = [state]
    for key in ("Choices", "Catch"):
        if isinstance(state.value(key), list):
            places += state.children(key)
    for place in places:
        if isinstance(place.value("Assign"), dict):
            yield place.child("Assign")


def _check_variable(assign: Fields, key: str, name: str, outer: frozenset[str]) -> None:
    if name == "states" or not name.isidentifier() or len(name) > _LIMIT:
        assign.fault(
            f"'{name}' is not a valid variable name: an identifier of at most {_LIMIT} characters, "
            "but not 'states'",
            key,
        )
    elif name in outer:
        assign.fault(
            f"The variable name '{name}' was already defined in a parent scope.",
            key,
            "DUPLICATE_VARIABLE_NAME",
        )
