"""Deploying and removing, killed in the middle and run again: the end is the same. On an AWS of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from mayfly.deploying.deploy import deploy
from mayfly.deploying.preflight import ensure_service_linked_role
from mayfly.deploying.undeploy import undeploy
from mayfly.stage import Stage
from mayfly.template import ROOT
from tests.e2e.inventory import inventory
from tests.e2e.killing import changing_calls, killed_after
from tests.environment import pointed_to

NAME = "killed"
EVERY = os.environ.get("KILL_AT_EVERY_CALL")  # scripts/test_long.sh sets it; else it is one in the middle


@pytest.fixture(scope="module")
def empty() -> Iterator[None]:
    with LocalAws(Images([ROOT / "ecs"]), clock=Clock(60)) as local, pointed_to(local.url):
        yield


def fresh() -> Stage:
    """Return a stage with a session of its own, which nobody kills."""
    return Stage.of_environment(NAME)


def deployed(stage: Stage) -> dict[str, str]:
    return deploy(stage, {}, {})


def facts(stage: Stage) -> dict[str, Any]:
    """Return what a deploy makes, without the ids that differ from one making to the next."""
    resources = stage.client("cloudformation").list_stack_resources(StackName=stage.stack)
    return {
        "inventory": {re.sub(r"-[A-Z0-9]{10,}$", "", name) for name in inventory(stage)},
        "resources": {item["LogicalResourceId"] for item in resources["StackResourceSummaries"]},
        "outputs": stage.outputs(),
        "status": stage.describe()["StackStatus"],  # type: ignore[index] # it is there
    }


@pytest.mark.usefixtures("empty")
def test_killed_in_the_middle_and_run_again_is_the_same() -> None:
    ensure_service_linked_role(fresh())  # which an account keeps
    before = inventory(fresh())
    deploys = changing_calls(fresh(), deployed)
    wanted = facts(fresh())
    undeploys = changing_calls(fresh(), undeploy)
    assert inventory(fresh()) == before
    assert deploys >= 7
    assert undeploys >= 8

    for number in range(1, max(deploys, undeploys) + 1) if EVERY else [deploys // 2 + 1]:
        assert killed_after(number, fresh(), deployed) == (number <= deploys)
        deployed(fresh())
        assert facts(fresh()) == wanted, f"after a deploy killed at call {number}"
        assert killed_after(number, fresh(), undeploy) == (number <= undeploys)
        undeploy(fresh())
        assert inventory(fresh()) == before, f"after an undeploy killed at call {number}"
