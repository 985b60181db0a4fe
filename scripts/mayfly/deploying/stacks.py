"""CloudFormation as the scripts use it: change sets that are shown, carried out and followed to their end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import CommandError, detail
from mayfly.stage import Stage

CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
GONE, REVIEW = "GONE", "REVIEW_IN_PROGRESS"
NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")  # a first deploy that failed
# One change set carried out deletes all others of its stack:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
NO_LONGER_VALID = ("ChangeSetNotFound", "InvalidChangeSetStatus")
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
LONGEST = 3600.0  # seconds; a stack of ours takes minutes
POLL_LOCAL, POLL = 0.1, 3.0  # seconds


@dataclass(frozen=True)
class Change:
    """What a change set would do to one resource."""

    action: str
    logical_id: str
    kind: str
    replacement: bool

    def __str__(self) -> str:
        return f"{self.action:7} {self.logical_id:26} {self.kind}{'  (replaced)' if self.replacement else ''}"


@dataclass(frozen=True)
class Planned:
    """A change set that CloudFormation has worked out and that waits to be carried out."""

    name: str
    stack: str
    changes: list[Change]
    values: list[str]  # parameters that change, as `Name: old -> new`

    @property
    def summary(self) -> str:
        """How many resources it would add, change, replace and remove."""
        counts = {
            "to add": sum(change.action == "Add" for change in self.changes),
            "to change": sum(change.action == "Modify" and not change.replacement for change in self.changes),
            "to replace": sum(change.replacement for change in self.changes),
            "to remove": sum(change.action == "Remove" for change in self.changes),
        }
        return (
            ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "outputs or tags only"
        )


class OvertakenError(CommandError):
    """Somebody else has changed a stack since it was looked at: what was planned holds no more."""

    def __init__(self, stack: str, error: ClientError) -> None:
        super().__init__(f"stack {stack} was changed by somebody else meanwhile", str(error), "deploy again")


@contextmanager
def planned(
    stage: Stage, stack: str, template: dict[str, str], values: dict[str, str], tags: dict[str, str]
) -> Iterator[Planned | None]:
    """Yield what would bring a stack to a template (TemplateBody or TemplateURL), or None when nothing would.

    What is not carried out meanwhile is taken back. Raises CommandError when CloudFormation refuses,
    OvertakenError when another change came in between.
    """
    cloudformation = stage.client("cloudformation")
    there = ready(stage, stack)
    before = {} if there is None else _parameters(there)
    exists = there is not None and there["StackStatus"] != REVIEW
    name = f"deploy-{time.time_ns()}"
    try:
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            **template,
        )
    except ClientError as error:
        if status_of(stage, stack) != (there["StackStatus"] if there else GONE):
            raise OvertakenError(stack, error) from error
        raise CommandError(
            f"CloudFormation refused stack {stack}", str(error), "mend what it names and deploy again"
        ) from error
    try:
        yield _worked_out(stage, stack, name, before, values)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NO_LONGER_VALID:
            raise
        raise OvertakenError(stack, error) from error
    finally:
        _take_back(stage, stack, name)


def _worked_out(
    stage: Stage, stack: str, name: str, before: dict[str, str], values: dict[str, str]
) -> Planned | None:
    """Wait until CloudFormation knows what a change set would do.

    Each call names the stack beside the change set, for it is the stack that CI's policy grants:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
    """
    cloudformation = stage.client("cloudformation")
    for _ in polls(stage):
        answer = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        if answer["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
    if answer["Status"] == "FAILED":
        reason = answer.get("StatusReason", "no reason given")
        if any(text in reason for text in NO_CHANGES):
            return None
        raise CommandError(f"CloudFormation cannot change stack {stack}", reason, "mend what it names")
    listed = list(answer["Changes"])
    while token := answer.get("NextToken"):
        answer = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name, NextToken=token)
        listed += answer["Changes"]
    changes = [
        Change(
            change["Action"],
            change["LogicalResourceId"],
            change["ResourceType"],
            change.get("Replacement") == "True",
        )
        for change in (one["ResourceChange"] for one in listed)
    ]
    differing = [
        f"{key}: {before[key] or '(none)'} -> {value or '(none)'}"
        for key, value in values.items()
        if before.get(key, value) != value
    ]
    return Planned(name, stack, changes, differing)


def _take_back(stage: Stage, stack: str, name: str) -> None:
    """Delete a change set that was not carried out, and the empty stack that a first one makes."""
    cloudformation = stage.client("cloudformation")
    try:
        status = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)["ExecutionStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ChangeSetNotFound":
            raise
        return  # carried out: it went with that
    if status in ("AVAILABLE", "UNAVAILABLE"):
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        if status_of(stage, stack) == REVIEW:
            cloudformation.delete_stack(StackName=stack)


def execute(stage: Stage, plan: Planned) -> None:
    """Carry out a change set and wait for its end; raise CommandError when it fails."""
    cloudformation = stage.client("cloudformation")
    cloudformation.execute_change_set(StackName=plan.stack, ChangeSetName=plan.name)
    status = wait(stage, plan.stack, len(plan.changes))
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise CommandError(
            f"stack {plan.stack} could not be brought up to date, and CloudFormation took it back ({status})",
            "; ".join(failures(cloudformation, plan.stack)) or "no resource says why",
            "mend what it names and deploy again",
        )


def ready(stage: Stage, stack: str) -> dict[str, Any] | None:
    """Return a stack, or None, when no change of it is under way; remove one that never came to be.

    A deploy that was killed leaves CloudFormation at work: this waits for its end. Raises CommandError for a
    stack in a state that only a person can mend.
    """
    there = stage.describe(stack)
    if there is not None and there["StackStatus"].endswith("_IN_PROGRESS") and there["StackStatus"] != REVIEW:
        detail(f"stack {stack} is in {there['StackStatus']}: waiting for the end of what was begun before")
        wait(stage, stack)
        there = stage.describe(stack)
    if there is None:
        return None
    status = there["StackStatus"]
    if status in NEVER_MADE:
        detail(f"stack {stack} is in {status}, from a first deploy that failed: removing it")
        delete(stage, stack)
        return None
    if status in ("UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"):
        advice = {
            "UPDATE_ROLLBACK_FAILED": f"aws cloudformation continue-update-rollback --stack-name {stack}",
            "DELETE_FAILED": f"./scripts/undeploy.sh{stage.option} again, or delete what it names by hand",
        }
        reasons = "; ".join(failures(stage.client("cloudformation"), stack))
        raise CommandError(f"stack {stack} is in {status}", reasons or "no resource says why", advice[status])
    return there


def delete(stage: Stage, stack: str) -> None:
    """Delete a stack and wait until it is gone; raise CommandError when it cannot go."""
    cloudformation = stage.client("cloudformation")
    if status_of(stage, stack) == GONE:
        return
    count = len(stage.resources(stack))
    cloudformation.delete_stack(StackName=stack)
    if (status := wait(stage, stack, count, "DELETE")) != GONE:
        raise CommandError(
            f"stack {stack} could not be deleted ({status})",
            "; ".join(failures(cloudformation, stack)) or "no resource says why",
            "mend what it names and run this again",
        )


def wait(stage: Stage, stack: str, of: int | None = None, verb: str = "") -> str:
    """Wait until nothing is under way and return the status; say how many resources are done as it goes."""
    said = 0
    for _ in polls(stage):
        status = status_of(stage, stack)
        if not status.endswith("_IN_PROGRESS"):
            return status
        if of and (done := _done(stage, stack, verb)) > said:
            said = done
            detail(f"{min(done, of)} of {of} resources done ({status})")
    raise CommandError(
        f"stack {stack} takes too long",
        f"still {status} after {LONGEST:.0f} s",
        "see its events in the console",
    )


def status_of(stage: Stage, stack: str) -> str:
    """Return a stack's status, `GONE` when there is none."""
    there = stage.describe(stack)
    return GONE if there is None or there["StackStatus"] == "DELETE_COMPLETE" else str(there["StackStatus"])


def polls(stage: Stage, longest: float | None = None) -> Iterator[None]:
    """Yield at once and then every few seconds, for an hour or the seconds given."""
    deadline = time.monotonic() + (LONGEST if longest is None else longest)
    pause = Event()
    while time.monotonic() < deadline:
        yield
        pause.wait(POLL_LOCAL if stage.is_local else POLL)


def failures(cloudformation: Any, stack: str) -> list[str]:
    """Return what CloudFormation said of each resource that failed in the last operation, first one first."""
    events: list[dict[str, Any]] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            events.append(event)
            if _begins(event, stack):
                return _reasons(events)
    return _reasons(events)


def _reasons(events: list[dict[str, Any]]) -> list[str]:
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]


def _done(stage: Stage, stack: str, verb: str) -> int:
    """Return how many resources the operation under way has finished."""
    try:
        events = stage.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    except ClientError:
        if status_of(stage, stack) == GONE:
            return 0
        raise
    done = set()
    for event in events:
        if _begins(event, stack):
            break
        if event["ResourceStatus"].endswith("_COMPLETE") and event["ResourceStatus"].startswith(verb):
            done.add(event["LogicalResourceId"])
    return len(done - {stack})


def _begins(event: dict[str, Any], stack: str) -> bool:
    return event["LogicalResourceId"] == stack and event.get("ResourceStatusReason") == "User Initiated"


def _parameters(stack: dict[str, Any]) -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}
