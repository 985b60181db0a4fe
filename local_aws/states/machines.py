"""State machines as the API keeps and shows them, and executions as it shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from local_aws.states.executions import Execution, StateMachine
from local_aws.states.fields import DefinitionError
from local_aws.states.history import failure_details
from local_aws.states.jsontext import Json
from local_aws.wire import AwsError

_CONFIGURATIONS: dict[str, Json] = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
}


@dataclass(slots=True)
class Record:
    """A state machine: its current version and what else it was given."""

    version: StateMachine
    created: datetime
    revision: str
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


def described(record: Record) -> Json:
    """Return the answer of DescribeStateMachine."""
    version = record.version
    return {
        "stateMachineArn": version.arn,
        "name": version.name,
        "status": "ACTIVE",
        "definition": version.definition,
        "roleArn": version.role_arn,
        "type": "STANDARD",
        "creationDate": record.created,
        **record.configurations,
    }


def answer_for(execution: Execution) -> Json:
    """Return the answer of DescribeExecution."""
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "input": execution.input,
        "inputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "The local AWS does not model redrive",
    }
    if execution.stopped is not None:
        answer["stopDate"] = execution.stopped
    if execution.output is not None:
        answer.update(output=execution.output, outputDetails={"included": True})
    return {**answer, **(failure_details(execution.failure) if execution.failure else {})}


def diagnostics(error: DefinitionError, limit: int) -> Json:
    """Return the answer of ValidateStateMachineDefinition for a definition at fault."""
    rows = [
        {"severity": "ERROR", "code": fault.code, "message": fault.message}
        | ({"location": fault.location} if fault.location else {})
        for fault in error.problems
    ]
    return {"result": "FAIL", "diagnostics": rows[:limit], "truncated": len(rows) > limit}


def arn_parts(arn: str, kind: str, count: int) -> list[str]:
    """Return the parts of an ARN of a kind of resource; raises InvalidArn."""
    parts = arn.split(":")
    if len(parts) != count or parts[:3] != ["arn", "aws", "states"] or parts[5] != kind:
        raise AwsError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn}'")
    return parts
