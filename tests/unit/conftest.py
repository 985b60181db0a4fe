from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from tests.unit.ecs.support import INVALID, VALID, orders_csv, row_with
from tests.unit.wiring.containers import Runs
from tests.unit.wiring.stack import REGION, orders


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Runs of both containers that together make every call they can make."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        s3, dynamodb = boto3.client("s3", REGION), boto3.client("dynamodb", REGION)
        runs = Runs(orders("try"), s3, dynamodb, tmp_path_factory.mktemp("scratch"))

        accepted = runs.start(VALID, "input/a b+ü.csv")
        assert runs.run("validator", accepted) == 0
        assert runs.run("transformer", accepted) == 0

        runs.take_back_a_day(accepted)
        assert runs.run("transformer", accepted) == 0  # deletes what it had published of that day

        windows = orders_csv(row_with("order_date", "2025-07-01")).replace(b"\n", b"\r\n")
        mended = runs.start(windows, accepted.key)
        assert runs.run("validator", mended) == 0
        runs.hand_over_later(mended)
        assert runs.run("transformer", mended) == 0  # deletes the categories that its day has no longer

        assert runs.run("validator", runs.start(INVALID, "input/invalid.csv")) == 65

        # More than one transaction takes: accepted first, then day by day.
        days = [f"2026-{1 + day // 28:02}-{1 + day % 28:02}" for day in range(40)]
        rows = [f"O-{day},C-1,{day},Books,P-1,1,1.00,false" for day in days]
        long = runs.start(orders_csv(*rows), "input/long.csv")
        assert runs.run("validator", long) == 0
        assert runs.run("transformer", long) == 0

        taken_back = runs.start(VALID, "input/other.csv")
        assert runs.run("validator", taken_back) == 0
        runs.take_back(taken_back)
        assert runs.run("transformer", taken_back) == 65
        return runs
