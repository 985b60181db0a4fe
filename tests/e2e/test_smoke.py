"""smoke_aws.sh on the local AWS: everything it would do in an account, but for what only an account has."""

from __future__ import annotations

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
