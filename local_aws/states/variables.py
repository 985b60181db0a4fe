"""How much variables may hold.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#workflow-variables-limits
"""

from __future__ import annotations

from local_aws.states.errors import DATA_LIMIT_EXCEEDED, StateError
from local_aws.states.jsontext import Json, dumps, too_large, utf8

MAX_STORED = 10 * 1024 * 1024  # bytes of all variables of an execution


def check_variables(state: str, assigned: dict[str, Json], variables: dict[str, Json]) -> None:
    """Raise States.DataLimitExceeded when an Assign, or all variables with it, are too large.

    AWS documents the limits, and not the error: this is the one that it has for payloads.
    """
    if too_large(dumps(assigned)):
        what = "an Assign of more than 256 KiB"
    elif sum(len(utf8(dumps(value))) for value in variables.values()) > MAX_STORED:
        what = "variables of more than 10 MiB"
    else:
        return
    raise StateError(
        DATA_LIMIT_EXCEEDED,
        f"The state '{state}' has {what}, exceeding the maximum number of bytes service limit.",
        fatal=True,
    )
