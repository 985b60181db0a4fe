from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from mayfly.template import ROOT
from tests.e2e.pipeline import Pipeline
from tests.environment import pointed_to


@pytest.fixture(scope="package")
def aws() -> Iterator[LocalAws]:
    images = Images([ROOT / "ecs", Path(__file__).parent / "images"])
    with LocalAws(images, clock=Clock(60)) as local, pointed_to(local.url):
        yield local


@pytest.fixture(scope="package")
def pipeline(aws: LocalAws) -> Pipeline:
    return Pipeline(aws, "default")


@pytest.fixture(scope="package")
def with_validator(aws: LocalAws) -> Callable[[str], Pipeline]:
    """Return a function that deploys a stage whose validator is another image."""

    def deployed(image: str) -> Pipeline:
        uri = f"registry.example/ecs-{image}:latest"
        return Pipeline(aws, image.replace("_", ""), {"validator": uri})

    return deployed
