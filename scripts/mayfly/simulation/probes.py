"""Questions that AWS's documentation leaves open, put to the AWS in use, which answers by what it does.

They change the stage they are put to, so it must be one that nobody else uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from mayfly.results import cluster_of, families_of, ledger_claims, log_streams
from mayfly.simulation.findings import Finding, compared
from mayfly.simulation.samples import pick_samples
from mayfly.simulation.simulation import Simulation
from mayfly.simulation.watching import failures_of, until

ALARMED_WITHIN = 900.0  # seconds: the metric's delay, the alarm's period, and some patience
Probe = Callable[[Simulation], Iterator[Finding]]


def missing_object(bench: Simulation) -> Iterator[Finding]:
    """Start an execution for an object that is not there: the machine must know S3's error by its name."""
    key = f"{bench.traces.prefix}never-was.csv"
    document = json.dumps({"bucket": bench.outputs["InputBucket"], "key": key})
    bench.stage.client("stepfunctions").start_execution(
        stateMachineArn=bench.outputs["StateMachineArn"], input=document
    )
    execution = bench.end_of(key) or {}
    yield compared("HeadObject's 404 is S3.NoSuchKeyException", "ObjectGone", execution.get("error"))


def overwritten_file(bench: Simulation) -> Iterator[Finding]:
    """Upload a file again while it is processed; look at what is tagged meanwhile and how both runs end."""
    (sample, _) = bench.traces.samples = pick_samples(bench.traces.prefix, bench.traces.is_free)
    newer = sample.body.replace(b",39.90,", b",49.90,")
    versions = [bench.put(sample.key, sample.body)]

    def at_work() -> list[dict[str, Any]]:
        return [item for item in bench.ours(sample.key) if "RunValidator" in bench.states_of(item)]

    first = until(at_work, bench.pace.start, bench.pace.poll)
    versions.append(bench.put(sample.key, newer))
    if first:
        yield from _tags(bench, first[0]["name"])
    bench.end_of(sample.key, count=2)
    executions = bench.ours(sample.key)
    ends = [item["status"] for item in executions]
    yield compared("both versions of an overwritten file are processed", ["SUCCEEDED", "SUCCEEDED"], ends)
    history = bench.executions.history(executions[0]["executionArn"]) if executions else []
    refusals = [f"{error}: {cause}" for error, cause in failures_of(history, "DeleteSourceFile")]
    yield Finding(
        "DeleteObject's 412 for a newer object is S3.S3Exception, Status Code: 412",
        "S3.S3Exception: ... Status Code: 412 ...",
        "\n".join(refusals) or "no refusal",
        ok=any(text.startswith("S3.S3Exception: ") and "Status Code: 412" in text for text in refusals),
    )
    yield from _ledger(bench, sample.key, versions)


def _tags(bench: Simulation, execution: str) -> Iterator[Finding]:
    ecs, cluster = bench.stage.client("ecs"), cluster_of(execution)
    expected = {"mayfly:execution": execution, "mayfly:stage": bench.stage.name}
    (described,) = ecs.describe_clusters(clusters=[cluster], include=["TAGS"])["clusters"]
    yield compared("CreateCluster tags the cluster", expected, _ours(described))
    for family in families_of(execution):
        definition = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
        kind = family.removesuffix(f"-{execution}")
        yield compared(f"RegisterTaskDefinition tags {kind}'s", expected, _ours(definition))

    def tasks() -> list[str]:
        arns: list[str] = ecs.list_tasks(cluster=cluster)["taskArns"]
        return arns

    if arns := until(tasks, bench.pace.settle, bench.pace.poll):
        described_tasks = ecs.describe_tasks(cluster=cluster, tasks=arns, include=["TAGS"])["tasks"]
        found = [_ours(task) for task in described_tasks]
        yield compared("RunTask hands the definition's tags to the task", [expected] * len(found), found)


def _ours(described: dict[str, Any]) -> dict[str, str]:
    tags = described.get("tags", [])
    return {tag["key"]: tag["value"] for tag in sorted(tags, key=lambda tag: str(tag["key"]))}


def _ledger(bench: Simulation, key: str, versions: list[str]) -> Iterator[Finding]:
    claims = ledger_claims(bench.stage, bench.outputs["LedgerTable"], bench.outputs["InputBucket"], key)
    expected = sorted(f"v#{version}: ARCHIVED" for version in versions)
    found = sorted(f"{claim['sk']}: {claim['status']}" for claim in claims)
    yield compared(
        "JSONata's $hash is hashlib's lower-case hex: the ledger's items are found by it", expected, found
    )


def undelivered_event(bench: Simulation) -> Iterator[Finding]:
    """Let the rule's target be a machine that is not there: the event must end in the queue."""
    events, sqs = bench.stage.client("events"), bench.stage.client("sqs")
    rule, queue = bench.outputs["TriggerRule"], bench.outputs["UndeliveredQueueUrl"]
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    key = f"{bench.traces.prefix}undelivered/"
    events.put_targets(Rule=rule, Targets=[{**target, "Arn": f"{target['Arn']}-gone"}])

    def arrived() -> list[dict[str, Any]]:
        bench.put(
            key, b""
        )  # a folder marker: until the change is heard of, it starts a run that does nothing
        return until(received, bench.pace.repeat, bench.pace.poll)

    def received() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
        return [message for message in answer.get("Messages", []) if key in message["Body"]]

    try:
        messages = until(arrived, bench.pace.start, 0)
    finally:
        events.put_targets(Rule=rule, Targets=[target])
    codes = [item["MessageAttributes"].get("ERROR_CODE", {}).get("StringValue") for item in messages]
    yield Finding(
        "an event that cannot be delivered waits in the queue, with the reason",
        "a message with ERROR_CODE",
        ", ".join(map(str, codes)) or "no message",
        ok=bool(codes) and all(codes),
    )


def execution_logs(bench: Simulation) -> Iterator[Finding]:
    """Look for the log that Step Functions writes of the executions, for which its role needs much on `*`."""
    group = bench.outputs["ExecutionLogGroup"]
    streams = until(lambda: log_streams(bench.stage, group, "states/"), bench.pace.settle, bench.pace.poll)
    found = f"{len(streams)} log streams"
    yield Finding("Step Functions logs the executions", "a log stream or more", found, bool(streams))


def alarm(bench: Simulation) -> Iterator[Finding]:
    """Wait for the alarm of the failed executions: CloudWatch must be let publish to the topic."""
    name = f"PipelineFailure{bench.stage.suffix}"

    def alarms() -> list[str]:
        subjects = [notice["subject"] for notice in bench.inbox.notices()]
        return [subject for subject in subjects if subject.startswith("ALARM:") and name in subject]

    subjects = until(alarms, ALARMED_WITHIN, bench.pace.poll)
    yield Finding(
        "a failed execution raises the alarm, and the topic tells it",
        f'a notice ALARM: "{name}"',
        "\n".join(subjects) or "none",
        bool(subjects),
    )


EVERYWHERE: tuple[Probe, ...] = (missing_object, overwritten_file, undelivered_event)
#: The local AWS writes no execution log, and its alarms never change by themselves.
ON_AWS_ONLY: tuple[Probe, ...] = (execution_logs, alarm)
