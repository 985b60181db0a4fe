"""The results of a Map Run: in what form, and as objects in S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from local_aws.states.distributed.map_run import (
    ABORTED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    Child,
    MapRun,
)
from local_aws.states.distributed.s3 import call_s3
from local_aws.states.distributed.settings import ResultWriter
from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json, dumps, loads, timestamp, utf8

if TYPE_CHECKING:
    from local_aws.states.interpreter import Visit

_FAILED_TO_WRITE: Final = "States.ResultWriterFailed"
# Into which file a child's result goes.
_FILES: Final = {FAILED: (FAILED, TIMED_OUT, ABORTED), PENDING: (PENDING,), SUCCEEDED: (SUCCEEDED,)}


@dataclass(frozen=True, slots=True)
class Writing:
    """What a ResultWriter is to do; without `place` the results are the state's output."""

    writer: ResultWriter
    place: Json  # Bucket and Prefix

    async def output(self, visit: Visit, run: MapRun) -> Json:
        """Put the results in place and return the state's result; raises States.ResultWriterFailed."""
        if self.writer.arguments is None:
            return [value for child in run.children for value in self._values(child)]
        try:
            files = {name: await self._file(visit, run, name) for name in _FILES}
            manifest = {"DestinationBucket": self.place.get("Bucket"), "MapRunArn": run.arn}
            key = await self._put(visit, run, "manifest.json", dumps({**manifest, "ResultFiles": files}))
        except StateError as error:
            raise StateError(_FAILED_TO_WRITE, error.cause) from error
        return {
            "MapRunArn": run.arn,
            "ResultWriterDetails": {"Bucket": self.place.get("Bucket"), "Key": key},
        }

    async def _file(self, visit: Visit, run: MapRun, name: str) -> Json:
        """Write the results of a kind, and return the manifest's entry; no file without any."""
        children = [child for child in run.children if child.status in _FILES[name]]
        if not children:
            return []
        values = [dumps(value) for child in children for value in self._values(child)]
        if self.writer.output_type == "JSONL":
            text = "".join(line + "\n" for line in values)
        else:
            text = f"[{','.join(values)}]"
        key = await self._put(visit, run, f"{name}_0.{self.writer.output_type.lower()}", text)
        return [{"Key": key, "Size": len(utf8(text))}]

    async def _put(self, visit: Visit, run: MapRun, name: str, text: str) -> str:
        prefix = self.place.get("Prefix") or ""
        key = "/".join([*([prefix] if prefix else []), run.id, name])
        others = {name: value for name, value in self.place.items() if name != "Prefix"}
        await call_s3(visit, "putObject", {**others, "Key": key, "Body": text})
        return key

    def _values(self, child: Child) -> list[Json]:
        """Return what is told of a child; what did not succeed is never transformed."""
        if child.status != SUCCEEDED or self.writer.transformation == "NONE":
            return [record(child)]
        output = loads(child.output or "null")
        flat = self.writer.transformation == "FLATTEN" and isinstance(output, list)
        return output if flat else [output]


def record(child: Child) -> Json:
    """Return all that is told of a child; of one that never began, only its input."""
    common: dict[str, Json] = {"Input": child.input, "InputDetails": {"Included": True}}
    if child.status == PENDING:
        return {**common, "Status": PENDING}
    failure = child.failure
    members = {
        **common,
        "Cause": failure.cause if failure else None,
        "Error": failure.error if failure else None,
        "ExecutionArn": child.arn,
        "Name": child.name,
        "Output": child.output,
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        **{key[:1].upper() + key[1:]: value for key, value in redrive_status(child.status).items()},
        "StartDate": _shown(child.started),
        "StateMachineArn": child.run.machine_arn,
        "Status": child.status,
        "StopDate": _shown(child.stopped),
    }
    return {key: value for key, value in sorted(members.items()) if value is not None}


def redrive_status(status: str) -> dict[str, str]:
    """Return whether a child could be redriven, and why not, as it is described."""
    if status in (SUCCEEDED, RUNNING):
        reason = f"Execution is {status} and cannot be redriven"
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}


def _shown(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
