"""MiniStack's engine: in process, its waits switched off (SFN_WAIT_SCALE=0).

Run by an interpreter that has MiniStack, which need not have anything of this project's.
"""

from __future__ import annotations

import json
import os
import time

from worker import Run, Tell, serve

os.environ["SFN_WAIT_SCALE"] = "0"  # read when the module is loaded
from ministack.services import stepfunctions as sfn

ROLE = "arn:aws:iam::123456789012:role/benchmark"
_POLL = 0.0005  # seconds; an execution's thread tells nobody of its end


def main() -> None:
    """Serve executions from MiniStack's Step Functions."""
    count = 0

    def make(definition: str) -> Run:
        nonlocal count
        count += 1
        made = sfn._create_state_machine({"name": f"m{count}", "definition": definition, "roleArn": ROLE})
        machine = json.loads(made[2])["stateMachineArn"]

        def run(given: str) -> Tell:
            started = sfn._start_execution({"stateMachineArn": machine, "input": given})
            execution = sfn._executions[json.loads(started[2])["executionArn"]]
            while execution["status"] == "RUNNING":
                time.sleep(_POLL)
            return lambda: (execution["status"], len(execution["events"]))

        return run

    serve(make)


if __name__ == "__main__":
    main()
