"""Change sets shown, carried out and followed; and stacks as an earlier deploy may have left them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.deploying import deploy, stacks
from mayfly.stage import BOOTSTRAP_STACK, Stage

STACK = "mayfly-test"
TAGS = {"mayfly:stage": "demo"}


def template(*topics: str, broken: bool = False) -> dict[str, str]:
    """Return a template with these topics, one of which may be impossible to make."""
    resources: dict[str, Any] = {
        topic: {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": f"{topic}-${{Version}}"}}}
        for topic in topics
    }
    if broken:
        bad = {"PolicyDocument": {}, "Queues": ["https://sqs.us-east-1.amazonaws.com/123456789012/none"]}
        resources["Broken"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": bad, "DependsOn": list(topics)}
    parameters = {"Version": {"Type": "String", "Default": "1"}}
    return {"TemplateBody": json.dumps({"Parameters": parameters, "Resources": resources})}


@pytest.fixture
def apply(stage: Stage) -> Iterator[Callable[..., stacks.Planned | None]]:
    """Return a function that plans and carries out; the stack goes in the end."""

    def applied(body: dict[str, str], *, execute: bool = True, **values: str) -> stacks.Planned | None:
        with stacks.planned(stage, STACK, body, values, TAGS) as plan:
            if plan is not None and execute:
                stacks.execute(stage, plan)
        return plan

    yield applied
    stacks.delete(stage, STACK)


def test_a_new_stack_is_planned_and_made(stage: Stage, apply: Callable[..., Any]) -> None:
    plan = apply(template("One", "Two"))
    assert sorted(map(str, plan.changes)) == [
        "Add     One                        AWS::SNS::Topic",
        "Add     Two                        AWS::SNS::Topic",
    ]
    assert plan.summary == "2 to add"
    assert stacks.status_of(stage, STACK) == "CREATE_COMPLETE"
    assert stage.describe(STACK)["Tags"] == [{"Key": "mayfly:stage", "Value": "demo"}]  # type: ignore[index] # there


def test_a_plan_that_is_not_carried_out_leaves_nothing(stage: Stage, apply: Callable[..., Any]) -> None:
    assert apply(template("One"), execute=False).summary == "1 to add"
    assert stacks.status_of(stage, STACK) == stacks.GONE
    assert stage.client("sns").list_topics()["Topics"] == []


def test_every_call_of_a_change_set_is_authorized_for_its_stack(
    stage: Stage, apply: Callable[..., Any]
) -> None:
    asked: list[str] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ChangeSetName" in params and params.get("StackName") == STACK:
            asked.append(model.name)
        else:
            assert "ChangeSetName" not in params, f"{model.name} names a change set without its stack"

    events = stage.client("cloudformation").meta.events
    events.register("before-parameter-build.cloudformation", note)
    try:
        apply(template("One"), execute=False)
        apply(template("One"))
    finally:
        events.unregister("before-parameter-build.cloudformation", note)
    operations = ("CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet", "ExecuteChangeSet")
    assert set(asked) == set(operations)


def test_no_change_is_no_plan(apply: Callable[..., Any]) -> None:
    apply(template("One"))
    assert apply(template("One")) is None


def test_an_update_tells_what_it_adds_changes_replaces_and_removes(apply: Callable[..., Any]) -> None:
    apply(template("One", "Two"))
    plan = apply(template("Two", "Three"), Version="2")
    assert plan.summary == "1 to add, 1 to replace, 1 to remove"
    assert plan.values == ["Version: 1 -> 2"]


def test_a_failed_update_is_told_with_what_failed_first(stage: Stage, apply: Callable[..., Any]) -> None:
    apply(template("One"))
    with pytest.raises(CommandError, match="UPDATE_ROLLBACK_COMPLETE") as failed:
        apply(template("One", "Two", broken=True))
    assert failed.value.parts[1].startswith("Broken: ")
    topics = stage.client("sns").list_topics()["Topics"]
    assert [topic["TopicArn"].rpartition(":")[2] for topic in topics] == ["One-1"]


def test_a_first_deploy_that_failed_is_removed_by_the_next(stage: Stage, apply: Callable[..., Any]) -> None:
    with pytest.raises(CommandError, match="ROLLBACK_COMPLETE"):
        apply(template("One", broken=True))
    assert stacks.status_of(stage, STACK) == "ROLLBACK_COMPLETE"
    apply(template("One"))
    assert stacks.status_of(stage, STACK) == "CREATE_COMPLETE"


def test_a_template_that_is_refused_is_told_in_cloudformations_words(apply: Callable[..., Any]) -> None:
    with pytest.raises(CommandError, match="CloudFormation refused") as refused:
        apply({"TemplateBody": json.dumps({"Resources": {"One": {"Type": "AWS::Nothing::Here"}}})})
    assert "AWS::Nothing::Here" in refused.value.parts[1]


def test_a_plan_that_another_deploy_has_overtaken_says_so(stage: Stage, apply: Callable[..., Any]) -> None:
    with (  # noqa: PT012 - the second plan is made while the first one waits
        pytest.raises(stacks.OvertakenError, match="changed by somebody else"),
        stacks.planned(stage, STACK, template("One"), {}, TAGS) as first,
    ):
        apply(template("One", "Two"))
        assert first is not None
        stacks.execute(stage, first)
    assert stacks.status_of(stage, STACK) == "CREATE_COMPLETE"


def test_a_stack_that_another_deploy_makes_first_is_not_called_a_refusal(
    apply: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(template("One"))
    monkeypatch.setattr(stacks, "ready", lambda *_: None)  # as it was before
    with pytest.raises(stacks.OvertakenError):
        apply(template("Two"))


def test_the_stack_that_stages_share_is_planned_again_when_another_deploy_made_it_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carry_out, quicker = deploy.carry_out, [deploy.make_shared]

    def overtaken(*arguments: Any) -> None:
        if quicker:
            quicker.pop()(stage)
        carry_out(*arguments)

    monkeypatch.setattr(deploy, "carry_out", overtaken)
    deploy.make_shared(stage)
    assert "looking again" in capsys.readouterr().err
    assert stacks.status_of(stage, BOOTSTRAP_STACK) == "CREATE_COMPLETE"
    stacks.delete(stage, BOOTSTRAP_STACK)


def statuses(stage: Stage, monkeypatch: pytest.MonkeyPatch, *following: str | None) -> list[str | None]:
    """Let the stack have one status after the other, as CloudFormation's own work changes it."""
    left = list(following)

    def describe(_: str) -> dict[str, str] | None:
        status = left.pop(0) if len(left) > 1 else left[0]
        return {"StackStatus": status} if status else None

    monkeypatch.setattr(stage, "describe", describe)
    return left


def test_what_a_killed_deploy_has_begun_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    left = statuses(stage, monkeypatch, "CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert stacks.ready(stage, STACK) == {"StackStatus": "CREATE_COMPLETE"}
    assert left == ["CREATE_COMPLETE"]


def test_a_deletion_under_way_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(stage, monkeypatch, "DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", None)
    assert stacks.ready(stage, STACK) is None


def test_an_update_under_way_is_followed_to_its_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(
        stage, monkeypatch, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"
    )
    assert stacks.wait(stage, STACK) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "./scripts/undeploy.sh --stage demo"),
    ],
)
def test_a_stack_that_only_a_person_can_mend_is_told_how(
    stage: Stage, apply: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, status: str, advice: str
) -> None:
    apply(template("One"))
    with monkeypatch.context() as patched:
        statuses(stage, patched, status)
        with pytest.raises(CommandError, match=status) as told:
            stacks.ready(stage, STACK)
    assert advice in told.value.parts[2]


def test_a_stack_that_does_not_end_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(stage, monkeypatch, "UPDATE_IN_PROGRESS")
    monkeypatch.setattr(stacks, "LONGEST", 0.2)
    with pytest.raises(CommandError, match="takes too long"):
        stacks.wait(stage, STACK)


def test_a_stage_whose_stack_never_came_to_be_is_not_deployed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="'demo' is not deployed") as missing:
        stage.outputs()
    assert "is not there" in missing.value.parts[1]
    monkeypatch.setattr(stage, "describe", lambda: {"StackStatus": "ROLLBACK_COMPLETE"})
    with pytest.raises(CommandError, match="'demo' is not deployed") as rolled_back:
        stage.outputs()
    assert "is in ROLLBACK_COMPLETE" in rolled_back.value.parts[1]
    assert "./scripts/deploy.sh --stage demo" in rolled_back.value.parts[2]
