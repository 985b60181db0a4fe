"""An execution's history as recorded cases tell it: each event flat, with its JSON texts parsed."""

from __future__ import annotations

from typing import Any

from local_aws.states.jsontext import Json, loads

_TEXTS = ("input", "output", "parameters")  # JSON texts in AWS's history


def told(event: dict[str, Any]) -> dict[str, Json]:
    """Return an event of AWS's history flat.

    `previous` is AWS's `previousEventId`. The members of its details follow, with `input`, `output` and
    `parameters` parsed, and the values of the variables that it assigned under `assigned`. A cause stays the
    text that it is.
    """
    flat: dict[str, Json] = {"id": event["id"], "previous": event["previousEventId"], "type": event["type"]}
    for key, value in event.items():
        if key.endswith("EventDetails"):
            flat.update({name: member for name, member in value.items() if not name.endswith("Details")})
    for key in _TEXTS:
        if key in flat:
            flat[key] = loads(flat[key])
    if "assignedVariables" in flat:
        flat["assigned"] = {name: loads(text) for name, text in flat.pop("assignedVariables").items()}
    return flat
