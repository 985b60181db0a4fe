"""What undeploy removes beside its stacks, and how long it gives AWS to forget what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.deploying import leftovers, undeploy
from mayfly.stage import BOOTSTRAP_STACK, Stage

TAGS = [{"key": "mayfly:stage", "value": "demo"}]
QUEUE = [{"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "https://sqs.aws/queue"}]


def register(ecs: Any, family: str, tags: list[dict[str, str]]) -> str:
    """Register a task definition; return its ARN."""
    containers = [{"name": "c", "image": "i"}]
    made = ecs.register_task_definition(
        family=family,
        containerDefinitions=containers,
        tags=tags,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


@pytest.fixture
def definitions(stage: Stage) -> Iterator[dict[str, str]]:
    """Make task definitions of the stage, one of them INACTIVE, and one of another stage."""
    ecs = stage.client("ecs")
    made = {
        "active": register(ecs, "ecs-validator-one", TAGS),
        "inactive": register(ecs, "ecs-transformer-one", TAGS),
        "other": register(ecs, "ecs-validator-two", [{"key": "mayfly:stage", "value": "other"}]),
    }
    ecs.deregister_task_definition(taskDefinition=made["inactive"])
    yield made
    ecs.deregister_task_definition(taskDefinition=made["other"])
    ecs.delete_task_definitions(taskDefinitions=[made["other"]])


def test_only_what_is_active_is_deregistered_and_only_the_stages_own_is_removed(
    stage: Stage, definitions: dict[str, str]
) -> None:
    assert leftovers.task_definitions(stage) == {
        definitions["active"]: "ACTIVE",
        definitions["inactive"]: "INACTIVE",
    }
    deregistered: list[str] = []
    events = stage.client("ecs").meta.events
    event = "before-parameter-build.ecs.DeregisterTaskDefinition"
    events.register(event, lambda params, **_: deregistered.append(params["taskDefinition"]), unique_id=event)
    leftovers.remove(stage)
    events.unregister(event, unique_id=event)
    assert deregistered == [definitions["active"]]
    assert leftovers.task_definitions(stage) == {}
    assert stage.client("ecs").list_task_definitions()["taskDefinitionArns"] == [definitions["other"]]


def test_a_deleted_cluster_that_is_still_shown_is_not_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecs = stage.client("ecs")
    made = ecs.create_cluster(clusterName="ecs-ephemeral-cluster-one", tags=TAGS)["cluster"]
    assert leftovers.clusters(stage) == [made["clusterArn"]]
    ecs.delete_cluster(cluster=made["clusterArn"])
    shown = {"clusters": [made | {"status": "INACTIVE", "tags": TAGS}], "failures": []}
    monkeypatch.setattr(ecs, "describe_clusters", lambda **_: shown)
    listed = [{"clusterArns": [made["clusterArn"]]}]
    monkeypatch.setattr(ecs, "get_paginator", lambda _: Pages(listed))
    assert leftovers.clusters(stage) == []


class Pages:
    """A paginator of what a service is said to list."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return self.pages


def forgets_after(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """Let a deleted resource be there for some looks more."""
    answers = iter([True] * looks + [False])
    monkeypatch.setattr(undeploy, "is_there", lambda *_: next(answers))


def test_what_aws_is_late_to_forget_is_asked_for_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forgets_after(monkeypatch, 2)
    monkeypatch.setattr(undeploy, "FORGOTTEN_WITHIN_LOCAL", 60.0)
    undeploy.verify(stage, QUEUE, [])
    assert "Nothing of stage 'demo' is left" in capsys.readouterr().err


def test_what_stays_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undeploy, "is_there", lambda *_: True)
    monkeypatch.setattr(undeploy, "FORGOTTEN_WITHIN_LOCAL", 0.2)
    with pytest.raises(CommandError, match="not everything is gone") as told:
        undeploy.verify(stage, QUEUE, [])
    assert told.value.parts[1] == "AWS::SQS::Queue https://sqs.aws/queue"


def test_what_stages_share_may_be_there_again_for_another(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undeploy, "is_there", lambda *_: True)
    monkeypatch.setattr(undeploy, "FORGOTTEN_WITHIN_LOCAL", 0.2)
    with pytest.raises(CommandError, match="not everything is gone"):
        undeploy.verify(stage, [], QUEUE)
    monkeypatch.setattr(stage, "describe", lambda _: {"StackStatus": "CREATE_IN_PROGRESS"})
    undeploy.verify(stage, [], QUEUE)


def test_a_killed_simulations_queue_goes_with_its_stage_and_no_other(stage: Stage) -> None:
    sqs = stage.client("sqs")
    names = ("mayfly-inbox-demo-0123abcd", "mayfly-inbox-0123abcd", "mayfly-inbox-demo-of-mine")
    made = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}

    leftovers.remove(stage)

    left = set(sqs.list_queues(QueueNamePrefix="mayfly-")["QueueUrls"])  # of a moto that other tests share
    assert left == {made[name] for name in names[1:]}
    for name in names[1:]:
        sqs.delete_queue(QueueUrl=made[name])


def test_a_stack_that_another_undeploy_has_removed_meanwhile_is_no_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.resources(BOOTSTRAP_STACK) == []
    bucket = {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "mayfly-artifacts-gone"}
    descriptions = iter([{"StackStatus": "DELETE_IN_PROGRESS"}, None])
    monkeypatch.setattr(stage, "describe", lambda _: next(descriptions))
    monkeypatch.setattr(stage, "resources", lambda _: [bucket])
    assert undeploy.remove_bootstrap(stage) == [bucket]
