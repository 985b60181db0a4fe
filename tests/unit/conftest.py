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
        assert (runs.run("validator", accepted), runs.run("transformer", accepted)) == (0, 0)

        mended = runs.start(orders_csv(row_with("order_date", "2025-07-01")), accepted.key)
        assert runs.run("validator", mended) == 0
        runs.hand_over_later(mended)
        assert runs.run("transformer", mended) == 0  # deletes the categories that its day has no longer

        assert runs.run("validator", runs.start(INVALID, "input/invalid.csv")) == 65

        same_day = runs.start(VALID, "input/other.csv")
        assert (runs.run("validator", same_day), runs.run("transformer", same_day)) == (0, 65)
        return runs
