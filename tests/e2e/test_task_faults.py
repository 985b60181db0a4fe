"""A validator that ends badly: each way takes the path the design gives it, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local_aws.server import LocalAws
from mayfly.deploying.deploy import CONTRACT, deploy
from tests.e2e.pipeline import NOTHING_LEFT, Pipeline, fresh_day, orders

OnePipeline = Callable[[str], Pipeline]


def assert_nothing_happened_to(pipeline: Pipeline, key: str, day: str, status: str) -> None:
    """The file is untouched in input/, no KPI shows, the ledger says why, and ECS holds nothing."""
    assert pipeline.has("InputBucket", key)
    assert not pipeline.has("CleanedBucket", f"processed/{key}")
    assert pipeline.order_kpis(day) == []
    assert pipeline.category_kpis(day) == []
    assert [item["status"]["S"] for item in pipeline.ledger(key)] == [status]
    assert pipeline.left() == NOTHING_LEFT


def test_exit_65_is_a_rejection_and_is_not_retried(with_validator: OnePipeline) -> None:
    pipeline, key, day = with_validator("exit_65"), "input/65.csv", fresh_day()

    execution = pipeline.process(key, orders(day))

    assert (execution["status"], execution["error"]) == ("FAILED", "ValidationError")
    assert pipeline.states_entered(execution["executionArn"]).count("RunValidator") == 1
    (notice,) = pipeline.inbox.notices()
    assert "ValidationError" in notice["message"]
    assert_nothing_happened_to(pipeline, key, day, "REJECTED")


def test_exit_78_is_a_wrong_setting_and_is_not_retried(with_validator: OnePipeline) -> None:
    pipeline, key, day = with_validator("exit_78"), "input/78.csv", fresh_day()

    execution = pipeline.process(key, orders(day))

    assert (execution["status"], execution["error"]) == ("FAILED", "ConfigurationError")
    assert pipeline.states_entered(execution["executionArn"]).count("RunValidator") == 1
    (notice,) = pipeline.inbox.notices()
    assert "ConfigurationError" in notice["message"]
    assert_nothing_happened_to(pipeline, key, day, "FAILED")


@pytest.mark.parametrize(
    ("image", "found"),
    [("crash", '"ExitCode":1,'), pytest.param("killed", '"ExitCode":137,', marks=pytest.mark.long)],
)
def test_a_crash_is_tried_four_times_and_the_first_error_is_told(
    with_validator: OnePipeline, image: str, found: str
) -> None:
    pipeline, key, day = with_validator(image), f"input/{image}.csv", fresh_day()

    execution = pipeline.process(key, orders(day), hurry=20)

    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert found in execution["cause"]
    assert pipeline.states_entered(execution["executionArn"]).count("RunValidator") == 4
    (notice,) = pipeline.inbox.notices()
    assert "Error: States.TaskFailed" in notice["message"]
    assert "RunValidator" in notice["message"]
    assert pipeline.outputs["LogGroup"] in notice["message"]
    assert_nothing_happened_to(pipeline, key, day, "FAILED")


@pytest.mark.long
def test_a_validator_that_hangs_is_stopped_at_its_time_limit(with_validator: OnePipeline) -> None:
    pipeline, key, day = with_validator("hang"), "input/hang.csv", fresh_day()

    execution = pipeline.process(key, orders(day), hurry=100)

    assert (execution["status"], execution["error"]) == ("FAILED", "States.Timeout")
    assert pipeline.states_entered(execution["executionArn"]).count("RunValidator") == 4
    (notice,) = pipeline.inbox.notices()
    assert "Error: States.Timeout" in notice["message"]
    assert_nothing_happened_to(pipeline, key, day, "FAILED")


@pytest.mark.long
def test_an_image_that_cannot_be_pulled_is_told_as_such(with_validator: OnePipeline) -> None:
    pipeline, key, day = with_validator("nowhere"), "input/nowhere.csv", fresh_day()

    execution = pipeline.process(key, orders(day), hurry=20)

    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert "CannotPullContainerError" in execution["cause"]
    (notice,) = pipeline.inbox.notices()
    assert "CannotPullContainerError" in notice["message"]
    assert_nothing_happened_to(pipeline, key, day, "FAILED")


@pytest.mark.parametrize("parameter", ["ReferenceUri", pytest.param("ContractUri", marks=pytest.mark.long)])
def test_a_validator_without_what_it_judges_by_is_misconfigured(
    aws: LocalAws, tmp_path: Path, parameter: str
) -> None:
    """The real container, with a setting that points to nothing."""
    products, contract = tmp_path / "products.csv", tmp_path / "contract.json"
    products.write_text("category\nBooks\n")
    contract.write_bytes(CONTRACT.read_bytes() + b"\n")  # of other bytes, so that no other stage has it
    pipeline, key, day = Pipeline(aws, "nolist"), f"input/no-{parameter}.csv", fresh_day()
    deploy(pipeline.stage, {}, {"PRODUCTS_FILE": str(products), "CONTRACT_FILE": str(contract)})
    stack = pipeline.stage.describe()
    assert stack is not None
    values = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    uri = urlsplit(values[parameter])
    version = uri.query.removeprefix("versionId=")
    pipeline.client("s3").delete_object(Bucket=uri.netloc, Key=uri.path[1:], VersionId=version)

    execution = pipeline.process(key, orders(day))

    assert (execution["status"], execution["error"]) == ("FAILED", "ConfigurationError")
    assert_nothing_happened_to(pipeline, key, day, "FAILED")
