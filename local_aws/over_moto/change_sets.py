"""Change sets: what an update would do, shown before it is done.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from local_aws.over_moto import template as templates
from local_aws.over_moto.plan import Change
from local_aws.over_moto.query import Form
from local_aws.over_moto.stack_requests import Asked, asked_for
from local_aws.over_moto.stacks import LocalStack, Stacks
from local_aws.wire import AwsError, Json, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

NOTHING = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
UNDER_REVIEW = "REVIEW_IN_PROGRESS"


@dataclass
class ChangeSet:
    """What a stack shall become, and what that would change."""

    arn: str
    name: str
    kind: str  # CREATE or UPDATE
    stack: LocalStack
    asked: Asked
    changes: list[Change]
    description: str | None
    created: datetime
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None

    def summary(self) -> dict[str, Json]:
        """Return what ListChangeSets says of it."""
        return {
            "ChangeSetName": self.name,
            "ChangeSetId": self.arn,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "Description": self.description,
            "CreationTime": self.created,
            "ExecutionStatus": self.execution_status,
            "Status": self.status,
            "StatusReason": self.reason,
        }


class ChangeSets:
    """The change sets of one AWS; each method with a form answers an operation."""

    def __init__(self, cloud: Cloud, stacks: Stacks) -> None:
        self.cloud = cloud
        self.stacks = stacks
        self._sets: dict[str, ChangeSet] = {}

    def create(self, form: Form, region: str) -> Json:
        """Answer CreateChangeSet; of a CREATE only the empty stack is made, under review."""
        form.refuse(
            "RoleARN",
            "NotificationARNs",
            "ResourcesToImport",
            "OnStackFailure",
            "ImportExistingResources",
            "IncludeNestedStacks",
            "DeploymentMode",
        )
        kind = form.get("ChangeSetType") or "UPDATE"
        if kind not in ("CREATE", "UPDATE"):
            raise not_modelled(f"change sets of type {kind}")
        name, stack = form["ChangeSetName"], self.stacks.known(region, form["StackName"])
        self._refuse(kind, name, stack, form["StackName"])
        asked = asked_for(form, stack, self.cloud.account)
        if stack is None:
            stack = self.stacks.open(asked, region)
            self.stacks.set_status(stack, UNDER_REVIEW, "User Initiated")
        changes = self.stacks.plan(stack, asked)
        arn = f"arn:aws:cloudformation:{region}:{self.cloud.account}:changeSet/{name}/{self.cloud.new_id()}"
        made = ChangeSet(
            arn, name, kind, stack, asked, changes, form.get("Description"), self.cloud.clock.now()
        )
        if unchanged(stack, asked, changes):
            made.status, made.execution_status, made.reason = "FAILED", "UNAVAILABLE", NOTHING
        self._sets[arn] = made
        return {"Id": arn, "StackId": stack.stack_id}

    def _refuse(self, kind: str, name: str, stack: LocalStack | None, asked: str) -> None:
        """Raise unless a change set of that kind may be made for the stack as it is."""
        if stack is None:
            if kind == "UPDATE":
                raise templates.refused(f"Stack [{asked}] does not exist")
            return
        if any(there.name == name for there in self._of(stack)):
            raise AwsError("AlreadyExistsException", f"ChangeSet {name} already exists")
        if kind == "UPDATE" and not updatable(stack):
            raise templates.refused(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )
        if kind == "CREATE" and stack.status != UNDER_REVIEW:
            raise templates.refused(
                f"Stack [{stack.name}] already exists and cannot be created again with the changeSet "
                f"[{name}]."
            )

    def describe(self, form: Form, region: str) -> Json:
        """Answer DescribeChangeSet, all changes on one page."""
        form.refuse("IncludePropertyValues", "NextToken")
        found = self._find(form, region)
        return {
            **found.summary(),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in found.asked.parameters.items()
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in found.asked.tags.items()],
            "Changes": [change.described() for change in found.changes],
        }

    def list_all(self, form: Form, region: str) -> Json:
        """Answer ListChangeSets, all of them on one page."""
        stack = self.stacks.find(region, form["StackName"])
        return {"Summaries": [one.summary() for one in self._of(stack)]}

    def execute(self, form: Form, region: str) -> Json:
        """Answer ExecuteChangeSet; the stack's other change sets, which no longer fit it, go."""
        form.refuse("DisableRollback", "RetainExceptOnCreate")
        found = self._find(form, region)
        if found.execution_status != "AVAILABLE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{found.arn}] cannot be executed in its current execution status of "
                f"[{found.execution_status}]",
            )
        if found.kind == "CREATE":
            self.stacks.create(found.stack, found.asked)
        else:
            self.stacks.update(found.stack, found.asked)
        self.forget(found.stack)
        found.execution_status = "EXECUTE_COMPLETE"
        self._sets[found.arn] = found
        return {}

    def delete(self, form: Form, region: str) -> Json:
        """Answer DeleteChangeSet; one that is not there is deleted already. The stack stays as it is."""
        try:
            self._sets.pop(self._find(form, region).arn)
        except AwsError as error:
            if error.code != "ChangeSetNotFound":
                raise
        return {}

    def forget(self, stack: LocalStack) -> None:
        """Drop a stack's change sets."""
        for there in self._of(stack):
            del self._sets[there.arn]

    def outdate(self, stack: LocalStack) -> None:
        """Make a stack's change sets unfit for execution, since it was updated without them."""
        for there in self._of(stack):
            if there.execution_status == "AVAILABLE":
                there.execution_status = "OBSOLETE"

    def _of(self, stack: LocalStack) -> list[ChangeSet]:
        """Return a stack's active change sets; one that was executed is known by its ARN only."""
        return [
            there
            for there in self._sets.values()
            if there.stack is stack and there.execution_status != "EXECUTE_COMPLETE"
        ]

    def _find(self, form: Form, region: str) -> ChangeSet:
        wanted = form["ChangeSetName"]
        if wanted.startswith("arn:"):
            if wanted in self._sets:
                return self._sets[wanted]
        else:
            for there in self._of(self.stacks.find(region, form["StackName"])):
                if there.name == wanted:
                    return there
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", status=404)


def updatable(stack: LocalStack) -> bool:
    """Tell whether a stack's status lets it be updated."""
    return stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def unchanged(stack: LocalStack, asked: Asked, changes: list[Change]) -> bool:
    """Tell whether an update would change nothing: no resource and no output.

    A template's Description and Metadata, its conditions and parameters cannot be updated by themselves.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
    """
    return not changes and stack.template_dict.get("Outputs") == asked.template.get("Outputs")
