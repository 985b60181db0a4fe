from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from mayfly.stage import Stage
from tests.environment import pointed_to


@pytest.fixture(scope="package")
def aws() -> Iterator[LocalAws]:
    with LocalAws(Images([]), clock=Clock()) as local, pointed_to(local.url):
        yield local


@pytest.fixture
def stage(aws: LocalAws) -> Stage:
    """Return a stage of an AWS in which nothing is deployed."""
    assert aws.url
    return Stage.of_environment("demo")


@pytest.fixture
def account(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Return the stage as it is in an account: not told from AWS, though the local one answers."""
    monkeypatch.setattr(Stage, "is_local", False)
    return stage
