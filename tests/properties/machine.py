"""The executions of the state machine, as far as the ledger sees them: claim, hand-off, attempts, outcome.

The writes are those that stand in step_functions/MainStepFn.json.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from common.clock import utc_text
from common.handoff import Handoff
from tests.properties.batch import Row, Upload
from tests.properties.scheduling import Fault, Faults, Program, Simulation
from transformer import transformer

ROOT = Path(__file__).resolve().parents[2]
INPUT, CLEANED = "orders-input", "orders-cleaned"
LEDGER = "PipelineFiles"
_MOST_RETRIES = 3
_RETRY_SECONDS = 30.0
_LONGEST_VALIDATION_SECONDS = 6.0
_LONGEST_UNTIL_REPROCESS_SECONDS = 600.0
_MOST_EXECUTIONS = 12


@dataclass(frozen=True)
class Arrival:
    """A version of a file, and what becomes of it on its way.

    ``faults`` has, for the first executions of the version, which of their calls go wrong. ``archive_fails``
    is how many executions fail after the transformer is done. Seconds are counted from the beginning.
    """

    upload: Upload
    seconds: float = 0.0
    is_valid: bool = True
    events: int = 1
    archive_fails: int = 0
    faults: tuple[Mapping[int, Fault], ...] = ()


@dataclass
class Pipeline:
    """The pipeline on a simulation: versions arrive, and executions come and go until each has its end."""

    simulation: Simulation
    scratch: Path
    is_persistent: bool = True  # whether somebody reprocesses what has failed
    arrivals: list[Arrival] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    _faults: dict[str, list[Faults]] = field(default_factory=dict)

    def receive(self, arrival: Arrival) -> None:
        """Let a version arrive, with as many events as are delivered of it."""
        self.arrivals.append(arrival)
        for number in range(arrival.events):
            self.simulation.at(arrival.seconds + 0.5 * number, lambda: self.execute(arrival, reprocess=False))

    def execute(self, arrival: Arrival, *, reprocess: bool) -> None:
        """Start an execution."""
        version = arrival.upload.version_id
        before = self._faults.setdefault(version, [])
        number = len(before) + 1
        assert number <= _MOST_EXECUTIONS, f"{version} never came to its end"
        before.append(Faults(arrival.faults[number - 1] if number <= len(arrival.faults) else {}))
        _Execution(self, arrival, f"run-{version}-{number}", before[-1]).claim(reprocess=reprocess)

    def calls_of(self, upload: Upload) -> list[str]:
        """Return the calls that the transformer made in the first execution of a version."""
        return self._faults[upload.version_id][0].calls

    def reprocess(self, arrival: Arrival) -> None:
        """Let somebody reprocess a version later, if that is what they do."""
        if self.is_persistent:
            delay = self.simulation.rng.uniform(0, _LONGEST_UNTIL_REPROCESS_SECONDS)
            self.simulation.at(delay, lambda: self.execute(arrival, reprocess=True))

    def claim_of(self, upload: Upload) -> dict[str, str]:
        """Return a version's claim, each attribute as its text."""
        key = f"file#{upload.file_id}", f"v#{upload.version_id}"
        item = self.simulation.aws.tables[LEDGER].get(key, {})
        return {name: str(next(iter(value.values()))) for name, value in item.items()}


class _Execution:
    """One execution of the machine."""

    def __init__(self, pipeline: Pipeline, arrival: Arrival, name: str, faults: Faults) -> None:
        self._pipeline, self._arrival, self.name = pipeline, arrival, name
        self._simulation = pipeline.simulation
        self._faults = faults
        self._attempts = 0
        self._programs: list[Program] = []
        self._has_ended = False

    def claim(self, *, reprocess: bool) -> None:
        """Claim the version, and go on if it is ours."""
        if not self._write("ReclaimFile" if reprocess else "ClaimFile"):
            return
        claim = self._pipeline.claim_of(self._arrival.upload)
        if "completed_at" in claim:
            self._archive()
            return
        rng = self._simulation.rng
        if "accepted_at" not in claim:
            self._simulation.at(rng.uniform(0, _LONGEST_VALIDATION_SECONDS), self._validate)
        self._simulation.at(rng.uniform(0, _LONGEST_VALIDATION_SECONDS), self._attempt)

    def _validate(self) -> None:
        """Do what the validator does last: hand over, or reject."""
        if self._has_ended:
            return
        upload = self._arrival.upload
        if not self._arrival.is_valid:
            self._fail("REJECTED")
            return
        cleaned = csv_of(upload.rows)
        pinned = self._put(f"cleaned/{upload.key}", cleaned)
        handoff = Handoff(
            execution_id=self.name,
            input_bucket=upload.bucket,
            input_key=upload.key,
            input_version_id=upload.version_id,
            input_last_modified=upload.last_modified,
            cleaned_key=f"cleaned/{upload.key}",
            cleaned_version_id=pinned,
            cleaned_bytes=len(cleaned),
            rows=len(upload.rows),
            contract_uri="s3://reference/orders.schema.json",
            contract_version_id=None,
            contract_version="1",
            reference_uri=None,
            reference_version_id=None,
        )
        self._put(f"handoff/{self.name}.json", handoff.to_json())

    def _attempt(self) -> None:
        if self._has_ended:
            return
        self._attempts += 1
        attempt = self._attempts
        environ = self._environ()

        def main(program: Program) -> int:
            return transformer.main(environ, program.clients, program)

        def ended(code: int | None) -> None:
            if attempt == self._attempts:  # what was presumed dead is not heard any more
                self._go_on(code)

        self._programs.append(self._simulation.start(main, self._faults, ended))

    def _go_on(self, code: int | None) -> None:
        self._pipeline.codes.append(code)
        if self._has_ended:
            return
        if code == 0:
            self._archive()
        elif code == 65:
            self._fail("REJECTED")
        elif code in {None, 75} and self._attempts <= _MOST_RETRIES:
            self._simulation.at(_RETRY_SECONDS * 2.0 ** (self._attempts - 1), self._attempt)
        else:
            assert code in {None, 75}, f"exit code {code} is nothing that time mends"
            self._fail("FAILED")

    def _archive(self) -> None:
        number = int(self.name.rpartition("-")[2])
        if number <= self._arrival.archive_fails:
            self._fail("FAILED")
            return
        self._has_ended = True
        assert self._write("RecordArchived")

    def _fail(self, status: str) -> None:
        """End without success: what still runs is stopped, though it may be a while until it hears of it."""
        self._has_ended = True
        for program in self._programs:
            self._simulation.at(self._simulation.rng.uniform(0, 120), program.kill)
        self._write("RecordFailure", status)
        if status == "FAILED":
            self._pipeline.reprocess(self._arrival)

    def _put(self, key: str, body: bytes) -> str:
        answer = self._simulation.call("s3", "put_object", {"Bucket": CLEANED, "Key": key, "Body": body})
        return str(answer["VersionId"])

    def _write(self, state: str, status: str = "") -> bool:
        """Make the write of a state of the machine; return False when its condition was not met."""
        upload, now = self._arrival.upload, utc_text(self._simulation.now())
        known = {
            "States.Format('file#{}', $.file.id)": f"file#{upload.file_id}",
            "States.Format('v#{}', $.pinned.VersionId)": f"v#{upload.version_id}",
            "States.Format('{}', $.pinned.ContentLength)": "1",
            "States.Array($.ephemeral.executionArn)": [f"arn:{self.name}"],
            "$.ephemeral.executionArn": f"arn:{self.name}",
            "$.ephemeral.executionId": self.name,
            "$.ephemeral.input.s3.inputBucket": upload.bucket,
            "$.ephemeral.input.s3.inputKey": upload.key,
            "$.pinned.ETag": "etag",
            "$.pinned.LastModified": upload.last_modified,
            "$$.State.EnteredTime": now,
            "$.failure.status": status,
            "$.failure.error": "States.TaskFailed",
            "$.failure.cause": "as planned",
        }
        parameters = _filled_in(_states()[state]["Parameters"], known)
        try:
            self._simulation.call("dynamodb", "update_item", {**parameters, "TableName": LEDGER})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _environ(self) -> dict[str, str]:
        upload = self._arrival.upload
        return {
            "S3_INPUT_BUCKET": upload.bucket,
            "S3_INPUT_KEY": upload.key,
            "S3_INPUT_VERSION": upload.version_id,
            "S3_CLEANED_BUCKET": CLEANED,
            "ORDER_KPI_TABLE": "OrderKPIs",
            "CATEGORY_KPI_TABLE": "CategoryKPIs",
            "LEDGER_TABLE": LEDGER,
            "EXECUTION_ID": self.name,
            "MEMORY_MIB": "512",
            "SCRATCH_DIR": str(self._pipeline.scratch),
        }


def csv_of(rows: tuple[Row, ...]) -> bytes:
    """Return the cleaned form of a file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Row._fields, *rows])
    return text.getvalue().encode()


def _filled_in(template: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): known[value] if name.endswith(".$") else _filled_in(value, known)
        for name, value in template.items()
    }


@cache
def _states() -> dict[str, Any]:
    machine = json.loads((ROOT / "step_functions/MainStepFn.json").read_text("utf-8"))
    states: dict[str, Any] = machine["States"]
    return states
