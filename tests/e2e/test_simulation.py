"""test_pipeline.sh passes on a working pipeline, tells what a broken one does wrong, and leaves no trace."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mayfly.simulation import checks
from mayfly.simulation.checks import OF_A_VALID_FILE, OF_AN_INVALID_FILE, Check, Evidence
from mayfly.simulation.findings import Finding, failed
from mayfly.simulation.samples import Sample, pick_samples
from mayfly.simulation.simulation import Simulation
from mayfly.simulation.traces import remove_from_ecs
from mayfly.simulation.watching import LOCAL_PACE
from mayfly.template import ROOT
from tests.e2e.pipeline import NOTHING_LEFT, Pipeline

SCRIPT = ROOT / "tests" / "test_pipeline.sh"


def contents(pipeline: Pipeline) -> dict[str, Any]:
    """Return everything in a stage that a simulation could leave something in."""
    s3, outputs = pipeline.client("s3"), pipeline.outputs
    versions = {
        bucket: s3.list_object_versions(Bucket=outputs[bucket]) for bucket in ("InputBucket", "CleanedBucket")
    }
    streams = pipeline.client("logs").describe_log_streams(logGroupName=outputs["LogGroup"])["logStreams"]
    return {
        "objects": {
            bucket: [item["Key"] for kind in ("Versions", "DeleteMarkers") for item in answer.get(kind, [])]
            for bucket, answer in versions.items()
        },
        "items": {
            table: pipeline.client("dynamodb").scan(TableName=outputs[table])["Count"]
            for table in ("OrderTable", "CategoryTable", "LedgerTable")
        },
        "streams": sorted(stream["logStreamName"] for stream in streams),
        "queues": sorted(pipeline.client("sqs").list_queues().get("QueueUrls", [])),
        "subscriptions": len(pipeline.client("sns").list_subscriptions()["Subscriptions"]),
        "ecs": pipeline.left(),
    }


@pytest.mark.long
def test_two_at_once_pass_on_a_working_pipeline_and_leave_it_as_it_was(pipeline: Pipeline) -> None:
    before = contents(pipeline)

    processes = [
        subprocess.Popen([SCRIPT, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(2)
    ]

    for process in processes:
        document = json.loads(process.communicate(timeout=110)[0])
        assert [item for item in document["checks"] if not item["ok"]] == []
        assert (process.returncode, document["passed"], document["failed"]) == (0, True, 0)
        assert len(document["checks"]) > 20
    assert contents(pipeline) == before


@pytest.mark.long
def test_a_pipeline_that_rejects_good_files_fails_and_is_cleaned_up(
    with_validator: Callable[[str], Pipeline],
) -> None:
    pipeline = with_validator("exit_65")
    before = contents(pipeline)

    ended = subprocess.run(
        [SCRIPT, "--stage", pipeline.stage.name], capture_output=True, text=True, check=False, timeout=110
    )

    assert ended.returncode == 1
    assert "FAILED  valid_order.csv: the execution succeeded" in ended.stdout
    assert "found:    FAILED ValidationError" in ended.stdout
    assert "checks FAILED" in ended.stdout
    assert contents(pipeline) == before


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_deployed_is_told_in_three_parts() -> None:
    ended = subprocess.run(
        [SCRIPT, "--stage", "nowhere"], capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 1
    assert [line.split(":")[0].strip() for line in ended.stderr.splitlines()] == ["error", "found", "do"]
    assert "the stage 'nowhere' is not deployed" in ended.stderr


@pytest.mark.long
def test_an_interrupted_simulation_cleans_up_first(pipeline: Pipeline) -> None:
    before = contents(pipeline)
    process = subprocess.Popen([SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if "CreateCluster" in line:
            break

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "removed: " in said
    assert contents(pipeline) == before


def test_a_stage_whose_events_start_nothing_is_told_as_such(pipeline: Pipeline) -> None:
    before, events = contents(pipeline), pipeline.client("events")
    findings: list[Finding] = []
    targets = events.list_targets_by_rule(Rule="S3TriggerRule")["Targets"]
    events.remove_targets(Rule="S3TriggerRule", Ids=[target["Id"] for target in targets])
    try:
        hasty = dataclasses.replace(LOCAL_PACE, start=0.5)
        Simulation(pipeline.stage, findings.append, hasty).run()
    finally:
        events.put_targets(Rule="S3TriggerRule", Targets=targets)

    assert [(finding.check, finding.ok) for finding in findings] == [
        ("an upload starts an execution", False),
        ("nothing of the simulation's own data is left", True),
    ]
    assert contents(pipeline) == before


def test_a_rule_that_is_off_is_told_without_waiting_for_what_it_would_start(pipeline: Pipeline) -> None:
    before, events = contents(pipeline), pipeline.client("events")
    findings: list[Finding] = []
    events.disable_rule(Name="S3TriggerRule")
    try:
        Simulation(pipeline.stage, findings.append).run()
    finally:
        events.enable_rule(Name="S3TriggerRule")

    assert findings[0].found == "rule S3TriggerRule is DISABLED: ./scripts/deploy.sh switches it on"
    assert not findings[0].ok
    assert contents(pipeline) == before


@pytest.mark.long
def test_an_execution_that_does_not_end_is_stopped_with_all_it_made(
    with_validator: Callable[[str], Pipeline],
) -> None:
    pipeline = with_validator("hang")
    before = contents(pipeline)
    findings: list[Finding] = []
    hasty = dataclasses.replace(LOCAL_PACE, end=2)

    Simulation(pipeline.stage, findings.append, hasty).run()

    wrong = [finding for finding in findings if not finding.ok]
    assert [(finding.check, finding.found) for finding in wrong] == [
        ("valid_order.csv: its execution ends", "RUNNING"),
        ("invalid_order.csv: its execution ends", "RUNNING"),
    ]
    assert contents(pipeline) == before
    assert pipeline.left() == NOTHING_LEFT


def test_days_that_a_file_has_filled_are_left_alone(pipeline: Pipeline) -> None:
    simulation = Simulation(pipeline.stage, lambda _: None)
    try:
        (valid, _) = pick_samples("input/real-", simulation.traces.is_free)
        pipeline.process(valid.key, valid.body)

        assert not simulation.traces.is_free([valid.days[1]])
        simulation.traces.samples = [valid]
        simulation.traces.remove()
    finally:
        simulation.inbox.remove()

    assert len(pipeline.order_kpis(*valid.days)) == len(valid.days)


class Samples:
    """Both samples, processed by the pipeline, and what was gathered about them."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.simulation = Simulation(pipeline.stage, lambda _: None)
        samples = pick_samples(self.simulation.traces.prefix, self.simulation.traces.is_free)
        self.simulation.traces.samples = samples
        self.evidence = [self._gathered(sample) for sample in samples]

    def _gathered(self, sample: Sample) -> Evidence:
        gathered: list[Evidence] = []

        def gather(evidence: Evidence) -> list[Finding]:
            gathered.append(evidence)
            return []

        self.simulation.send(sample, (gather,))
        return gathered[0]


@pytest.fixture(scope="module")
def samples(pipeline: Pipeline) -> Iterator[Samples]:
    processed = Samples(pipeline)
    yield processed
    processed.simulation.clean_up()


Change = Callable[[Evidence], Evidence]


def same(evidence: Evidence) -> Evidence:
    return evidence


def other_version(evidence: Evidence) -> Evidence:
    return dataclasses.replace(evidence, version="another")


def other_execution(evidence: Evidence) -> Evidence:
    impatient = dataclasses.replace(LOCAL_PACE, settle=0)
    return dataclasses.replace(evidence, execution={**evidence.execution, "name": "another"}, pace=impatient)


def other_numbers(evidence: Evidence) -> Evidence:
    body = evidence.sample.body.replace(b",39.90,", b",39.91,")
    return dataclasses.replace(evidence, sample=dataclasses.replace(evidence.sample, body=body))


def no_notice(evidence: Evidence) -> Evidence:
    return dataclasses.replace(evidence, notices=[])


def half_a_notice(evidence: Evidence) -> Evidence:
    (notice,) = evidence.notices
    cut = notice["message"].index("  line 5")
    return dataclasses.replace(evidence, notices=[{**notice, "message": notice["message"][:cut]}])


CASES: list[tuple[Check, bool, Change, int]] = [
    (checks.was_started_by_its_event, False, other_version, 1),
    (checks.succeeded, True, same, 1),
    (checks.was_rejected, False, same, 3),
    (checks.both_containers_logged, False, other_execution, 2),
    (checks.validator_logged, True, other_execution, 1),
    (checks.kpis_are_what_the_file_says, False, other_numbers, 2),
    (checks.no_kpis, False, same, 1),
    (checks.was_archived, True, same, 3),
    (checks.was_archived, False, other_numbers, 1),
    (checks.stayed_in_input, False, same, 3),
    (checks.success_was_told, True, same, 1),
    (checks.success_was_told, False, no_notice, 2),
    (checks.rejection_was_told, False, same, 2),
    (checks.rejection_was_told, True, half_a_notice, 1),
]


@pytest.mark.parametrize(("check", "of_the_invalid_file", "change", "wrong"), CASES)
def test_a_check_tells_what_is_not_as_it_should_be(
    samples: Samples, check: Check, of_the_invalid_file: bool, change: Change, wrong: int
) -> None:
    evidence = samples.evidence[of_the_invalid_file]

    assert failed(list(check(change(evidence)))) == wrong


def test_what_is_left_in_ecs_is_told_and_removed(samples: Samples, pipeline: Pipeline) -> None:
    (evidence, _) = samples.evidence
    cluster = f"ecs-ephemeral-cluster-{evidence.execution_name}"
    pipeline.client("ecs").create_cluster(clusterName=cluster)

    (finding,) = checks.nothing_is_left_in_ecs(evidence)
    remove_from_ecs(pipeline.stage, evidence.execution_name)
    (after,) = checks.nothing_is_left_in_ecs(evidence)

    assert (finding.ok, finding.found) == (False, f"cluster {cluster} (ACTIVE)")
    assert after.ok


def test_every_check_has_a_case_in_which_it_fails() -> None:
    tried = {case[0] for case in CASES} | {checks.nothing_is_left_in_ecs}

    assert tried == {*OF_A_VALID_FILE, *OF_AN_INVALID_FILE}
