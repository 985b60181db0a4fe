"""smoke_aws.sh on the local AWS, as a person runs it in an account."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from mayfly.simulation import smoke
from mayfly.stage import Stage
from mayfly.template import ROOT
from tests.environment import pointed_to

SCRIPT = ROOT / "scripts" / "smoke_aws.sh"
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def aws() -> Iterator[None]:
    with LocalAws(Images([ROOT / "ecs"]), clock=Clock(60)) as local, pointed_to(local.url):
        yield


@pytest.mark.usefixtures("aws")
def test_everything_is_as_expected_and_nothing_is_left() -> None:
    ended = subprocess.run([SCRIPT, "--yes", "--json"], capture_output=True, text=True, check=False)

    document = json.loads(ended.stdout)
    assert [item for item in document["checks"] if not item["ok"]] == []
    assert (ended.returncode, document["passed"]) == (0, True)
    checked = {item["check"] for item in document["checks"]}
    assert {
        "deploying again changes nothing",
        "a dry run changes nothing",
        "HeadObject's 404 is S3.NoSuchKeyException",
        "DeleteObject's 412 for a newer object is S3.S3Exception, Status Code: 412",
        "RunTask hands the definition's tags to the task",
        "undeploy leaves nothing with the stage's name",
    } <= checked
    assert "not asked, for the local AWS has nothing of it" in ended.stderr
    assert smoke.names_left(Stage.of_environment(document["stage"])) == []
