"""The images as an engine builds and runs them, confined as on Fargate. For scripts/test_long.sh."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from local_aws.server import LocalAws
from tests.e2e.pipeline import until
from tests.long.containers import CONFINED, NAMES, REGION, Built, claimed, docker, inspect, settings
from tests.unit.ecs.support import CLEANED, INVALID, VALID, Aws

pytestmark = pytest.mark.timeout(900)  # a build downloads its base image and packages

BOTH = ["S3_INPUT_BUCKET", "S3_INPUT_KEY", "S3_INPUT_VERSION", "S3_CLEANED_BUCKET", "EXECUTION_ID"]
NEEDED = {
    "validator": [*BOTH, "CONTRACT_URI", "LEDGER_TABLE"],
    "transformer": [*BOTH, "ORDER_KPI_TABLE", "CATEGORY_KPI_TABLE", "LEDGER_TABLE", "MEMORY_MIB"],
}


@pytest.mark.parametrize("name", NAMES)
def test_an_image_runs_as_nobody_in_particular(
    images: dict[str, Built], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = images[name]
    document = image.inspect()
    with capsys.disabled():
        print(f"\n{name}: built in {image.seconds:.1f} s, {document['Size'] / 1e6:.0f} MB")
    assert document["Config"]["User"] not in {"", "0", "root"}
    assert document["Config"]["Volumes"] == {"/scratch": {}}
    script = "import os; print(os.getuid(), os.stat('/scratch').st_uid, os.access('/app', os.W_OK))"
    said = docker("run", "--rm", *CONFINED, "--entrypoint=python", image.tag, "-c", script).stdout
    assert said.split() == ["10001", "10001", "False"]


def test_a_valid_file_becomes_kpis(images: dict[str, Built], aws: Aws, local: LocalAws) -> None:
    environ = claimed(aws, local, VALID)
    code, log = images["validator"].run(environ)
    assert (code, log[-1]["message"]) == (0, "accepted")
    assert aws.read("cleaned/input/orders.csv").count(b"\n") == 17
    handoff = aws.handoff(environ)
    assert handoff["rows"] == 16
    assert handoff["input_version_id"] == environ["S3_INPUT_VERSION"]
    assert handoff["cleaned_key"] == "cleaned/input/orders.csv"

    code, log = images["transformer"].run(environ)
    assert (code, log[-1]["message"]) == (0, "done")
    # By hand: 2 x 199.99 + 39.90 + 3 x 24.50 + 4 x 11.80 + 2 x 9.95 + 9.95; orders 1002 and 1006 came back.
    assert {name: aws.orders()["2025-07-01"][name] for name in ORDER_KPIS} == ORDER_KPIS
    categories = {category: item for (day, category), item in aws.categories().items() if day == "2025-07-01"}
    assert {
        category: (item["daily_revenue"], item["avg_order_value"], item["avg_return_rate"])
        for category, item in categories.items()
    } == {
        "Electronics": ("439.88", "219.94", "0.5"),
        "Books": ("73.5", "73.5", "0"),
        "Grocery": ("77.05", "25.683333", "0.333333"),
    }
    assert sorted(aws.orders()) == ["2025-07-01", "2025-07-02", "2025-07-03"]


ORDER_KPIS = {
    "total_orders": "6",
    "total_revenue": "590.43",
    "total_items_sold": "13",
    "return_rate": "0.333333",
    "unique_customers": "4",
}


def test_an_invalid_file_ends_in_65_with_its_report(
    images: dict[str, Built], aws: Aws, local: LocalAws
) -> None:
    environ = claimed(aws, local, INVALID)
    code, log = images["validator"].run(environ)
    assert (code, log[-1]["message"]) == (65, "rejected")
    report = aws.report(environ)
    assert report["rows_read"] == 12
    assert report["rows_rejected"] == log[-1]["rows_rejected"] > 0
    assert b"O-2002" in aws.rejected(environ, "csv")
    assert aws.keys("handoff/") == aws.keys("cleaned/") == []


@pytest.mark.parametrize("name", NAMES)
def test_missing_settings_end_in_78_with_each_named(images: dict[str, Built], name: str) -> None:
    code, log = images[name].run(REGION)
    assert code == 78
    assert [line["message"] for line in log] == [f"wrong setting: {one} is not set" for one in NEEDED[name]]


def test_a_waiting_transformer_ends_at_once_when_it_is_stopped(
    images: dict[str, Built], aws: Aws, local: LocalAws
) -> None:
    environ = claimed(aws, local, VALID)
    handoff = f"/{CLEANED}/handoff/{environ['EXECUTION_ID']}.json"
    watched: Any = local.cloud.endpoint
    container = docker(
        "run", "--detach", *CONFINED, *settings(environ), images["transformer"].tag
    ).stdout.strip()
    try:
        until(lambda: watched.paths.count(handoff) >= 2, "the transformer to look for its hand-off again")
        began = time.monotonic()
        docker("stop", "--time=30", container)
        assert time.monotonic() - began < 5
        state = inspect("container", container)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (143, False)
        last = json.loads(docker("logs", container).stdout.splitlines()[-1])
        assert last["message"].startswith("stopped")
    finally:
        docker("rm", "--force", "--volumes", container)
