"""State machines as the API keeps and shows them, and executions as it shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from local_aws.states.executions import Execution, StateMachine
from local_aws.states.fields import DefinitionError
from local_aws.states.history import failure_details
from local_aws.states.jsontext import Json

_CONFIGURATIONS: dict[str, Json] = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
}


@dataclass(slots=True)
class Record:
    """A state machine: its current version and what else it was given."""

    version: StateMachine
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)
    configurations: dict[str, Json] = field(default_factory=lambda: dict(_CONFIGURATIONS))

    def configure(self, request: Json) -> None:
        """Take over the logging and tracing settings of a request; they are described back, nothing more."""
        self.configurations.update({key: request[key] for key in _CONFIGURATIONS if request.get(key)})

    def equals(self, request: Json) -> bool:
        """Tell whether a request to create would make this machine; role and tags do not count, as on AWS."""
        return bool(
            self.version.definition == request["definition"]
            and all(
                self.configurations[key] == (request.get(key) or value)
                for key, value in _CONFIGURATIONS.items()
            )
        )


def described(record: Record, request: Json) -> Json:
    """Return the answer of DescribeStateMachine."""
    return {
        **_version(record.version, request),
        "status": "ACTIVE",
        "type": "STANDARD",
        "creationDate": record.created,
        **record.configurations,
    }


def described_version(version: StateMachine, request: Json) -> Json:
    """Return the answer of DescribeStateMachineForExecution."""
    return {**_version(version, request), "updateDate": version.updated}


def _version(version: StateMachine, request: Json) -> Json:
    return {
        "stateMachineArn": version.arn,
        "name": version.name,
        "definition": "" if request.get("includedData") == "METADATA_ONLY" else version.definition,
        "roleArn": version.role_arn,
        **({"revisionId": version.revision} if version.revision else {}),
    }


def answer_for(execution: Execution, *, data: bool = True) -> Json:
    """Return the answer of DescribeExecution, with or without what may be secret (`data`)."""
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "inputDetails": {"included": data},
        "redriveCount": 0,
        **_redrive_status(execution.status),
    }
    if execution.trace_header is not None:
        answer["traceHeader"] = execution.trace_header
    if execution.stopped is not None:
        answer["stopDate"] = execution.stopped
    if execution.output is not None:
        answer["outputDetails"] = {"included": data}
    if not data:
        return answer
    answer["input"] = execution.input
    if execution.output is not None:
        answer["output"] = execution.output
    return {**answer, **(failure_details(execution.failure) if execution.failure else {})}


def _redrive_status(status: str) -> dict[str, str]:
    """Return what AWS says of a redrive, which we refuse by name."""
    if status not in ("RUNNING", "SUCCEEDED"):
        return {"redriveStatus": "REDRIVABLE"}
    reason = f"Execution is {status} and cannot be redriven"
    return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def diagnostics(error: DefinitionError, limit: int) -> Json:
    """Return the answer of ValidateStateMachineDefinition for a definition at fault."""
    rows = [
        {"severity": "ERROR", "code": fault.code, "message": fault.message}
        | ({"location": fault.location} if fault.location else {})
        for fault in error.problems
    ]
    return {"result": "FAIL", "diagnostics": rows[:limit], "truncated": len(rows) > limit}
