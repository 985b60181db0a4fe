"""What the parser carries through a definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_aws.states.fields import Problem
from local_aws.states.jsontext import Json
from local_aws.states.model import Machine
from local_aws.states.resources import Resource


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The faults so far, who judges resources, how to parse what is nested, the machine's query language.

    And the names that are taken: of all states so far, and of the variables of the machines around.
    """

    problems: list[Problem]
    supports: Callable[[Resource], None]
    parse_machine: Callable[[Json, str, Surroundings], Machine | None]
    jsonata: bool
    states: set[str]
    variables: frozenset[str]
