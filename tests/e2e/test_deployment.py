"""Deploying and removing the stack, by the functions behind deploy.sh and undeploy.sh."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from local_aws.server import LocalAws
from mayfly.console import CommandError
from mayfly.deploying import artifacts
from mayfly.deploying.deploy import deploy, dry_run
from mayfly.deploying.undeploy import undeploy
from mayfly.stage import BOOTSTRAP_STACK, Stage
from mayfly.template import ORDERS, ROOT, load, pack
from tests.e2e.inventory import inventory
from tests.e2e.pipeline import NOTHING_LEFT, Pipeline, fresh_day, orders, until


def test_the_stack_has_the_outputs_that_users_know(pipeline: Pipeline) -> None:
    assert set(pipeline.outputs) == set(load(ORDERS)["Outputs"])
    assert pipeline.outputs["StateMachineArn"].endswith(":stateMachine:EphemeralECSPipeline")
    assert (pipeline.outputs["OrderTable"], pipeline.outputs["CategoryTable"]) == (
        "OrderKPIs",
        "CategoryKPIs",
    )


def test_the_undelivered_queue_is_where_its_output_says(pipeline: Pipeline, aws: LocalAws) -> None:
    url = pipeline.outputs["UndeliveredQueueUrl"]
    assert url.startswith(f"{aws.url}/")
    assert url in pipeline.client("sqs").list_queues(QueueNamePrefix="mayfly-undelivered")["QueueUrls"]


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
    bucket = stage.describe(BOOTSTRAP_STACK)["Outputs"][0]["OutputValue"]  # type: ignore[index] # it is there
    versions = stage.client("s3").list_object_versions(Bucket=bucket).get("Versions", [])
    return {
        "resources": {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for item in resources["StackResourceSummaries"]
        },
        "artifacts": [(item["Key"], item["VersionId"]) for item in versions],
        "rule": stage.client("events").list_targets_by_rule(Rule=outputs["TriggerRule"])["Targets"],
        "outputs": outputs,
        "events": len(
            stage.client("cloudformation").describe_stack_events(StackName=stage.stack)["StackEvents"]
        ),
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


def retention(stage: Stage) -> int:
    """Return for how long the tasks' log is kept."""
    name = stage.outputs()["LogGroup"]
    groups = stage.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    found: int = groups[0]["retentionInDays"]
    return found


@pytest.mark.usefixtures("aws")
def test_a_changed_setting_is_first_shown_and_then_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage.of_environment("setting")
    deploy(stage, {})
    once = snapshot(stage)

    dry_run(stage, {}, {"LOG_RETENTION_DAYS": "14"})

    shown = capsys.readouterr()
    assert "  LogRetentionDays: 30 -> 14\n" in shown.out
    assert re.search(r"^  Modify +LogGroup +AWS::Logs::LogGroup$", shown.out, re.MULTILINE)
    assert "StateMachine " not in shown.out
    assert f"{BOOTSTRAP_STACK}: no changes" in shown.err
    assert snapshot(stage) == once
    assert retention(stage) == 30

    deploy(stage, {}, {"LOG_RETENTION_DAYS": "14"})

    assert retention(stage) == 14
    assert snapshot(stage)["resources"] == once["resources"]


@pytest.mark.usefixtures("aws")
def test_a_setting_that_is_gone_is_at_its_default_again() -> None:
    stage = Stage.of_environment("default1")
    deploy(stage, {}, {"LOG_RETENTION_DAYS": "14"})

    deploy(stage, {}, {})

    assert retention(stage) == 30


@pytest.mark.usefixtures("aws")
def test_the_product_list_is_pinned_by_version(tmp_path: Any) -> None:
    stage = Stage.of_environment("products")
    deploy(stage, {})
    products = tmp_path / "ours.csv"
    products.write_text("product_id,category\nP-1,Books\n")

    after = deploy(stage, {}, {"PRODUCTS_FILE": str(products)})

    machine = stage.client("stepfunctions").describe_state_machine(stateMachineArn=after["StateMachineArn"])
    key = artifacts.reference_data(products).key
    assert re.search(rf"s3://mayfly-artifacts-[\w-]+/{key}\?versionId=[\w.-]+\"", machine["definition"])


def test_the_template_outgrows_what_cloudformation_takes_inline_only_in_s3(pipeline: Pipeline) -> None:
    body = pack(ORDERS, "bucket").body
    there = pipeline.client("cloudformation").get_template(StackName=pipeline.stage.stack)["TemplateBody"]
    assert "AWS::Include" not in body
    assert len(str(there)) > 1000


@pytest.mark.usefixtures("aws")
def test_undeploy_leaves_nothing() -> None:
    stage = Stage.of_environment("gone")
    before = inventory(stage)
    deploy(stage, {})
    assert len(inventory(stage) - before) > 20

    undeploy(stage)

    assert inventory(stage) - before - {f"cloudformation {BOOTSTRAP_STACK}"} == set()
    assert stage.describe() is None
    undeploy(stage)  # again is the same as once


@pytest.mark.usefixtures("aws")
def test_undeploy_keeps_data_unless_forced_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage.of_environment("data")
    outputs = deploy(stage, {})
    s3 = stage.client("s3")
    s3.put_object(Bucket=outputs["InputBucket"], Key="kept.csv", Body=b"precious")

    with pytest.raises(CommandError, match="holds data"):
        undeploy(stage)
    for answer in (None, io.StringIO(""), io.StringIO("default\n")):
        monkeypatch.setattr("sys.stdin", answer)
        with pytest.raises(CommandError, match="stays"):
            undeploy(stage, force=True)
    assert f"Type the stage's name ({stage.name})" in capsys.readouterr().err
    assert s3.get_object(Bucket=outputs["InputBucket"], Key="kept.csv")["Body"].read() == b"precious"
    assert stage.client("events").describe_rule(Name=outputs["TriggerRule"])["State"] == "ENABLED"

    monkeypatch.setattr("sys.stdin", io.StringIO("data\n"))
    undeploy(stage, force=True)
    assert stage.describe() is None


@pytest.mark.usefixtures("aws")
def test_data_outlives_its_stack_and_is_not_deployed_over() -> None:
    stage = Stage.of_environment("orphan")
    outputs = deploy(stage, {})
    stage.client("s3").put_object(Bucket=outputs["InputBucket"], Key="kept.csv", Body=b"precious")

    stage.client("cloudformation").delete_stack(StackName=stage.stack)

    until(lambda: stage.describe() is None, "the stack to go")
    with pytest.raises(CommandError, match="its data is there") as refused:
        deploy(stage, {})
    assert outputs["InputBucket"] in refused.value.parts[1]
    undeploy(stage, force=True, typed=stage.name)
    deploy(stage, {})
    undeploy(stage)


@pytest.mark.long
def test_undeploy_waits_for_executions_when_asked_to(aws: LocalAws) -> None:
    pipeline = Pipeline(aws, "patient")
    pipeline.upload("input/last.csv", orders(fresh_day()))
    (arn,) = pipeline.started_for("input/last.csv")

    undeploy(pipeline.stage, force=True, typed="patient", wait=True)

    assert pipeline.end_of(arn)["status"] == "SUCCEEDED"


def test_undeploy_stops_executions_and_removes_what_they_made(aws: LocalAws) -> None:
    pipeline = Pipeline(aws, "hasty", {"validator": "registry.example/ecs-hang:latest"})
    pipeline.upload("input/hasty.csv", orders(fresh_day()))
    (arn,) = pipeline.started_for("input/hasty.csv")
    until(lambda: "RunValidator" in pipeline.states_entered(arn), "the validator to be run")

    undeploy(pipeline.stage, force=True, typed="hasty")

    end = pipeline.end_of(arn)
    assert (end["status"], end["error"]) == ("ABORTED", "Undeployed")
    assert pipeline.left() == NOTHING_LEFT


def test_undeploy_removes_what_a_stopped_execution_left(aws: LocalAws) -> None:
    pipeline = Pipeline(aws, "stopped")
    pipeline.upload("input/stopped.csv", orders(fresh_day()))
    (arn,) = pipeline.started_for("input/stopped.csv")
    until(lambda: "RunValidator" in pipeline.states_entered(arn), "the validator to be run")
    pipeline.client("stepfunctions").stop_execution(executionArn=arn)
    assert pipeline.end_of(arn)["status"] == "ABORTED"
    assert pipeline.left()["clusters"] == 1  # nothing catches an abort

    undeploy(pipeline.stage, force=True, typed="stopped")

    assert pipeline.left() == NOTHING_LEFT


@pytest.mark.long
@pytest.mark.usefixtures("aws")
def test_a_deploy_switches_on_the_rule_that_an_interrupted_undeploy_left_off() -> None:
    stage = Stage.of_environment("again")
    rule = deploy(stage, {})["TriggerRule"]
    stage.client("events").disable_rule(Name=rule)

    deploy(stage, {})

    assert stage.client("events").describe_rule(Name=rule)["State"] == "ENABLED"
