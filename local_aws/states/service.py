"""The API of Step Functions: state machines and their executions.

https://docs.aws.amazon.com/step-functions/latest/apireference/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from local_aws.states.executions import Execution, StateMachine
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.history import without_data
from local_aws.states.integrations import check
from local_aws.states.jsontext import Json, loads, too_large
from local_aws.states.machine_role import check_role
from local_aws.states.machines import Record, answer_for, arn_parts, described, diagnostics
from local_aws.states.model import Machine
from local_aws.states.pages import page
from local_aws.states.parsing import parse_definition
from local_aws.wire import AwsError, Service, not_modelled, operation

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_BAD_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_NAME_LIMIT = 80
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")


class StatesService(Service):
    """Step Functions in one region. Nothing here waits for a call into another service."""

    name: ClassVar[str] = "stepfunctions"

    def __init__(self, cloud: Cloud, region: str) -> None:
        super().__init__(cloud, region)
        self._machines: dict[str, Record] = {}
        self._executions: dict[str, Execution] = {}

    @property
    def name_in_arn(self) -> str:
        """Return `states`."""
        return "states"

    @operation(
        "name",
        "definition",
        "roleArn",
        "type",
        "loggingConfiguration",
        "tracingConfiguration",
        "tags",
        "publish",
    )
    def CreateStateMachine(self, request: Json) -> Json:
        """Create a machine; the same request again is answered as the first time."""
        name, definition = _valid_name(request["name"]), request["definition"]
        if request.get("type", "STANDARD") != "STANDARD":
            raise not_modelled(f"state machines of type {request['type']}")
        if request.get("publish"):
            raise not_modelled("versions of state machines (publish)")
        if not _ROLE.fullmatch(request["roleArn"]):
            raise AwsError("InvalidArn", f"Invalid Role Arn: '{request['roleArn']}'")
        machine = self._compiled(definition)
        arn = self.arn(f"stateMachine:{name}")
        check_role(self.cloud.enforcer, arn, request["roleArn"], definition)
        record = self._machines.get(arn)
        if record is None:
            now = self.cloud.clock.now()
            version = StateMachine(arn, name, request["roleArn"], definition, machine, now)
            record = self._machines[arn] = Record(version, now, self.cloud.new_id())
            record.configure(request)
            record.tags = {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
        elif not record.equals(request):
            raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return {"stateMachineArn": arn, "creationDate": record.created}

    @operation(
        "stateMachineArn", "definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "publish"
    )
    def UpdateStateMachine(self, request: Json) -> Json:
        """Change a machine; executions under way keep what they started with."""
        record = self._record(request["stateMachineArn"])
        if request.get("publish"):
            raise not_modelled("versions of state machines (publish)")
        changes = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
        if not any(request.get(member) is not None for member in changes):
            raise AwsError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration "
                "must be specified",
            )
        old = record.version
        definition = request.get("definition") or old.definition
        machine = self._compiled(definition) if request.get("definition") else old.machine
        role = request.get("roleArn") or old.role_arn
        check_role(self.cloud.enforcer, old.arn, role, definition)
        record.version = StateMachine(old.arn, old.name, role, definition, machine, self.cloud.clock.now())
        record.revision = self.cloud.new_id()
        record.configure(request)
        return {"updateDate": record.version.updated, "revisionId": record.revision}

    @operation("stateMachineArn", "includedData")
    def DescribeStateMachine(self, request: Json) -> Json:
        """Describe a machine; its definition is the text that was given."""
        return described(self._record(request["stateMachineArn"]))

    @operation("maxResults", "nextToken")
    def ListStateMachines(self, request: Json) -> Json:
        """List the machines, by name."""
        rows = [
            {
                "stateMachineArn": arn,
                "name": record.version.name,
                "type": "STANDARD",
                "creationDate": record.created,
            }
            for arn, record in sorted(self._machines.items())
        ]
        return page("stateMachines", rows, request)

    @operation("stateMachineArn")
    def DeleteStateMachine(self, request: Json) -> Json:
        """Delete a machine, which may be gone already. Executions under way go on to their end."""
        _machine_name(request["stateMachineArn"])
        self._machines.pop(request["stateMachineArn"], None)
        return {}

    @operation("definition", "type", "severity", "maxResults")
    def ValidateStateMachineDefinition(self, request: Json) -> Json:
        """Judge a definition without creating anything."""
        if request.get("type", "STANDARD") != "STANDARD":
            raise not_modelled(f"state machines of type {request['type']}")
        try:
            parse_definition(request["definition"], check)
        except DefinitionError as error:
            limit = int(request.get("maxResults") or 100)
            return diagnostics(error, limit)
        except NotModelledError as error:
            raise not_modelled(str(error)) from error
        return {"result": "OK", "diagnostics": [], "truncated": False}

    @operation("stateMachineArn", "name", "input", "traceHeader")
    def StartExecution(self, request: Json) -> Json:
        """Start an execution; the same name and input again, while it runs, is answered as the first time."""
        record = self._record(request["stateMachineArn"])
        given = "{}" if request.get("input") is None else request["input"]
        name = _valid_name(request["name"]) if request.get("name") else self.cloud.new_id()
        _check_input(given)
        arn = self.arn(f"execution:{record.version.name}:{name}")
        execution = self._executions.get(arn)
        if execution is None:
            execution = Execution(self.cloud, self.region, arn, record.version, given)
            self._executions[arn] = execution
            execution.start()
        elif execution.status != "RUNNING" or execution.input != given:
            raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return {"executionArn": arn, "startDate": execution.started}

    @operation("executionArn", "includedData")
    def DescribeExecution(self, request: Json) -> Json:
        """Describe an execution; input and output are texts."""
        return answer_for(self._execution(request["executionArn"]))

    @operation("stateMachineArn", "statusFilter", "maxResults", "nextToken")
    def ListExecutions(self, request: Json) -> Json:
        """List a machine's executions, the latest first."""
        if not request.get("stateMachineArn"):
            raise not_modelled("ListExecutions without a stateMachineArn (map runs)")
        machine = self._record(request["stateMachineArn"]).version
        rows = [
            {
                "executionArn": execution.arn,
                "stateMachineArn": machine.arn,
                "name": execution.name,
                "status": execution.status,
                "startDate": execution.started,
                **({"stopDate": execution.stopped} if execution.stopped else {}),
            }
            for execution in reversed(self._executions.values())
            if execution.state_machine.arn == machine.arn
            and request.get("statusFilter") in (None, execution.status)
        ]
        return page("executions", rows, request)

    @operation("executionArn", "error", "cause")
    async def StopExecution(self, request: Json) -> Json:
        """Abort an execution; one that has ended stays as it ended."""
        execution = self._execution(request["executionArn"])
        execution.stop(request.get("error"), request.get("cause"))
        await execution.ended()
        return {"stopDate": execution.stopped}

    @operation("executionArn", "maxResults", "nextToken", "reverseOrder", "includeExecutionData")
    def GetExecutionHistory(self, request: Json) -> Json:
        """Return the events of an execution, oldest first unless `reverseOrder`."""
        events = self._execution(request["executionArn"]).history.events
        if request.get("reverseOrder"):
            events = events[::-1]
        answer = page("events", events, request, default=100)
        if request.get("includeExecutionData") is False:
            answer["events"] = [without_data(event) for event in answer["events"]]
        return answer

    @operation("executionArn", "includedData")
    def DescribeStateMachineForExecution(self, request: Json) -> Json:
        """Describe the machine as it was when the execution started."""
        version = self._execution(request["executionArn"]).state_machine
        return {
            "stateMachineArn": version.arn,
            "name": version.name,
            "definition": version.definition,
            "roleArn": version.role_arn,
            "updateDate": version.updated,
        }

    @operation("resourceArn", "tags")
    def TagResource(self, request: Json) -> Json:
        """Add tags to a machine."""
        tags = self._tags(request["resourceArn"])
        tags.update({tag["key"]: tag.get("value", "") for tag in request["tags"]})
        return {}

    @operation("resourceArn", "tagKeys")
    def UntagResource(self, request: Json) -> Json:
        """Remove tags from a machine."""
        for key in request["tagKeys"]:
            self._tags(request["resourceArn"]).pop(key, None)
        return {}

    @operation("resourceArn")
    def ListTagsForResource(self, request: Json) -> Json:
        """List a machine's tags."""
        return {
            "tags": [
                {"key": key, "value": value} for key, value in self._tags(request["resourceArn"]).items()
            ]
        }

    def _compiled(self, definition: str) -> Machine:
        try:
            return parse_definition(definition, check)
        except DefinitionError as error:
            raise AwsError("InvalidDefinition", str(error)) from error
        except NotModelledError as error:
            raise not_modelled(str(error)) from error

    def _record(self, arn: str) -> Record:
        _machine_name(arn)
        if arn not in self._machines:
            raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self._machines[arn]

    def _tags(self, arn: str) -> dict[str, str]:
        if arn not in self._machines:
            raise AwsError("ResourceNotFound", f"Resource not found: '{arn}'")
        return self._machines[arn].tags

    def _execution(self, arn: str) -> Execution:
        arn_parts(arn, "execution", 8)
        if arn not in self._executions:
            raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self._executions[arn]


def _machine_name(arn: str) -> str:
    """Return the machine's name; versions and aliases, which have one part more, are refused."""
    if arn.count(":") == 7 and ":stateMachine:" in arn:
        raise not_modelled(f"versions and aliases of state machines ({arn})")
    return arn_parts(arn, "stateMachine", 7)[-1]


def _valid_name(name: str) -> str:
    if not name or len(name) > _NAME_LIMIT or _BAD_NAME.search(name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    return name


def _check_input(text: str) -> None:
    if too_large(text):
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
            "length less than or equal to 262144",
        )
    try:
        loads(text)
    except ValueError as error:
        raise AwsError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
        ) from error
