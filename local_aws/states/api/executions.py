"""Executions: starting, watching and stopping them."""

from __future__ import annotations

from local_aws.states.api.base import check_size, valid_name
from local_aws.states.api.map_runs import MapRunsApi, described_child, machine_of_child
from local_aws.states.errors import StateError
from local_aws.states.executions import Execution
from local_aws.states.history import without_data
from local_aws.states.jsontext import Json, loads
from local_aws.states.machines import answer_for, described_version
from local_aws.states.pages import page
from local_aws.wire import AwsError, operation


class ExecutionsApi(MapRunsApi):
    """Start, describe, list and stop executions."""

    @operation("stateMachineArn", "name", "input", "traceHeader")
    def StartExecution(self, request: Json) -> Json:
        """Start an execution; the same name and input again, while it runs, is answered as the first time."""
        record = self._record(request["stateMachineArn"])
        given = "{}" if request.get("input") is None else request["input"]
        name = valid_name(request["name"]) if request.get("name") else self.cloud.new_id()
        _check_input(given)
        arn = self.arn(f"execution:{record.version.name}:{name}")
        execution = self._executions.get(arn)
        if execution is None:
            execution = Execution(self.cloud, self.region, arn, record.version, given)
            execution.trace_header = request.get("traceHeader")
            self._executions[arn] = execution
            execution.start()
        elif execution.status != "RUNNING" or execution.input != given:
            raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return {"executionArn": arn, "startDate": execution.started}

    @operation("stateMachineArn", "name", "input", "traceHeader", "includedData")
    def StartSyncExecution(self, request: Json) -> Json:
        """Refuse: only EXPRESS machines can be started so, and there are none here."""
        self._record(request["stateMachineArn"])
        raise AwsError(
            "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
        )

    @operation("executionArn", "includedData")
    def DescribeExecution(self, request: Json) -> Json:
        """Describe an execution; input and output are texts."""
        data = request.get("includedData") != "METADATA_ONLY"
        child = self.map_runs.child(request["executionArn"])
        if child is not None:
            return described_child(child, data=data)
        return answer_for(self._execution(request["executionArn"]), data=data)

    @operation("stateMachineArn", "mapRunArn", "statusFilter", "redriveFilter", "maxResults", "nextToken")
    def ListExecutions(self, request: Json) -> Json:
        """List the executions of a machine, or of a Map Run, the latest first."""
        if request.get("mapRunArn"):
            return self.children_of(request)
        if not request.get("stateMachineArn"):
            raise AwsError("ValidationException", "Must specify either stateMachineArn or mapRunArn")
        machine = self._record(request["stateMachineArn"]).version
        rows = [
            _row(execution)
            for execution in reversed(self._executions.values())
            if execution.state_machine.arn == machine.arn
            and request.get("statusFilter") in (None, execution.status)
            and request.get("redriveFilter") != "REDRIVEN"  # there is no redrive here
        ]
        return page("executions", rows, request)

    @operation("executionArn", "error", "cause")
    async def StopExecution(self, request: Json) -> Json:
        """Abort an execution; one that has ended stays as it ended."""
        child = self.map_runs.child(request["executionArn"])
        if child is not None:
            await child.stop(StateError(request.get("error"), request.get("cause")))
            return {"stopDate": child.stopped}
        execution = self._execution(request["executionArn"])
        execution.stop(request.get("error"), request.get("cause"))
        await execution.ended()
        return {"stopDate": execution.stopped}

    @operation("executionArn", "maxResults", "nextToken", "reverseOrder", "includeExecutionData")
    def GetExecutionHistory(self, request: Json) -> Json:
        """Return the events of an execution, oldest first unless `reverseOrder`."""
        arn = request["executionArn"]
        events = (self.map_runs.child(arn) or self._execution(arn)).history.events
        if request.get("reverseOrder"):
            events = events[::-1]
        answer = page("events", events, request)
        if request.get("includeExecutionData") is False:
            answer["events"] = [without_data(event) for event in answer["events"]]
        return answer

    @operation("executionArn", "includedData")
    def DescribeStateMachineForExecution(self, request: Json) -> Json:
        """Describe the machine as it was when the execution started."""
        child = self.map_runs.child(request["executionArn"])
        if child is not None:
            return machine_of_child(child, self.map_runs, data=request.get("includedData") != "METADATA_ONLY")
        version = self._execution(request["executionArn"]).state_machine
        return described_version(version, request)


def _row(execution: Execution) -> Json:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        **({"stopDate": execution.stopped} if execution.stopped else {}),
        "redriveCount": 0,
    }


def _check_input(text: str) -> None:
    check_size("input", text)
    try:
        loads(text)
    except ValueError as error:
        why = str(error) if text else "Invalid execution input."
        raise AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'") from error
