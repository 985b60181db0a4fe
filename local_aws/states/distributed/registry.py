"""The Map Runs of a region, for the API to find."""

from __future__ import annotations

from datetime import datetime

from local_aws.states.distributed.map_run import Child, MapRun


class MapRuns:
    """All Map Runs that have begun. Its methods belong to the event loop's thread."""

    def __init__(self) -> None:
        self._runs: dict[str, MapRun] = {}
        self._updated: dict[str, datetime] = {}

    def add(self, run: MapRun, updated: datetime) -> None:
        """Take in a Map Run that begins, of a machine that was last updated then."""
        self._runs[run.arn] = run
        self._updated[run.arn] = updated

    def get(self, arn: str) -> MapRun | None:
        """Return a Map Run, or None."""
        return self._runs.get(arn)

    def updated(self, run: MapRun) -> datetime:
        """Return when the Map Run's machine was last updated."""
        return self._updated[run.arn]

    def of_execution(self, arn: str) -> list[MapRun]:
        """Return the Map Runs that an execution has begun, in that order."""
        return [run for run in self._runs.values() if run.execution_arn == arn]

    def child(self, arn: str) -> Child | None:
        """Return a child workflow execution that has begun, or None."""
        if "/" not in arn:  # the label of a Map
            return None
        machine = arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")
        for run in self._runs.values():
            if run.machine_arn == machine:
                for child in run.children:
                    if child.started is not None and child.arn == arn:
                        return child
        return None
