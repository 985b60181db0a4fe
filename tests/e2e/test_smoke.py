"""smoke_aws.sh on the local AWS: everything it would do in an account, but for what only an account has."""

from __future__ import annotations

import json
import subprocess
from typing import NoReturn

import pytest

from mayfly.console import CommandError
from mayfly.simulation import smoke
from mayfly.simulation.findings import Finding
from mayfly.simulation.probes import EVERYWHERE
from mayfly.stage import Stage
from mayfly.template import ROOT

SCRIPT = ROOT / "scripts" / "smoke_aws.sh"


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


@pytest.mark.usefixtures("aws")
def test_a_deploy_that_fails_is_told_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise CommandError("it failed", "a reason", "an advice")

    findings: list[Finding] = []
    monkeypatch.setattr(smoke, "deploy", refuse)

    smoke.smoke(Stage.of_environment("smokefail"), findings.append, keep=False)

    assert [(finding.check, finding.ok, finding.found) for finding in findings] == [
        ("deploy", False, "it failed\na reason\nan advice"),
        ("undeploy leaves nothing with the stage's name", True, "nothing"),
    ]


@pytest.mark.usefixtures("aws")
def test_what_is_left_with_the_stages_name_is_found() -> None:
    stage = Stage.of_environment("smokeleft")
    queue = stage.client("sqs").create_queue(QueueName="mayfly-inbox-smokeleft-1")["QueueUrl"]

    found = smoke.names_left(stage)

    assert found == [f"sqs: {queue}"]
    stage.client("sqs").delete_queue(QueueUrl=queue)


def test_every_probe_says_what_it_asks() -> None:
    assert all(probe.__doc__ for probe in EVERYWHERE)
