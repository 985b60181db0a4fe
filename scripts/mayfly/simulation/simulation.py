"""Sends the valid and the invalid sample through a deployed stage, checks it all, and removes its own data.

Works on the AWS that the environment points to, local or real. The days of the samples are moved to ones that
no file of the stage has filled, and the keys are of this run alone, so it may run beside real files and other
simulations. Subscribers of the stage's topics do hear of both files, and its alarm of the invalid one; the
executions stay in Step Functions' list.

Exit codes: 0 every check passed; 1 one failed, or the simulation could not be done.
"""

from __future__ import annotations

import json
import signal
import sys
import textwrap
import time
from collections.abc import Callable
from typing import Any

from mayfly.console import detail, run, step
from mayfly.results import Inbox
from mayfly.simulation.checks import OF_A_VALID_FILE, OF_AN_INVALID_FILE, Check, Evidence
from mayfly.simulation.findings import Finding, compared, document, failed, show_line, show_summary
from mayfly.simulation.samples import Sample, new_prefix, pick_samples
from mayfly.simulation.traces import Traces, remove_from_ecs
from mayfly.simulation.watching import AWS_PACE, LOCAL_PACE, Executions, Pace, states_entered, until
from mayfly.stage import Stage, add_json, parser_of

TOLD_WIDTH = 100
Report = Callable[[Finding], None]


class Simulation:
    """One run of both samples through one stage."""

    def __init__(self, stage: Stage, report: Report, pace: Pace | None = None) -> None:
        """Raise CommandError when the stage is not deployed; the AWS in use decides on the pace."""
        self.stage = stage
        self.outputs = outputs = stage.outputs()
        self.report = report
        self.pace = pace or (LOCAL_PACE if stage.is_local else AWS_PACE)
        self.executions = Executions(stage, outputs["StateMachineArn"])
        self.traces = Traces(stage, outputs, new_prefix())
        self.inbox = Inbox(stage, [outputs["SuccessTopicArn"], outputs["FailureTopicArn"]])

    def run(self) -> None:
        """Send both samples and report every finding; remove its own data, whatever happens."""
        try:
            valid, invalid = pick_samples(self.traces.prefix, self.traces.is_free)
            self.traces.samples = [valid, invalid]
            detail(
                f"days {valid.days[0]} to {invalid.days[-1]} for the samples' own, keys {self.traces.prefix}*"
            )
            if self.events_arrive():
                self.send(valid, OF_A_VALID_FILE)
                self.send(invalid, OF_AN_INVALID_FILE)
        finally:
            self.clean_up()

    def events_arrive(self) -> bool:
        """Put folder markers, which start executions that end at once, until the first one does.

        A new bucket's first events may never come, and a sample without its event would not be told from a
        pipeline that does not work.
        """
        step("Waiting for the input bucket's events to start executions")
        pace, started = self.pace, time.monotonic()
        check, expected = "an upload starts an execution", f"one within {self.pace.start:.0f} s"
        rule = self.outputs["TriggerRule"]
        if (state := self.stage.client("events").describe_rule(Name=rule)["State"]) != "ENABLED":
            advice = f"./scripts/deploy.sh{self.stage.option} switches it on"
            self.report(Finding(check, expected, f"rule {rule} is {state}: {advice}", ok=False))
            return False

        def marker_started() -> bool:
            self.put(self.traces.prefix, b"")
            return until(lambda: bool(self.ours()), min(pace.repeat, pace.start), pace.poll)

        arrived = until(marker_started, pace.start, 0)
        waited = f"{'one' if arrived else 'none'} after {time.monotonic() - started:.0f} s"
        self.report(Finding(check, expected, waited, arrived))
        return arrived

    def send(self, sample: Sample, checks: tuple[Check, ...]) -> None:
        """Upload a sample, wait for its execution, and report what the checks find."""
        step(f"Uploading {sample.name} to s3://{self.outputs['InputBucket']}/{sample.key}")
        version = self.put(sample.key, sample.body)
        execution = self.end_of(sample.key)
        if execution is None:
            found = [item["status"] for item in self.ours(sample.key)] or ["no execution"]
            wanted = f"an end within {self.pace.end:.0f} s"
            self.report(Finding(f"{sample.name}: its execution ends", wanted, ", ".join(found), ok=False))
            return
        evidence = Evidence(
            stage=self.stage,
            outputs=self.outputs,
            pace=self.pace,
            sample=sample,
            version=version,
            execution=execution,
            history=self.executions.history(execution["executionArn"]),
            notices=self.notices_about(execution),
        )
        for check in checks:
            for finding in check(evidence):
                self.report(
                    Finding(f"{sample.name}: {finding.check}", finding.expected, finding.found, finding.ok)
                )

    def put(self, key: str, body: bytes) -> str:
        """Upload an object and return its version."""
        answer = self.stage.client("s3").put_object(Bucket=self.outputs["InputBucket"], Key=key, Body=body)
        return str(answer.get("VersionId"))

    def ours(self, key: str = "") -> list[dict[str, Any]]:
        """Return the executions about our keys, or about one of them."""
        found = self.executions.about(key or self.traces.prefix)
        self.traces.executions = sorted({*self.traces.executions, *(item["name"] for item in found)})
        return found

    def end_of(self, key: str, count: int = 1) -> dict[str, Any] | None:
        """Wait for `count` executions about a key, telling their states; return the one that did the work.

        Events come at least once: the others have ended as duplicates, without a cluster.
        """
        told: dict[str, int] = {}

        def ended() -> list[dict[str, Any]]:
            executions = self.ours(key)
            for execution in executions:
                self.tell(execution, told)
            running = any(execution["status"] == "RUNNING" for execution in executions)
            return executions if len(executions) >= count and not running else []

        executions = until(ended, self.pace.end, self.pace.poll)
        workers = [item for item in executions if "CreateCluster" in self.states_of(item)]
        return next(iter(workers or executions), None)

    def states_of(self, execution: dict[str, Any]) -> list[str]:
        """Return the states that an execution has entered."""
        return states_entered(self.executions.history(execution["executionArn"]))

    def tell(self, execution: dict[str, Any], told: dict[str, int]) -> None:
        """Say which states an execution has entered since it was last told."""
        states = self.states_of(execution)
        if new := states[told.get(execution["name"], 0) :]:
            for line in textwrap.wrap(", ".join(new), TOLD_WIDTH):
                detail(line)
        told[execution["name"]] = len(states)

    def notices_about(self, execution: dict[str, Any]) -> list[dict[str, str]]:
        """Return the notices about an execution, waiting for the first."""

        def look() -> list[dict[str, str]]:
            return [
                notice for notice in self.inbox.notices() if execution["executionArn"] in notice["message"]
            ]

        return until(look, self.pace.settle, self.pace.poll)

    def clean_up(self) -> None:
        """Wait for our executions, then remove all that is ours, and report whether anything is left."""
        step("Removing the simulation's own data")
        self.let_executions_end()
        try:
            removed = self.traces.remove()
        finally:
            self.inbox.remove()
        counts = [f"{count} {kind}" for kind, count in removed.items()] + [f"queue {self.inbox.name}"]
        detail(f"removed: {', '.join(counts)}")
        self.report(compared("nothing of the simulation's own data is left", [], self.traces.left()))

    def let_executions_end(self) -> None:
        """Wait for our executions, whose own clean-up is the best one; stop the one that does not end."""

        def running() -> list[str]:
            return [item["executionArn"] for item in self.ours() if item["status"] == "RUNNING"]

        if still := running():
            detail(f"waiting for {len(still)} execution(s) to end, at most {self.pace.end:.0f} s")
            until(lambda: not running(), self.pace.end, self.pace.poll)
        for arn in running():
            detail(f"stopping {arn}: it does not end")
            self.executions.stop(arn, "a simulation has waited for its end in vain")
            remove_from_ecs(self.stage, arn.rpartition(":")[2])


def main() -> None:
    """Run `test_pipeline.sh`."""
    parser = parser_of("./tests/test_pipeline.sh", __doc__, "the stage to simulate on")
    add_json(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that nothing stays behind
    run(lambda: work(arguments.stage, as_json=arguments.json), "the simulation can be run again at any time")


def work(stage: str, *, as_json: bool) -> None:
    """Simulate on a stage, print the findings, and exit."""
    findings: list[Finding] = []
    started = time.monotonic()

    def report(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            show_line(finding)

    Simulation(Stage.of_environment(stage), report).run()
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        print(json.dumps(document(findings, stage=stage, seconds=seconds), indent=2, ensure_ascii=False))
    else:
        show_summary(findings, seconds)
    sys.exit(1 if failed(findings) else 0)
