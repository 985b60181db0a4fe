"""Holding an execution of ours against the recording of AWS's, and naming the first difference."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from local_aws.replay.execution import Outcome, run
from local_aws.states.fields import DefinitionError, NotModelledError

# AWS words these causes as it likes.
_LOOSE = ("States.Runtime", "States.IntrinsicFailure")


def difference(case: dict[str, Any]) -> str | None:
    """Return the first difference between AWS's recording and our execution, or None."""
    try:
        outcome = run(case)
    except (DefinitionError, NotModelledError) as error:
        return f"refused: {error}"
    expected = case["expected"]
    loose = _Loose(case)
    for what in ("status", "error"):
        found = getattr(outcome, what)
        if not loose.same(expected.get(what), found):
            return f"{what}: AWS {expected.get(what)!r}, ours {found!r} ({outcome.cause})"
    if not loose.same(expected.get("output"), outcome.output):
        return f"output: AWS {expected.get('output')!r}, ours {outcome.output!r}"
    if expected.get("error") not in _LOOSE and not loose.same(
        expected.get("cause"), _parsed(outcome.cause, expected.get("cause"))
    ):
        return f"cause: AWS {expected.get('cause')!r}, ours {outcome.cause!r}"
    return _event_difference(case, outcome, loose) if case.get("events_recorded", True) else None


class _Loose:
    """Comparing where AWS made a part of the value up at run time."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._made_up = [one["token"] for one in case["placeholders"] if one["from"] == "environment"]
        self._paths = {
            path for one in case["placeholders"] if one["from"] == "environment" for path in one["paths"]
        }

    def same(self, expected: Any, found: Any) -> bool:
        if isinstance(expected, str):
            return self._same_text(expected, found)
        if isinstance(expected, dict) and isinstance(found, dict):
            return expected.keys() == found.keys() and all(
                self.same(expected[key], found[key]) for key in expected
            )
        if isinstance(expected, list) and isinstance(found, list):
            return len(expected) == len(found) and all(map(self.same, expected, found))
        return type(expected) is type(found) and bool(expected == found)

    def _same_text(self, expected: str, found: Any) -> bool:
        tokens = [token for token in self._made_up if token in expected]
        if not tokens:
            return bool(expected == found)
        if expected in tokens:
            return True
        pattern = "|".join(map(re.escape, tokens))
        literals = [re.escape(part) for part in re.split(pattern, expected)]
        return isinstance(found, str) and re.fullmatch(".*".join(literals), found, re.DOTALL) is not None


def _parsed(found: Any, expected: Any) -> Any:
    """Return a text of ours as JSON where the recording has it parsed."""
    return json.loads(found) if isinstance(found, str) and not isinstance(expected, str | None) else found


def _event_difference(case: dict[str, Any], outcome: Outcome, loose: _Loose) -> str | None:
    ours = [_flat(event) for event in outcome.events]
    recorded = case["expected"]["events"]
    if case.get("events_order"):
        return _multiset_difference(recorded, ours, loose)
    for theirs, mine in itertools.zip_longest(recorded, ours):
        fault = "missing" if theirs is None or mine is None else _one_difference(theirs, mine, loose)
        if fault:
            return f"event {fault}: AWS {theirs}, ours {mine}"
    return None


def _multiset_difference(recorded: list[Any], ours: list[Any], loose: _Loose) -> str | None:
    """Compare events whatever their order; ids depend on it."""
    left = list(ours)
    for theirs in recorded:
        plain = {key: value for key, value in theirs.items() if key not in ("id", "previous")}
        match = next((mine for mine in left if _one_difference(plain, mine, loose) is None), None)
        if match is None:
            alike = [event for event in left if event["type"] == theirs["type"]]
            return f"event: AWS {plain}, ours none of {alike[:3]}"
        left.remove(match)
    # The recordings leave this one out.
    left = [event for event in left if event["type"] != "ParallelStateSucceeded"]
    return f"events that AWS has not: {left[:3]}" if left else None


def _one_difference(theirs: dict[str, Any], mine: dict[str, Any], loose: _Loose) -> str | None:
    for key, value in theirs.items():
        found = _parsed(mine.get(key), value) if key == "cause" else mine.get(key)
        if key == "cause" and theirs.get("error") in _LOOSE:
            continue
        if key == "assigned":
            found = {name: json.loads(text) for name, text in mine.get("assignedVariables", {}).items()}
        if not loose.same(value, found):
            return key
    return None


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    flat = {"id": event["id"], "previous": event["previousEventId"], "type": event["type"]}
    for key, value in event.items():
        if key.endswith("EventDetails"):
            flat.update(value)
    for key in ("input", "output", "parameters"):
        if key in flat:
            flat[key] = json.loads(flat[key])
    return flat
