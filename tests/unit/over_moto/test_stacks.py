"""Stacks: made, updated, rolled back and removed."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.over_moto.stack import ALONE, HERE, NAMED, TEMPLATE, Stack, left
from tests.unit.over_moto.support import refused


def test_a_stack_puts_out_what_its_template_says(stack: Stack) -> None:
    stack.create()

    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.describe()["Outputs"]}
    assert outputs == {
        "Bucket": "inbox-123456789012",
        "Machine": "arn:aws:states:us-east-1:123456789012:stateMachine:machine",
        "Group": stack.physical()["Network"],
    }
    assert [export["Name"] for export in stack.client.list_exports()["Exports"]] == ["the-machine"]
    summaries = stack.client.list_stack_resources(StackName="pipeline")["StackResourceSummaries"]
    assert {summary["ResourceStatus"] for summary in summaries} == {"CREATE_COMPLETE"}
    assert len(summaries) == 13


def test_a_false_condition_leaves_its_resource_out(stack: Stack) -> None:
    stack.create(WithQueue="no")
    assert "Lost" not in stack.physical()
    stack.update(WithQueue="yes")
    assert "Lost" in stack.physical()
    stack.update(WithQueue="no")
    assert stack.of("sqs").list_queues().get("QueueUrls", []) == []


def test_a_deleted_stack_leaves_nothing(stack: Stack) -> None:
    name = stack.create()["StackId"]
    stack.delete()

    assert left(stack) == []
    with refused("ValidationError", "does not exist"):
        stack.describe()
    assert stack.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert stack.client.list_exports()["Exports"] == []


def test_an_update_changes_what_is_there_in_place(stack: Stack) -> None:
    stack.create()
    before = stack.physical()
    stack.of("dynamodb").put_item(TableName="Numbers", Item={"pk": {"S": "kept"}})

    changed = TEMPLATE.replace("{ key: $.detail", "{ name: $.detail").replace("<key>", "<name>")
    changed = changed.replace('Action: "s3:GetObject"', 'Action: "s3:PutObject"').replace(
        "Value: data", "Value: x"
    )
    stack.update(changed.replace("IMMUTABLE", "MUTABLE"), Days="60", Reply="second")

    assert stack.status == "UPDATE_COMPLETE"
    assert stack.physical() == before
    assert '"second"' in stack.definition()
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 60
    policy = stack.of("iam").get_role_policy(RoleName="worker", PolicyName="read")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == "s3:PutObject"
    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["InputTransformer"]["InputPathsMap"] == {"name": "$.detail.object.key"}
    assert "Item" in stack.of("dynamodb").get_item(TableName="Numbers", Key={"pk": {"S": "kept"}})


def test_a_replaced_resource_is_followed_by_those_that_refer_to_it(stack: Stack) -> None:
    stack.create()
    stack.update(TEMPLATE.replace("StateMachineName: machine", "StateMachineName: other"))

    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["Arn"].endswith(":other")
    machines = stack.of("stepfunctions").list_state_machines()["stateMachines"]
    assert [machine["name"] for machine in machines] == ["other"]


def test_a_named_resource_is_not_replaced_under_its_name(stack: Stack) -> None:
    stack.create()
    stack.update(TEMPLATE.replace("AttributeName: pk", "AttributeName: id"))

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.failures()[0][0] == "Numbers"
    assert "requires replacing" in stack.failures()[0][1]


def test_an_update_without_changes_is_refused(stack: Stack) -> None:
    stack.create(Days="7")
    with refused("ValidationError", "No updates are to be performed."):
        stack.update(Days="7")


def test_a_stack_that_cannot_be_made_is_rolled_back(stack: Stack) -> None:
    stack.create(TEMPLATE.replace("greet.json", "broken.json"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert [resource for resource, _ in stack.failures()] == ["Machine"]
    assert left(stack) == []
    with refused("ValidationError", "ROLLBACK_COMPLETE state and can not be updated"):
        stack.update()


def test_an_update_that_fails_is_rolled_back(stack: Stack) -> None:
    stack.create()
    before, definition = stack.physical(), stack.definition()

    extra = ALONE.removeprefix("Resources: {").removesuffix("}")
    broken = TEMPLATE.replace("Resources:\n", f"Resources:\n  {extra.replace('Log:', 'Alone:', 1)}\n")
    stack.update(broken.replace("greet.json", "broken.json"), Days="60")

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [resource for resource, _ in stack.failures()] == ["Machine"]
    assert (stack.physical(), stack.definition()) == (before, definition)
    groups = stack.of("logs").describe_log_groups()["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in groups] == [("/pipeline", 30)]


def test_a_bucket_that_holds_something_stays_and_says_so(stack: Stack) -> None:
    stack.create()
    s3, at = stack.of("s3"), {"Bucket": "inbox-123456789012", "Key": "k"}
    s3.delete_bucket_policy(Bucket=at["Bucket"])
    version = s3.put_object(**at, Body=b"")["VersionId"]

    stack.delete()

    assert stack.status == "DELETE_FAILED"
    (resource, reason), (whole, summary) = stack.failures()
    assert (resource, whole) == ("Inbox", "pipeline")
    assert "not empty" in reason
    assert "[Inbox]" in summary
    assert stack.physical() == {"Inbox": "inbox-123456789012"}
    s3.delete_object(**at, VersionId=version)


def test_an_update_may_keep_template_and_parameters(stack: Stack) -> None:
    stack.create(Days="7", Reply="second")
    kept = {"ParameterKey": "Reply", "UsePreviousValue": True}
    changed = {"ParameterKey": "Days", "ParameterValue": "14"}
    stack.client.update_stack(
        StackName="pipeline", UsePreviousTemplate=True, Parameters=[kept, changed], Capabilities=NAMED
    )
    assert '"second"' in stack.definition()
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 14


def test_a_stack_is_made_once(stack: Stack) -> None:
    stack.create(ALONE)
    with refused("AlreadyExistsException"):
        stack.create(ALONE)


def test_deleting_a_stack_that_is_not_there_is_no_error(stack: Stack) -> None:
    stack.delete()
    with pytest.raises(ClientError):
        stack.describe()


@pytest.mark.parametrize("change", ["Description: One", "Metadata: {}\nResources:"])
def test_description_and_metadata_are_no_update_by_themselves(stack: Stack, change: str) -> None:
    stack.create()
    old, new = ("Description: One", "Description: All") if "One" in change else ("Resources:", change)
    with refused("ValidationError", "No updates are to be performed."):
        stack.update(TEMPLATE.replace(old, new, 1))


def test_a_resource_does_not_become_one_of_another_type(stack: Stack) -> None:
    stack.create(ALONE)
    with refused("ValidationError", "Update of resource type is not permitted", "[Log]"):
        stack.update("Resources: {Log: {Type: AWS::SNS::Topic, Properties: {TopicName: log}}}")


def test_parameters_are_told_as_text_with_their_defaults(stack: Stack) -> None:
    lists = "Parameters: {Ids: {Type: CommaDelimitedList}, Days: {Type: Number, Default: 3}}\n"
    stack.create(lists + ALONE, Ids="a,b")
    assert stack.describe()["Parameters"] == [
        {"ParameterKey": "Ids", "ParameterValue": "a,b"},
        {"ParameterKey": "Days", "ParameterValue": "3"},
    ]


@pytest.mark.parametrize(("days", "made"), [("0", "Never"), ("7", "Daily")])
def test_a_condition_compares_a_number_as_text(stack: Stack, days: str, made: str) -> None:
    stack.create((HERE / "templates/conditions.yaml").read_text(), Days=days)
    assert stack.status == "CREATE_COMPLETE"
    assert set(stack.physical()) == {made}


def test_a_number_is_held_to_its_limits(stack: Stack) -> None:
    template = (HERE / "templates/conditions.yaml").read_text()
    for days, words in (("-1", "not less than 0"), ("8", "not greater than 7"), ("x", "must be a number")):
        with refused("ValidationError", words):
            stack.create(template, Days=days)
