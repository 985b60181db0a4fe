"""What DeletionPolicy and UpdateReplacePolicy keep.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.over_moto.stack import Stack

OTHER = "Other: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /other}}"
POLICIES = ["Delete", "Retain", "RetainExceptOnCreate"]


def template(deletion: str = "Delete", replace: str = "Delete", name: str = "/one", more: str = "") -> str:
    policies = f"DeletionPolicy: {deletion}, UpdateReplacePolicy: {replace}"
    log = f"Log: {{Type: AWS::Logs::LogGroup, {policies}, Properties: {{LogGroupName: {name}}}}}"
    return f"Resources:\n  {log}\n  {OTHER}{more}"


# It is made after Log and cannot be: there is no such bucket.
BROKEN = """
  Broken:
    Type: AWS::S3::BucketPolicy
    DependsOn: Log
    Properties: { Bucket: none, PolicyDocument: { Statement: [] } }
"""


@pytest.fixture
def logs(stack: Stack) -> Iterator[Stack]:
    """A stack whose log groups, retained or not, are gone after the test."""
    yield stack
    for name in groups(stack):
        stack.of("logs").delete_log_group(logGroupName=name)


def groups(stack: Stack) -> list[str]:
    return [group["logGroupName"] for group in stack.of("logs").describe_log_groups()["logGroups"]]


@pytest.mark.parametrize(("policy", "kept"), list(zip(POLICIES, [[], ["/one"], ["/one"]], strict=True)))
def test_a_deleted_stack_leaves_what_its_policy_keeps(logs: Stack, policy: str, kept: list[str]) -> None:
    logs.create(template(policy))
    logs.delete()
    assert groups(logs) == kept


@pytest.mark.parametrize(("policy", "kept"), list(zip(POLICIES, [[], ["/one"], []], strict=True)))
def test_the_rollback_of_a_creation_leaves_only_what_is_retained(
    logs: Stack, policy: str, kept: list[str]
) -> None:
    logs.create(template(policy, more=BROKEN))
    assert logs.status == "ROLLBACK_COMPLETE"
    assert groups(logs) == kept


@pytest.mark.parametrize(("policy", "kept"), list(zip(POLICIES, [[], ["/one"], []], strict=True)))
def test_the_rollback_of_an_update_leaves_of_what_it_made_only_what_is_retained(
    logs: Stack, policy: str, kept: list[str]
) -> None:
    logs.create(f"Resources: {{{OTHER}}}")
    logs.update(template(policy, more=BROKEN))
    assert logs.status == "UPDATE_ROLLBACK_COMPLETE"
    assert groups(logs) == [*kept, "/other"]


@pytest.mark.parametrize(("policy", "kept"), [("Delete", []), ("Retain", ["/one"])])
def test_a_replaced_resource_stays_when_its_policy_says_so(logs: Stack, policy: str, kept: list[str]) -> None:
    logs.create(template(replace=policy))
    logs.update(template(replace=policy, name="/two"))
    assert logs.status == "UPDATE_COMPLETE"
    assert groups(logs) == [*kept, "/other", "/two"]


@pytest.mark.parametrize(("policy", "kept"), list(zip(POLICIES, [[], ["/one"], ["/one"]], strict=True)))
def test_a_resource_that_leaves_the_template_stays_when_its_policy_says_so(
    logs: Stack, policy: str, kept: list[str]
) -> None:
    logs.create(template(policy))
    logs.update(f"Resources: {{{OTHER}}}")
    assert groups(logs) == [*kept, "/other"]
    assert set(logs.physical()) == {"Other"}
