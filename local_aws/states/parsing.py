"""From the text of a definition to a compiled machine, or to the list of its faults with the path to each.

https://states-language.net/spec.html
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable

from local_aws.states.fields import DefinitionError, Fields, Problem
from local_aws.states.jsontext import Json, loads
from local_aws.states.model import Machine
from local_aws.states.parse_names import check_states, check_variables
from local_aws.states.parse_states import LANGUAGES, parse_state
from local_aws.states.parse_transitions import check_transitions
from local_aws.states.resources import Resource
from local_aws.states.surroundings import Surroundings

Supports = Callable[[Resource], None]  # raises DefinitionFault or NotModelledError


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
    # Whatever else is no language AWS takes for JSONata, besides refusing it.
    is_jsonata = definition.get("QueryLanguage", "JSONPath") != "JSONPath"
    around = Surroundings(problems, supports, parse_machine, is_jsonata, set(), frozenset())
    machine = parse_machine(definition, "", around)
    if problems or machine is None:
        raise DefinitionError(problems)
    return machine


def parse_machine(node: Json, location: str, around: Surroundings) -> Machine | None:
    """Compile the machine, branch or item processor at `location`; None when it has no states to speak of."""
    fields = Fields(node, location, around.problems)
    top = {"QueryLanguage", "TimeoutSeconds", "Version"} if not location else {"ProcessorConfig"}
    fields.allow(frozenset({"Comment", "StartAt", "States", *top}))
    if not location:
        fields.one_of("QueryLanguage", LANGUAGES)
    if not fields.require("States", "StartAt"):
        return None
    members = fields.child("States")
    if members.node == {}:
        fields.fault("Value cannot be empty", "States")
        return None
    check_states(members, around.states)
    # The executions that a distributed Map starts see no variables of the execution around them.
    apart = fields.child("ProcessorConfig").value("Mode") == "DISTRIBUTED"
    taken = check_variables(members, frozenset() if apart else around.variables)
    states = {
        name: parse_state(
            name, body, f"{members.location}/{name}", dataclasses.replace(around, variables=taken[name])
        )
        for name, body in members.node.items()
    }
    check_transitions(fields, members)
    timeout = None if location else fields.integer("TimeoutSeconds", 1)
    return Machine(
        str(fields.value("StartAt")), {name: state for name, state in states.items() if state}, timeout
    )


def _not_json(text: str, error: json.JSONDecodeError) -> Problem:
    """Return the fault of a text that is no JSON; an unknown word is told as AWS's parser tells it."""
    if not text.strip():
        return Problem("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object")
    word = re.compile(r"\w+").match(text, error.pos)
    column = error.colno + (len(word[0]) if word else 0)
    place = f'[Source: (String)"{text}"; line: {error.lineno}, column: {column}]'
    message = error.msg
    if word:
        message = (
            f"Unrecognized token '{word[0]}': was expecting (JSON String, Number, Array, Object or token "
            "'null', 'true' or 'false')"
        )
    return Problem("INVALID_JSON_DESCRIPTION", f"{message}\n at {place}", place)
