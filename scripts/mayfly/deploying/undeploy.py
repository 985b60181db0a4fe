"""Removes the orders pipeline and shows that nothing of it is left.

It disables the rule, ends the executions that run, removes what executions own, and deletes the stacks; the
one that all stages share goes with the last stage. Buckets and tables with data go only with --force and the
stage's name typed. Run again after an interruption, it goes on. Exit codes: 0 removed, 1 not, and why.
"""

from __future__ import annotations

import argparse
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import CommandError, ask, detail, run, step
from mayfly.deploying import leftovers, stacks, stores
from mayfly.deploying.presence import is_gone, is_there
from mayfly.stage import BOOTSTRAP_STACK, ORDERS_STACK, Stage, parser_of

SOME = 5  # of a long list are named
# A deleted queue may answer for a minute, and IAM, too, is late to forget:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
FORGOTTEN_WITHIN, FORGOTTEN_WITHIN_LOCAL = 120.0, 1.0  # seconds
Resources = list[dict[str, Any]]


def undeploy(stage: Stage, *, force: bool = False, wait: bool = False, typed: str | None = None) -> None:
    """Remove a stage; raise CommandError when something must stay or is left.

    `force` agrees to the loss of data; `typed` is the stage's name once more, asked for when it is None.
    `wait` lets running executions end, which are stopped otherwise.
    """
    step(f"Removing stage {stage.name!r} from account {stage.account}, {stage.region}")
    resources = stage.resources(stage.stack)
    if not resources:
        detail(f"there is no stack {stage.stack}: looking for leftovers")
    agree_to_loss(stage, force=force, typed=typed)
    disable_rules(stage, resources)
    end_executions(stage, resources, wait=wait)
    if not force:
        refuse_loss(stage, resources)
    leftovers.remove(stage)
    step(f"Deleting stack {stage.stack}")
    stacks.delete(stage, stage.stack)
    for store in stores.existing(stage):
        stores.remove(stage, store)
    shared = remove_bootstrap(stage)
    verify(stage, resources, shared)


def physical(resources: Resources, kind: str) -> list[str]:
    """Return the physical ids of the resources of one type."""
    return [item["PhysicalResourceId"] for item in resources if item["ResourceType"] == kind]


def agree_to_loss(stage: Stage, *, force: bool, typed: str | None) -> None:
    """Raise CommandError unless there is no data, or its loss is agreed to with the stage's name typed."""
    with_data = [store for store in stores.existing(stage) if stores.holds_data(stage, store)]
    if not with_data:
        return
    lost = ", ".join(map(str, with_data))
    if not force:
        raise CommandError(
            f"stage {stage.name!r} holds data that would be lost",
            lost,
            f"save what you need, then: ./scripts/undeploy.sh --force{stage.option}",
        )
    if typed is None:
        typed = ask(f"This deletes {lost} for good. Type the stage's name ({stage.name}) to go on: ")
    if typed != stage.name:
        raise CommandError(
            f"the data of stage {stage.name!r} stays",
            f"{typed!r} was typed and not {stage.name!r}" if typed else "its name was not typed",
            f"type it when asked, or name it: ./scripts/undeploy.sh --force {stage.name}{stage.option}",
        )


def refuse_loss(stage: Stage, resources: Resources) -> None:
    """Raise CommandError, with the rule on again, when data has come since it was looked for."""
    try:
        agree_to_loss(stage, force=False, typed=None)
    except CommandError:
        for rule in physical(resources, "AWS::Events::Rule"):
            stage.client("events").enable_rule(Name=rule)
        raise


def disable_rules(stage: Stage, resources: Resources) -> None:
    """Let no further file start an execution."""
    for rule in physical(resources, "AWS::Events::Rule"):
        try:
            stage.client("events").disable_rule(Name=rule)
        except ClientError as error:
            if not is_gone(error):
                raise
        else:
            detail(f"rule {rule} is off: what is uploaded from now on starts nothing")


def end_executions(stage: Stage, resources: Resources, *, wait: bool) -> None:
    """Stop the executions that run, or wait for their end; raise CommandError when they do not end."""
    said: list[str] = []
    for _ in stacks.polls(stage):
        running = running_executions(stage, resources)
        if not running:
            return
        names = [arn.rpartition(":")[2] for arn in running]
        if names != said:
            said = names
            some = f"{', '.join(names[:SOME])}{' ...' if len(names) > SOME else ''}"
            detail(f"{'waiting for' if wait else 'stopping'} {len(names)} execution(s): {some}")
        if not wait:
            for arn in running:
                stage.client("stepfunctions").stop_execution(
                    executionArn=arn, error="Undeployed", cause="the stage is being removed"
                )
    raise CommandError("executions do not end", ", ".join(said), "look at them, and run this again")


def running_executions(stage: Stage, resources: Resources) -> list[str]:
    """Return the ARNs of the executions that run."""
    running: list[str] = []
    for machine in physical(resources, "AWS::StepFunctions::StateMachine"):
        pages = stage.client("stepfunctions").get_paginator("list_executions")
        try:
            for page in pages.paginate(stateMachineArn=machine, statusFilter="RUNNING"):
                running += [execution["executionArn"] for execution in page["executions"]]
        except ClientError as error:
            if not is_gone(error):
                raise
    return running


def remove_bootstrap(stage: Stage) -> Resources:
    """Delete what the stages share when this was the last one; return what that was."""
    if stage.describe(BOOTSTRAP_STACK) is None:
        return []
    if others := other_stages(stage):
        detail(f"stack {BOOTSTRAP_STACK} stays, for {', '.join(others)}")
        return []
    step(f"Deleting stack {BOOTSTRAP_STACK}, which no other stage uses")
    resources = stage.resources(BOOTSTRAP_STACK)
    for bucket in physical(resources, "AWS::S3::Bucket"):
        try:
            stores.empty(stage.client("s3"), bucket)
        except ClientError as error:
            if not is_gone(error):  # another undeploy may be quicker
                raise
    stacks.delete(stage, BOOTSTRAP_STACK)
    return resources


def other_stages(stage: Stage) -> list[str]:
    """Return the stacks of the other stages in this account and region."""
    pages = stage.client("cloudformation").get_paginator("describe_stacks").paginate()
    names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
    return sorted(n for n in names if n.startswith(ORDERS_STACK) and n != stage.stack)


def verify(stage: Stage, resources: Resources, shared: Resources) -> None:
    """Ask each service for each resource that was there; raise CommandError when one stays.

    What the stages share does not count when its stack is there again, for a stage deployed meanwhile.
    """
    for _ in stacks.polls(stage, FORGOTTEN_WITHIN_LOCAL if stage.is_local else FORGOTTEN_WITHIN):
        left = what_is_left(stage, [*resources, *shared])
        if left and shared and stage.describe(BOOTSTRAP_STACK):
            left = what_is_left(stage, resources)
        if not left:
            count = len(resources) + len(shared)
            step(f"Nothing of stage {stage.name!r} is left ({count} resources asked for)")
            return
    raise CommandError("not everything is gone", ", ".join(left), "run this again, or delete it by hand")


def what_is_left(stage: Stage, resources: Resources) -> list[str]:
    """Return what its own service still knows of the resources, and of what executions made."""
    left = [
        f"{item['ResourceType']} {item['PhysicalResourceId']}"
        for item in resources
        if is_there(stage, item["ResourceType"], item["PhysicalResourceId"])
    ]
    left += map(str, stores.existing(stage))
    return [*left, *leftovers.clusters(stage), *leftovers.task_definitions(stage)]


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = parser_of("./scripts/undeploy.sh", __doc__, "the stage to remove")
    made.add_argument(
        "--wait", action="store_true", help="wait for running executions to end; without it they are stopped"
    )
    made.add_argument(
        "--force",
        nargs="?",
        const="",
        metavar="NAME",
        help="remove buckets and tables that hold data; asks for the stage's name, unless NAME is it",
    )
    return made


def main() -> None:
    """Run `undeploy.sh`."""
    arguments = parser().parse_args()

    def work() -> None:
        stage = Stage.of_environment(arguments.stage)
        undeploy(stage, force=arguments.force is not None, wait=arguments.wait, typed=arguments.force or None)

    run(work, "run ./scripts/undeploy.sh again, it goes on where this ended")
