"""Change sets tell what would change, and change nothing until they are executed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.over_moto.stack import ALONE, NAMED, TEMPLATE, Stack, left
from tests.unit.over_moto.support import refused


def changes(change_set: dict[str, Any]) -> dict[str, Any]:
    """Return the change of each resource."""
    return {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in change_set["Changes"]
    }


def test_a_change_set_of_a_new_stack_adds_every_resource_and_makes_none(stack: Stack) -> None:
    proposed = stack.propose("first", kind="CREATE", WithQueue="no")

    assert (proposed["Status"], proposed["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert stack.status == "REVIEW_IN_PROGRESS"
    assert left(stack) == []
    assert {change["Action"] for change in changes(proposed).values()} == {"Add"}
    assert "Machine" in changes(proposed)
    assert "Lost" not in changes(proposed)


def test_a_change_set_is_executed_and_waited_for_as_on_aws(stack: Stack) -> None:
    arn = stack.propose("first", kind="CREATE", Days="5")["ChangeSetId"]
    at: Any = {"StackName": "pipeline"}
    stack.client.get_waiter("change_set_create_complete").wait(ChangeSetName="first", **at)
    stack.client.execute_change_set(ChangeSetName="first", **at)
    stack.client.get_waiter("stack_create_complete").wait(**at)
    assert len(stack.describe()["Outputs"]) == 3
    assert {tag["Key"] for tag in stack.describe()["Tags"]} == {"stage"}
    assert stack.client.describe_change_set(ChangeSetName=arn)["ExecutionStatus"] == "EXECUTE_COMPLETE"

    stack.client.execute_change_set(ChangeSetName=stack.propose("first", Days="7")["ChangeSetId"])
    stack.client.get_waiter("stack_update_complete").wait(**at)
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7

    stack.delete()
    stack.client.get_waiter("stack_delete_complete").wait(**at)


def test_a_change_set_without_changes_fails_and_cannot_be_executed(stack: Stack) -> None:
    stack.create(Days="5")
    proposed = stack.propose("none", TEMPLATE.replace("Description: One", "Description: All"), Days="5")

    assert (proposed["Status"], proposed["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert proposed["StatusReason"].startswith("The submitted information didn't contain changes.")
    assert proposed["Changes"] == []
    with refused("InvalidChangeSetStatus", "UNAVAILABLE"):
        stack.client.execute_change_set(ChangeSetName=proposed["ChangeSetId"])


def test_each_change_says_what_it_does_to_the_resource(stack: Stack) -> None:
    stack.create()
    before = stack.physical()
    alone = ALONE.removeprefix("Resources: {").removesuffix("}").replace("Log:", "Alone:", 1)
    template = TEMPLATE.replace("StateMachineName: machine", "StateMachineName: other")
    template = template.replace("Resources:\n", f"Resources:\n  {alone}\n")
    proposed = changes(stack.propose("much", template, Days="60", WithQueue="no"))

    assert {name: (change["Action"], change.get("Replacement")) for name, change in proposed.items()} == {
        "Alone": ("Add", None),
        "Log": ("Modify", "False"),
        "Machine": ("Modify", "True"),
        "Trigger": ("Modify", "False"),
        "Lost": ("Remove", None),
        "LostPolicy": ("Remove", None),
    }
    log, machine, trigger = proposed["Log"], proposed["Machine"], proposed["Trigger"]
    assert (log["PhysicalResourceId"], log["ResourceType"]) == ("/pipeline", "AWS::Logs::LogGroup")
    assert log["Scope"] == ["Properties"]
    target = {"Attribute": "Properties", "Name": "RetentionInDays", "RequiresRecreation": "Never"}
    assert log["Details"][0]["Target"] == target
    assert machine["PolicyAction"] == "ReplaceAndDelete"
    assert machine["Details"][0]["Target"]["RequiresRecreation"] == "Always"
    # It follows the machine, whose ARN only the execution will tell.
    assert [(one["Target"]["Name"], one["Evaluation"]) for one in trigger["Details"]] == [
        ("Targets", "Dynamic")
    ]
    assert proposed["Lost"]["PolicyAction"] == "Delete"
    assert stack.physical() == before
    assert stack.status == "CREATE_COMPLETE"


def test_what_only_an_unknown_value_may_replace_is_replaced_conditionally(stack: Stack) -> None:
    stack.create()
    renamed = TEMPLATE.replace("BucketName: !Sub inbox", "BucketName: !Sub new")
    proposed = changes(stack.propose("bucket", renamed))
    assert proposed["Inbox"]["Replacement"] == "True"
    assert proposed["InboxPolicy"]["Replacement"] == "Conditional"


def test_other_stack_tags_change_every_resource_that_has_tags(stack: Stack) -> None:
    stack.create()
    stack.client.create_change_set(
        StackName="pipeline",
        ChangeSetName="tags",
        UsePreviousTemplate=True,
        Capabilities=NAMED,
        Tags=[{"Key": "stage", "Value": "other"}],
    )
    proposed = changes(stack.client.describe_change_set(ChangeSetName="tags", StackName="pipeline"))
    assert set(stack.physical()) - set(proposed) == {"InboxPolicy", "NoticesPolicy", "LostPolicy"}
    assert {(one["Action"], one["Replacement"], *one["Scope"]) for one in proposed.values()} == {
        ("Modify", "False", "Tags")
    }


def test_a_policy_alone_is_a_change(stack: Stack) -> None:
    stack.create(ALONE)
    kept = ALONE.replace("LogGroup,", "LogGroup, DeletionPolicy: Retain,")
    assert changes(stack.propose("policy", kept))["Log"]["Scope"] == ["DeletionPolicy"]


def test_a_stack_under_review_may_have_several_change_sets_until_one_is_executed(stack: Stack) -> None:
    def names() -> list[str]:
        listed = stack.client.list_change_sets(StackName="pipeline")["Summaries"]
        return [summary["ChangeSetName"] for summary in listed]

    for name in ("one", "two", "three"):
        stack.propose(name, ALONE, kind="CREATE")
    with refused("AlreadyExistsException", "two"):
        stack.propose("two", ALONE, kind="CREATE")
    stack.client.delete_change_set(ChangeSetName="one", StackName="pipeline")
    stack.client.delete_change_set(ChangeSetName="one", StackName="pipeline")
    assert names() == ["two", "three"]
    assert stack.status == "REVIEW_IN_PROGRESS"
    stack.client.execute_change_set(ChangeSetName="two", StackName="pipeline")
    assert names() == []
    with refused("ChangeSetNotFound"):
        stack.client.execute_change_set(ChangeSetName="three", StackName="pipeline")


def test_a_stack_under_review_is_deleted_with_its_change_sets(stack: Stack) -> None:
    arn = stack.propose("one", ALONE, kind="CREATE")["ChangeSetId"]
    stack.delete()
    with refused("ValidationError", "does not exist"):
        stack.describe()
    with refused("ChangeSetNotFound"):
        stack.client.describe_change_set(ChangeSetName=arn)


def test_an_update_outdates_the_change_sets_made_before_it(stack: Stack) -> None:
    stack.create(Days="5")
    arn = stack.propose("stale", Days="6")["ChangeSetId"]
    stack.update(Days="7")
    with refused("InvalidChangeSetStatus", "OBSOLETE"):
        stack.client.execute_change_set(ChangeSetName=arn)


def test_a_change_set_is_refused_where_the_stacks_status_does_not_let_it(stack: Stack) -> None:
    with refused("ValidationError", "[pipeline] does not exist"):
        stack.propose("update", ALONE)
    stack.create(TEMPLATE.replace("greet.json", "broken.json"))
    with refused("ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated"):
        stack.propose("update")
    stack.delete()
    stack.create(ALONE)
    with refused("ValidationError", "already exists and cannot be created again with the changeSet [new]"):
        stack.propose("new", ALONE, kind="CREATE")


@pytest.mark.parametrize("host", ["artifacts.s3.us-east-1.amazonaws.com", "artifacts.s3.amazonaws.com"])
def test_the_template_may_stand_in_a_bucket_of_a_region(stack: Stack, host: str) -> None:
    stack.of("s3").put_object(Bucket="artifacts", Key="a/alone.yaml", Body=ALONE.encode())
    stack.client.create_change_set(
        StackName="pipeline",
        ChangeSetName="url",
        ChangeSetType="CREATE",
        TemplateURL=f"https://{host}/a/alone.yaml",
    )
    proposed = stack.client.describe_change_set(ChangeSetName="url", StackName="pipeline")
    assert list(changes(proposed)) == ["Log"]
