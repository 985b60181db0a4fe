"""Checks on an AWS account, in one go, all that was built without one: deploy, simulate, probe, undeploy.

It makes a stage of its own, smoke and four random digits, with the settings of config/smoke.env if that file
is there, and removes it with its data at the end, whatever happens. An account is charged some cents; it
should take some 40 minutes there, and takes one on the local AWS. Exit codes: 0 all was as expected; 1 not.
"""

from __future__ import annotations

import argparse
import io
import json
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mayfly.console import CommandError, detail, run, step
from mayfly.deploying import leftovers, preflight, settings
from mayfly.deploying.deploy import deploy, dry_run
from mayfly.deploying.undeploy import undeploy
from mayfly.simulation.findings import Finding, compared, document, failed, show_summary, show_table
from mayfly.simulation.probes import EVERYWHERE, ON_AWS_ONLY
from mayfly.simulation.simulation import Report, Simulation
from mayfly.simulation.watching import until
from mayfly.stage import Stage

OTHER_RETENTION = 7  # days
#: Where names of a stage may be left: service, listing, the answer's list, and the field with the name.
LISTINGS = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
    ("stepfunctions", "list_state_machines", "stateMachines", "name"),
)


def smoke(stage: Stage, report: Report, *, keep: bool) -> None:
    """Carry out everything on a stage that is not there yet, and report every finding."""
    given = settings.load("smoke")
    try:
        if answered(report, "deploy", lambda: deployed(stage, given)):
            answered(report, "deploy again", lambda: deployed_again(stage, given))
            answered(report, "change a setting", lambda: changed(stage, given))
            step("Simulating")
            answered(report, "simulate", lambda: simulated(stage, report))
            step("Probing what the documentation leaves open")
            probe(stage, report)
    finally:
        if keep:
            detail(f"kept: remove it with ./scripts/undeploy.sh --stage {stage.name} --force {stage.name}")
        else:
            answered(report, "undeploy", lambda: undeployed(stage))


def answered(report: Report, name: str, ask: Callable[[], Iterator[Finding]]) -> bool:
    """Report what is found, and an error as a finding; tell whether there was none."""
    try:
        for finding in ask():
            report(finding)
    except (CommandError, BotoCoreError, ClientError) as error:
        found = "\n".join(error.parts) if isinstance(error, CommandError) else str(error)
        report(Finding(name, "no error", found, ok=False))
        return False
    return True


def deployed(stage: Stage, given: dict[str, str]) -> Iterator[Finding]:
    """Deploy."""
    deploy(stage, {}, given, yes=True)
    yield compared("deploy makes the stack", "CREATE_COMPLETE", status_of(stage))


def deployed_again(stage: Stage, given: dict[str, str]) -> Iterator[Finding]:
    """Deploy what is deployed."""
    before = events_of(stage)
    deploy(stage, {}, given, yes=True)
    yield compared("deploying again changes nothing", [], events_of(stage)[: -len(before)])


def changed(stage: Stage, given: dict[str, str]) -> Iterator[Finding]:
    """Plan another retention of the tasks' log, and then deploy it."""
    other, group = {**given, "LOG_RETENTION_DAYS": str(OTHER_RETENTION)}, stage.outputs()["LogGroup"]
    before, resources = retention_of(stage, group), resources_of(stage)
    printed = io.StringIO()
    with redirect_stdout(printed):
        dry_run(stage, {}, other)
    plan = [line.strip() for line in printed.getvalue().splitlines() if "AWS::Logs::LogGroup" in line]
    yield Finding("a dry run names the change", "LogGroup", "\n".join(plan) or printed.getvalue(), bool(plan))
    yield compared("a dry run changes nothing", before, retention_of(stage, group))
    deploy(stage, {}, other, yes=True)
    yield compared("a changed setting reaches its resource", OTHER_RETENTION, retention_of(stage, group))
    after = resources_of(stage)
    replaced = [name for name, identity in resources.items() if after.get(name) != identity]
    yield compared("and replaces nothing", [], replaced)


def simulated(stage: Stage, report: Report) -> Iterator[Finding]:
    """Run the simulation, which reports by itself."""
    Simulation(stage, report).run()
    yield from ()


def probe(stage: Stage, report: Report) -> None:
    """Put the probes to the stage, each whatever became of the others."""
    bench = Simulation(stage, report)
    try:
        for question in (*EVERYWHERE, *(() if stage.is_local else ON_AWS_ONLY)):
            detail(question.__name__.replace("_", " "))
            answered(report, question.__name__, partial(question, bench))
        if stage.is_local:
            left_out = ", ".join(question.__name__.replace("_", " ") for question in ON_AWS_ONLY)
            detail(f"not asked, for the local AWS has nothing of it: {left_out}")
    finally:
        bench.clean_up()


def undeployed(stage: Stage) -> Iterator[Finding]:
    """Undeploy with all data, and look everywhere for the stage's name."""
    undeploy(stage, force=True, typed=stage.name)
    pace_left = 0 if stage.is_local else 120  # a deleted queue is listed for a minute
    until(lambda: not names_left(stage), pace_left, 5)
    yield compared("undeploy leaves nothing with the stage's name", [], names_left(stage))


def names_left(stage: Stage) -> list[str]:
    """Return what any service still lists under the stage's name or tag."""
    found = []
    for service, listing, key, field in LISTINGS:
        for page in stage.client(service).get_paginator(listing).paginate():
            names = [str(item[field] if field else item) for item in page.get(key, [])]
            found += [f"{service}: {name}" for name in names if stage.name in name]
    return [*found, *leftovers.clusters(stage), *leftovers.task_definitions(stage)]


def status_of(stage: Stage) -> str:
    """Return the stack's status."""
    return str((stage.describe() or {}).get("StackStatus", "no stack"))


def events_of(stage: Stage) -> list[str]:
    """Return what has happened to the stack, newest first."""
    pages = stage.client("cloudformation").get_paginator("describe_stack_events")
    return [
        f"{event['LogicalResourceId']} {event['ResourceStatus']}"
        for page in pages.paginate(StackName=stage.stack)
        for event in page["StackEvents"]
    ]


def resources_of(stage: Stage) -> dict[str, str]:
    """Return the stack's resources by their names in the template."""
    pages = stage.client("cloudformation").get_paginator("list_stack_resources")
    return {
        item["LogicalResourceId"]: item.get("PhysicalResourceId", "")
        for page in pages.paginate(StackName=stage.stack)
        for item in page["StackResourceSummaries"]
    }


def retention_of(stage: Stage, group: str) -> Any:
    """Return for how many days a log group keeps what is written."""
    groups = stage.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return next((item.get("retentionInDays") for item in groups if item["logGroupName"] == group), None)


def main() -> None:
    """Run `smoke_aws.sh`."""
    parser = argparse.ArgumentParser(
        prog="./scripts/smoke_aws.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--yes", action="store_true", help="do not ask whether the account is the right one")
    parser.add_argument("--keep", action="store_true", help="leave the stage deployed at the end")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document to stdout, and nothing else"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the stage is removed
    run(lambda: work(arguments), "its stage is removed, unless it was to be kept or an error stands above")


def work(arguments: argparse.Namespace) -> None:
    """Ask, do everything, print what was found, and exit."""
    stage = Stage.of_environment(f"smoke{secrets.token_hex(2)}")
    preflight.confirm_account(stage, yes=arguments.yes)
    findings: list[Finding] = []
    started = time.monotonic()

    def report(finding: Finding) -> None:
        findings.append(finding)
        detail(f"{'ok' if finding.ok else 'FAILED'}: {finding.check}")

    smoke(stage, report, keep=arguments.keep)
    seconds = round(time.monotonic() - started, 1)
    if arguments.json:
        print(json.dumps(document(findings, stage=stage.name, seconds=seconds), indent=2, ensure_ascii=False))
    else:
        show_table(f"Stage {stage.name} on account {stage.account}, {stage.region}", findings)
        show_summary(findings, seconds)
    sys.exit(1 if failed(findings) else 0)
