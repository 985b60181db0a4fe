"""Tasks that may hang, and heartbeats that can never be missed.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.lint.definition import MachineNode, states
from local_aws.lint.findings import Finding, finding


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield what is wrong with the times of Tasks."""
    for state in states(machine):
        if state.kind != "Task":
            continue
        if not {"TimeoutSeconds", "TimeoutSecondsPath"} & state.body.keys():
            yield finding("NO_TIMEOUT", state.path, f"the Task {state.name} has no TimeoutSeconds")
        timeout, heartbeat = (state.body.get(key) for key in ("TimeoutSeconds", "HeartbeatSeconds"))
        if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
            yield finding(
                "HEARTBEAT_NOT_BELOW_TIMEOUT",
                f"{state.path}/HeartbeatSeconds",
                f"HeartbeatSeconds is {heartbeat} and TimeoutSeconds {timeout}",
            )
