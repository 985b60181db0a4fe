"""Map Runs, and the child workflow executions that they consist of.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListMapRuns.html
"""

from __future__ import annotations

from local_aws.states.api.base import StatesBase
from local_aws.states.distributed import map_run as status
from local_aws.states.distributed.map_run import Child, MapRun
from local_aws.states.distributed.registry import MapRuns
from local_aws.states.distributed.results import redrive_status
from local_aws.states.history import failure_details
from local_aws.states.jsontext import Json
from local_aws.states.pages import page
from local_aws.wire import AwsError, operation

_COUNTED = {
    "pending": status.PENDING,
    "running": status.RUNNING,
    "succeeded": status.SUCCEEDED,
    "failed": status.FAILED,
    "timedOut": status.TIMED_OUT,
    "aborted": status.ABORTED,
}
_NEVER = {"failuresNotRedrivable": 0, "pendingRedrive": 0}


class MapRunsApi(StatesBase):
    """Describe and list Map Runs, and list their children, which are otherwise executions like any other."""

    @operation("mapRunArn")
    def DescribeMapRun(self, request: Json) -> Json:
        """Describe a Map Run, and count its executions and items."""
        run = self._map_run(request["mapRunArn"])
        return {
            "mapRunArn": run.arn,
            "executionArn": run.execution_arn,
            "status": run.status,
            **_dates(run),
            "maxConcurrency": run.max_concurrency,
            "toleratedFailurePercentage": float(run.tolerance.percentage or 0),
            "toleratedFailureCount": run.tolerance.count or 0,
            "itemCounts": _counts(run, by_item=True),
            "executionCounts": _counts(run, by_item=False),
            "redriveCount": 0,
        }

    @operation("executionArn", "maxResults", "nextToken")
    def ListMapRuns(self, request: Json) -> Json:
        """List the Map Runs that an execution has begun."""
        arn = request["executionArn"]
        if self.map_runs.child(arn) is None:
            self._execution(arn)
        rows = [
            {
                "executionArn": arn,
                "mapRunArn": run.arn,
                "stateMachineArn": run.machine_arn,
                **_dates(run),
            }
            for run in self.map_runs.of_execution(arn)
        ]
        return page("mapRuns", rows, request)

    def children_of(self, request: Json) -> Json:
        """Return the answer of ListExecutions for a Map Run: those that have begun, the latest first."""
        if request.get("stateMachineArn"):
            raise AwsError("ValidationException", "Cannot specify both stateMachineArn and mapRunArn")
        run = self._map_run(request["mapRunArn"])
        rows = [
            {
                "executionArn": child.arn,
                "stateMachineArn": run.machine_arn,
                "name": child.name,
                "status": child.status,
                **_dates(child),
                "mapRunArn": run.arn,
                "itemCount": child.items,
                "redriveCount": 0,
            }
            for child in reversed(run.children)
            if child.started is not None
            and request.get("statusFilter") in (None, child.status)
            and request.get("redriveFilter") != "REDRIVEN"
        ]
        return page("executions", rows, request)

    def _map_run(self, arn: str) -> MapRun:
        if ":mapRun:" not in arn:
            raise AwsError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn}'")
        run = self.map_runs.get(arn)
        if run is None:
            raise AwsError("ResourceNotFound", f"Resource not found: '{arn}'")
        return run


def described_child(child: Child, *, data: bool) -> Json:
    """Return the answer of DescribeExecution, with or without what may be secret (`data`)."""
    shown = {"included": data}
    answer = {
        "executionArn": child.arn,
        "stateMachineArn": child.run.machine_arn,
        "name": child.name,
        "status": child.status,
        **_dates(child),
        "inputDetails": shown,
        "mapRunArn": child.run.arn,
        "redriveCount": 0,
        **redrive_status(child.status),
    }
    if child.output is not None:
        answer["outputDetails"] = shown
    if data:
        answer["input"] = child.input
        answer.update({"output": child.output} if child.output is not None else {})
        answer.update(failure_details(child.failure) if child.failure else {})
    return answer


def machine_of_child(child: Child, runs: MapRuns, *, data: bool) -> Json:
    """Return the answer of DescribeStateMachineForExecution."""
    return {
        "stateMachineArn": child.run.machine_arn,
        "name": child.run.machine_name,
        "definition": child.run.definition if data else "",
        "roleArn": child.run.role_arn,
        "updateDate": runs.updated(child.run),
        "mapRunArn": child.run.arn,
        "label": child.run.label,
    }


def _dates(one: MapRun | Child) -> dict[str, Json]:
    dates = {"startDate": one.started, "stopDate": one.stopped}
    return {key: value for key, value in dates.items() if value is not None}


def _counts(run: MapRun, *, by_item: bool) -> Json:
    """Return what is in which status; results count as written with all others, wherever they went."""
    counts = {name: run.count(which, by_item=by_item) for name, which in _COUNTED.items()}
    total = sum(counts.values())
    return {**counts, "total": total, "resultsWritten": total if run.written else 0, **_NEVER}
