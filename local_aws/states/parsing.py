"""From the text of a definition to a compiled machine, or to the list of its faults with the path to each.

https://states-language.net/spec.html
"""

from __future__ import annotations

import json
from collections.abc import Callable

from local_aws.states.fields import DefinitionError, Fields, Problem
from local_aws.states.jsontext import Json, loads
from local_aws.states.model import Machine, State
from local_aws.states.parse_states import parse_state
from local_aws.states.resources import Resource
from local_aws.states.surroundings import Surroundings

Supports = Callable[[Resource], None]  # raises DefinitionFault or NotModelledError
_NAME_LIMIT = 80  # characters of a state's name


def parse_definition(text: str, supports: Supports) -> Machine:
    """Compile a definition.

    `supports` judges each Resource: ValueError when AWS has no such thing, NotModelledError when we lack it.
    Raises DefinitionError with every fault found, or NotModelledError with the first thing that we lack.
    """
    try:
        definition = loads(text)
    except json.JSONDecodeError as error:
        raise DefinitionError([_not_json(text, error)]) from error
    except ValueError as error:
        raise DefinitionError([Problem("INVALID_JSON_DESCRIPTION", str(error))]) from error
    if not isinstance(definition, dict):
        raise DefinitionError([Problem("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object")])
    problems: list[Problem] = []
    around = Surroundings(problems, supports, parse_machine, definition.get("QueryLanguage") == "JSONata")
    machine = parse_machine(definition, "", around)
    if problems or machine is None:
        raise DefinitionError(problems)
    return machine


def parse_machine(node: Json, location: str, around: Surroundings) -> Machine | None:
    """Compile the machine, branch or item processor at `location`; None when it has no states to speak of."""
    fields = Fields(node, location, around.problems)
    language = fields.value("QueryLanguage")
    if language not in (None, "JSONPath", "JSONata"):
        fields.fault("Expected one of JSONPath, JSONata", "QueryLanguage")
    top = {"QueryLanguage", "TimeoutSeconds", "Version"} if not location else {"ProcessorConfig"}
    fields.allow(frozenset({"Comment", "StartAt", "States", *top}))
    if not fields.require("States", "StartAt"):
        return None
    members = Fields(fields.value("States"), f"{location}/States", around.problems)
    states = {
        name: parse_state(name, body, f"{location}/States/{name}", around)
        for name, body in members.node.items()
    }
    _check_transitions(fields, members, states)
    timeout = None if location else fields.integer("TimeoutSeconds", 1)
    return Machine(
        str(fields.value("StartAt")), {name: state for name, state in states.items() if state}, timeout
    )


def _check_transitions(fields: Fields, members: Fields, states: dict[str, State | None]) -> None:
    """Note transitions to states that are not there, and states to which no transition leads."""
    start = fields.text("StartAt")
    if start is not None and start not in states:
        fields.fault(f"Missing 'Next' target: {start}", "StartAt", "MISSING_TRANSITION_TARGET")
    targets = {start}
    for name in members.node:
        state = Fields(members.node[name], f"{members.location}/{name}", fields.problems)
        if len(name) > _NAME_LIMIT:
            state.fault(f"A state's name has at most {_NAME_LIMIT} characters")
        for key, place in _transitions(state):
            target = place.text(key)
            targets.add(target)
            if target is not None and target not in states:
                place.fault(f"Missing 'Next' target: {target}", key, "MISSING_TRANSITION_TARGET")
    for name in members.node.keys() - targets:
        members.fault(f'State "{name}" is not reachable.', name, "MISSING_TRANSITION_TARGET")


def _transitions(state: Fields) -> list[tuple[str, Fields]]:
    own = [(key, state) for key in ("Next", "Default") if state.has(key)]
    inner = [
        ("Next", child)
        for key in ("Choices", "Catch")
        if isinstance(state.value(key), list)
        for child in state.children(key)
        if child.has("Next")
    ]
    return own + inner


def _not_json(text: str, error: json.JSONDecodeError) -> Problem:
    if not text.strip():
        return Problem("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object")
    return Problem(
        "INVALID_JSON_DESCRIPTION",
        f"{error.msg}: line {error.lineno}, column {error.colno}",
        f"character {error.pos}",
    )
