"""Deploying and removing the stack, by the functions behind deploy.sh and undeploy.sh."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local_aws.server import LocalAws
from mayfly.console import CommandError
from mayfly.deploy import deploy
from mayfly.stage import Stage
from mayfly.template import ROOT
from mayfly.undeploy import undeploy
from tests.e2e.pipeline import NOTHING_LEFT, Pipeline, fresh_day, orders, until

OUTPUTS = {
    "InputBucket",
    "CleanedBucket",
    "StateMachineArn",
    "OrderTable",
    "CategoryTable",
    "LedgerTable",
    "SuccessTopicArn",
    "FailureTopicArn",
    "LogGroup",
}


def test_the_stack_has_the_outputs_that_users_know(pipeline: Pipeline) -> None:
    assert set(pipeline.outputs) == OUTPUTS
    assert pipeline.outputs["StateMachineArn"].endswith(":stateMachine:EphemeralECSPipeline")
    assert (pipeline.outputs["OrderTable"], pipeline.outputs["CategoryTable"]) == (
        "OrderKPIs",
        "CategoryKPIs",
    )


def test_the_definition_deployed_is_the_file_byte_for_byte_after_substitution(pipeline: Pipeline) -> None:
    source = (ROOT / "step_functions" / "MainStepFn.json").read_text(encoding="utf-8")
    machine = pipeline.client("stepfunctions").describe_state_machine(
        stateMachineArn=pipeline.outputs["StateMachineArn"]
    )
    deployed: str = machine["definition"]

    pieces = re.split(r"\$\{\w+\}", source)

    assert len(pieces) > 20
    assert "${" not in deployed
    assert re.fullmatch('[^"]*'.join(re.escape(piece) for piece in pieces), deployed)


def test_the_definition_deployed_is_the_one_executed(pipeline: Pipeline) -> None:
    execution = pipeline.process("input/which-definition.csv", orders(fresh_day()))

    states = pipeline.client("stepfunctions")
    deployed = states.describe_state_machine(stateMachineArn=pipeline.outputs["StateMachineArn"])
    executed = states.describe_state_machine_for_execution(executionArn=execution["executionArn"])
    assert executed["definition"] == deployed["definition"]


def snapshot(stage: Stage) -> dict[str, Any]:
    """Return what deploying again must not change."""
    outputs = stage.outputs()
    resources = stage.client("cloudformation").list_stack_resources(StackName=stage.stack)
    versions = stage.client("s3").list_object_versions(Bucket=outputs["CleanedBucket"]).get("Versions", [])
    return {
        "resources": {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for item in resources["StackResourceSummaries"]
        },
        "reference": [item["VersionId"] for item in versions],
        "rule": stage.client("events").list_targets_by_rule(Rule=f"S3TriggerRule{stage.suffix}")["Targets"],
        "outputs": outputs,
    }


@pytest.mark.usefixtures("aws")
def test_deploying_twice_is_the_same_as_once() -> None:
    stage = Stage.of_environment("twice")
    deploy(stage, {})
    once = snapshot(stage)

    deploy(stage, {})

    assert snapshot(stage) == once


@pytest.mark.usefixtures("aws")
def test_a_changed_image_changes_the_deployed_machine_in_place() -> None:
    stage = Stage.of_environment("changed")
    before = deploy(stage, {})

    after = deploy(stage, {"validator": "registry.example/ecs-validator:other"})

    assert after == before
    machine = stage.client("stepfunctions").describe_state_machine(stateMachineArn=after["StateMachineArn"])
    assert "registry.example/ecs-validator:other" in machine["definition"]


@pytest.mark.usefixtures("aws")
def test_undeploy_leaves_nothing() -> None:
    stage = Stage.of_environment("gone")
    outputs = deploy(stage, {})

    undeploy(stage, force=False)

    assert stage.describe() is None
    names = [bucket["Name"] for bucket in stage.client("s3").list_buckets()["Buckets"]]
    assert [name for name in names if name.endswith("-gone")] == []
    tables = stage.client("dynamodb").list_tables()["TableNames"]
    assert [name for name in tables if name.endswith("-gone")] == []
    machines = stage.client("stepfunctions").list_state_machines()["stateMachines"]
    assert outputs["StateMachineArn"] not in [machine["stateMachineArn"] for machine in machines]
    roles = [role["RoleName"] for role in stage.client("iam").list_roles()["Roles"]]
    assert [name for name in roles if name.endswith("-gone")] == []
    undeploy(stage, force=False)  # again is the same as once


@pytest.mark.usefixtures("aws")
def test_undeploy_keeps_data_unless_forced() -> None:
    stage = Stage.of_environment("data")
    outputs = deploy(stage, {})
    stage.client("s3").put_object(Bucket=outputs["InputBucket"], Key="kept.csv", Body=b"precious")

    with pytest.raises(CommandError, match="holds data"):
        undeploy(stage, force=False)
    assert (
        stage.client("s3").get_object(Bucket=outputs["InputBucket"], Key="kept.csv")["Body"].read()
        == b"precious"
    )

    undeploy(stage, force=True)
    assert stage.describe() is None


def test_undeploy_waits_for_nobody_but_refuses_while_an_execution_runs(aws: LocalAws) -> None:
    pipeline = Pipeline(aws, "busy", {"validator": "registry.example/ecs-hang:latest"})
    pipeline.upload("input/busy.csv", orders(fresh_day()))
    (arn,) = pipeline.started_for("input/busy.csv")

    with pytest.raises(CommandError) as refused:
        undeploy(pipeline.stage, force=True)
    assert "running executions" in refused.value.parts[1]

    pipeline.end_of(arn, hurry=100)
    undeploy(pipeline.stage, force=True)


def test_undeploy_removes_what_a_stopped_execution_left(aws: LocalAws) -> None:
    pipeline = Pipeline(aws, "stopped")
    pipeline.upload("input/stopped.csv", orders(fresh_day()))
    (arn,) = pipeline.started_for("input/stopped.csv")
    until(lambda: "RunValidator" in pipeline.states_entered(arn), "the validator to be run")
    pipeline.client("stepfunctions").stop_execution(executionArn=arn)
    assert pipeline.end_of(arn)["status"] == "ABORTED"
    assert pipeline.left()["clusters"] == 1  # nothing catches an abort

    undeploy(pipeline.stage, force=True)

    assert pipeline.left() == NOTHING_LEFT
