"""Holding an execution of ours against one that was recorded on AWS, and naming the first difference.

Status, output, error, cause and every event are compared; what AWS made up at run time, and how it words the
cause of a States.Runtime, is not.
"""

from __future__ import annotations

import json
import re
from typing import Any

from local_aws.replay.events import told
from local_aws.replay.execution import Outcome, run
from local_aws.replay.placeholders import Path, Placeholders
from local_aws.states.errors import RUNTIME
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.jsontext import Json, dumps

# The members of an event that a recording has whenever AWS's history has them, and the one that we add.
_RECORDED = frozenset(
    {"type", "name", "index", "length", "input", "output", "parameters", "assigned", "error", "cause"}
    | {"resource", "resourceType", "timeoutInSeconds", "heartbeatInSeconds", "taskCredentials", "follows"}
)
# What these follow depends on which line was quicker; and on the year: AWS lets the exit of a distributed Map
# follow the end of its run, since late in 2024 the start of it.
_ANYWHERE = re.compile(r"Parallel.*|.*Aborted|MapStateExited")
_LOST = ("ParallelStateSucceeded", "ParallelStateExited")  # from inside the recordings that were sorted
_ORDER = ("id", "previous")  # of events side by side, these depend on which came first
_SHOWN = 400  # characters of a value that a difference shows


def difference(case: dict[str, Any]) -> str | None:
    """Run a case and return the first difference between AWS's execution and ours, or None.

    Raises LookupError when a task has no result left.
    """
    try:
        outcome = run(case)
    except (DefinitionError, NotModelledError) as error:
        return f"refused: {error}"
    placeholders = Placeholders(case.get("placeholders") or ())
    return _outcome_difference(case["expected"], outcome, placeholders) or _events_difference(
        case, outcome, placeholders
    )


def _outcome_difference(expected: dict[str, Any], outcome: Outcome, placeholders: Placeholders) -> str | None:
    for name in ("status", "error", "output", "cause"):
        ours = getattr(outcome, name)
        if not _agree(name, expected, ours, placeholders, ("expected", name)):
            because = f" ({outcome.error}: {outcome.cause})" if name == "status" and outcome.error else ""
            return _told_apart(name, expected.get(name), ours) + because
    return None


def _agree(name: str, recorded: dict[str, Any], ours: Json, placeholders: Placeholders, path: Path) -> bool:
    """Compare one member of an outcome or an event."""
    value = recorded.get(name)
    if name == "cause":
        if recorded.get("error") == RUNTIME:
            return (value is None) == (ours is None)
        if not isinstance(value, str | None):  # a text of JSON, which the recording has parsed
            return isinstance(ours, str) and placeholders.same(value, _parsed(ours), path)
    return placeholders.same(value, ours, path)


def _parsed(text: str) -> Json:
    """Return a text as the JSON it is, or itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _events_difference(case: dict[str, Any], outcome: Outcome, placeholders: Placeholders) -> str | None:
    recorded = case["expected"].get("events")
    if not recorded or not case.get("events_recorded", True):
        return None
    ours = [told(event) for event in outcome.events]
    if case.get("events_order"):
        return _unordered_difference(recorded, ours, placeholders)
    for index, (theirs, mine) in enumerate(zip(recorded, ours, strict=False)):
        name = _member_apart(theirs, mine, placeholders, index)
        if name:
            what = f"event {index + 1} ({theirs['type']}), {name}"
            return _told_apart(what, theirs.get(name), mine.get(name))
    if len(recorded) > len(ours):
        return f"event {len(ours) + 1}: AWS {_shown(recorded[len(ours)])}, ours has none"
    if len(ours) > len(recorded):
        return f"event {len(recorded) + 1}: AWS has none, ours {_shown(ours[len(recorded)])}"
    return None


def _unordered_difference(
    recorded: list[dict[str, Any]], ours: list[dict[str, Any]], placeholders: Placeholders
) -> str | None:
    """Compare events whatever their order, but each with the event that it follows in its line."""
    is_sorted = any("id" not in event for event in recorded)  # which tore its lines apart
    recorded, ours = map(_torn if is_sorted else _in_lines, (recorded, ours))
    for index, theirs in enumerate(recorded):
        alike = [mine for mine in ours if mine["type"] == theirs["type"]]
        apart = [_member_apart(theirs, mine, placeholders, index) for mine in alike]
        if None not in apart:
            nearest = f"{_shown(alike[0])}: not the same {apart[0]}" if alike else "has none left"
            return f"event {index + 1}: AWS {_shown(theirs)}, ours {nearest}"
        ours.remove(alike[apart.index(None)])
    more = [event for event in ours if not (is_sorted and event["type"] in _LOST)]
    return f"event: AWS has none, ours {_shown(more[0])}" if more else None


def _torn(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key not in _ORDER} for event in events]


def _in_lines(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each event what it `follows`, where that does not depend on which line was quicker."""
    by_id = {event["id"]: event for event in events}
    lines = _torn(events)
    for event, line in zip(events, lines, strict=True):
        before = by_id.get(event["previous"])
        if before and not _ANYWHERE.fullmatch(event["type"]):
            line["follows"] = [before["type"], before.get("name")]
    return lines


def _member_apart(
    recorded: dict[str, Any], ours: dict[str, Any], placeholders: Placeholders, index: int
) -> str | None:
    """Return the name of the first member in which two events differ, or None.

    What a recording has besides is compared where our events have it, too.
    """
    names = [name for name in recorded if name in ours or name in _RECORDED]
    names += [name for name in ours if name in _RECORDED and name not in recorded]
    for name in names:
        if not _agree(name, recorded, ours.get(name), placeholders, ("expected", "events", index, name)):
            return name
    return None


def _told_apart(what: str, recorded: Json, ours: Json) -> str:
    return f"{what}: AWS {_shown(recorded)}, ours {_shown(ours)}"


def _shown(value: Json) -> str:
    text = dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
