"""What must hold of an uploaded file when its execution has ended, asked of every service that took part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from mayfly.results import (
    category_rows,
    ecs_traces,
    file_id,
    ledger_claims,
    log_lines,
    object_exists,
    order_rows,
)
from mayfly.simulation.findings import Finding, compared
from mayfly.simulation.samples import Sample, category_kpis, order_kpis
from mayfly.simulation.watching import Pace, fate_of, input_of, until
from mayfly.stage import Stage

CONTAINERS = ("ecs-validator", "ecs-transformer")
_SUMMARY_LINE = re.compile(r"^  line (\d+)\b", re.MULTILINE)


@dataclass(frozen=True)
class Evidence:
    """One uploaded file: which version, and the execution that has ended, its history and its notices."""

    stage: Stage
    outputs: dict[str, str]
    pace: Pace
    sample: Sample
    version: str
    execution: dict[str, Any]
    history: list[dict[str, Any]]
    notices: list[dict[str, str]]

    @property
    def execution_name(self) -> str:
        """The execution's name, which is its id everywhere."""
        return str(self.execution["name"])

    def body_of(self, bucket: str, key: str) -> bytes | None:
        """Return an object's bytes, or None when it is not there."""
        try:
            answer = self.stage.client("s3").get_object(Bucket=self.outputs[bucket], Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        body: bytes = answer["Body"].read()
        return body


Check = Callable[[Evidence], Iterable[Finding]]


def was_started_by_its_event(evidence: Evidence) -> Iterator[Finding]:
    """Compare versions: only the event's input transformer hands one over, a start by hand does not."""
    found = (input_of(evidence.execution).get("object") or {}).get("version-id", "no event's object")
    yield compared("EventBridge started the execution for this very version", evidence.version, found)


def succeeded(evidence: Evidence) -> Iterator[Finding]:
    """Look at the execution's end."""
    yield compared("the execution succeeded", "SUCCEEDED", _end(evidence))


def was_rejected(evidence: Evidence) -> Iterator[Finding]:
    """Look at the execution's end, and at whose verdict it was."""
    yield compared(
        "the execution ended in ValidationError", "FAILED ValidationError", _end(evidence).split(":")[0]
    )
    yield compared("RunValidator failed", "failed", fate_of(evidence.history, "RunValidator"))
    fate = fate_of(evidence.history, "RunTransformer")
    stopped = fate in ("stopped", "not entered")
    yield Finding("RunTransformer was stopped", "stopped, or not entered", fate, stopped)


def _end(evidence: Evidence) -> str:
    execution = evidence.execution
    if execution["status"] == "SUCCEEDED":
        return "SUCCEEDED"
    return f"{execution['status']} {execution.get('error', '')}: {execution.get('cause', '')}"


def validator_logged(evidence: Evidence) -> Iterator[Finding]:
    """Read the log of the container that rejects."""
    yield _logged(evidence, CONTAINERS[0])


def both_containers_logged(evidence: Evidence) -> Iterator[Finding]:
    """Read both containers' logs."""
    yield from (_logged(evidence, container) for container in CONTAINERS)


def _logged(evidence: Evidence, container: str) -> Finding:
    def look() -> list[str]:
        return log_lines(
            evidence.stage, evidence.outputs["LogGroup"], f"{container}/{evidence.execution_name}/"
        )

    lines = until(look, evidence.pace.settle, evidence.pace.poll)
    strangers = [line for line in lines if _execution_in(line) != evidence.execution_name]
    return Finding(
        f"{container} logged, and every line names the execution",
        f"lines with execution_id {evidence.execution_name}",
        f"{len(lines)} lines" + "".join(f"\nwithout it: {line}" for line in strangers),
        bool(lines) and not strangers,
    )


def _execution_in(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry.get("execution_id") if isinstance(entry, dict) else None


def kpis_are_what_the_file_says(evidence: Evidence) -> Iterator[Finding]:
    """Compare both tables with plain Python's sums, to the last digit, with no item or attribute besides."""
    stage, outputs, sample = evidence.stage, evidence.outputs, evidence.sample
    yield compared(
        "OrderKPIs hold exactly what plain Python computes",
        order_kpis(sample.body),
        order_rows(stage, outputs["OrderTable"], sample.days),
    )
    yield compared(
        "CategoryKPIs hold exactly what plain Python computes",
        category_kpis(sample.body),
        category_rows(stage, outputs["CategoryTable"], sample.days),
    )


def no_kpis(evidence: Evidence) -> Iterator[Finding]:
    """Look for a rejected file's days in both tables."""
    stage, outputs, days = evidence.stage, evidence.outputs, evidence.sample.days
    rows = order_rows(stage, outputs["OrderTable"], days)
    rows += category_rows(stage, outputs["CategoryTable"], days)
    yield compared("no KPI of its days in either table", [], rows)


def was_archived(evidence: Evidence) -> Iterator[Finding]:
    """Look whether the file has moved as it came."""
    key = evidence.sample.key
    archived = evidence.body_of("CleanedBucket", f"processed/{key}")
    found = "nothing" if archived is None else f"{len(archived)} bytes"
    same = archived == evidence.sample.body
    expected = f"the {len(evidence.sample.body)} bytes uploaded"
    yield Finding(
        "processed/ holds the file byte for byte", expected, found if same else f"{found}, not the same", same
    )
    there = object_exists(evidence.stage, evidence.outputs["InputBucket"], key)
    yield compared("input/ has it no more", "not there", "there" if there else "not there")
    yield _ledger(evidence, "ARCHIVED")


def stayed_in_input(evidence: Evidence) -> Iterator[Finding]:
    """Look whether a rejected file is where it was."""
    key = evidence.sample.key
    there = object_exists(evidence.stage, evidence.outputs["CleanedBucket"], f"processed/{key}")
    yield compared("nothing in processed/", "not there", "there" if there else "not there")
    same = evidence.body_of("InputBucket", key) == evidence.sample.body
    yield compared("the file is still in input/", "as uploaded", "as uploaded" if same else "changed or gone")
    yield _ledger(evidence, "REJECTED")


def _ledger(evidence: Evidence, status: str) -> Finding:
    claims = ledger_claims(
        evidence.stage, evidence.outputs["LedgerTable"], evidence.outputs["InputBucket"], evidence.sample.key
    )
    expected = [f"v#{evidence.version}: {status} by {evidence.execution_name}"]
    found = [f"{claim['sk']}: {claim['status']} by {claim['execution']}" for claim in claims]
    return compared(f"the ledger says {status}", expected, found)


def success_was_told(evidence: Evidence) -> Iterator[Finding]:
    """Look for the success notice, and no other."""
    yield from _told(evidence, "SuccessTopicArn")


def rejection_was_told(evidence: Evidence) -> Iterator[Finding]:
    """Look for the failure notice, and in it for every row that the report has a finding of."""
    yield from _told(evidence, "FailureTopicArn")
    identity = file_id(evidence.outputs["InputBucket"], evidence.sample.key)
    key = f"rejected/{identity}/{evidence.execution_name}.json"
    report = json.loads(evidence.body_of("CleanedBucket", key) or b"{}")
    expected = sorted({finding["line"] for finding in report.get("findings", []) if finding.get("line")})
    message = "\n".join(notice["message"] for notice in evidence.notices)
    found = sorted({int(line) for line in _SUMMARY_LINE.findall(message)})
    rows = (
        f"{len(expected)} rows of the report: lines {expected}"
        if expected
        else "rows of the report, which has none"
    )
    yield Finding(
        "the failure notice names the reasons row by row",
        rows,
        f"lines {found}",
        bool(expected) and found == expected,
    )


def _told(evidence: Evidence, topic: str) -> Iterator[Finding]:
    expected = evidence.outputs[topic].rpartition(":")[2]
    found = sorted({notice["topic"] for notice in evidence.notices})
    yield compared(f"a notice came, from {expected} alone", [expected], found)
    file = f"s3://{evidence.outputs['InputBucket']}/{evidence.sample.key}"
    named = all(file in notice["message"] for notice in evidence.notices)
    yield compared(
        "it names the file as it was uploaded", file, file if named and found else "something else"
    )


def nothing_is_left_in_ecs(evidence: Evidence) -> Iterator[Finding]:
    """Look for the execution's cluster and task definitions."""
    yield compared("nothing is left in ECS", [], ecs_traces(evidence.stage, evidence.execution_name))


OF_A_VALID_FILE: tuple[Check, ...] = (
    was_started_by_its_event,
    succeeded,
    both_containers_logged,
    kpis_are_what_the_file_says,
    was_archived,
    success_was_told,
    nothing_is_left_in_ecs,
)
OF_AN_INVALID_FILE: tuple[Check, ...] = (
    was_started_by_its_event,
    was_rejected,
    validator_logged,
    rejection_was_told,
    stayed_in_input,
    no_kpis,
    nothing_is_left_in_ecs,
)
