"""What an expression can see besides the data it is given: the context object, the variables, and chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Any


@dataclass(slots=True)
class Scope:
    """The surroundings of an expression: `$$`, `$variables`, and the sources of ids, chance and time."""

    context: dict[str, Json]
    variables: dict[str, Json]
    new_id: Callable[[], str]
    random: random.Random
    now: Callable[[], datetime]


# An expression is compiled once a definition: given the data (`$`) and its surroundings it gives a value.
Expression = Callable[[Json, Scope], Json]
