from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.virtual_clock import VirtualClock
from tests.unit.scheduler.support import Scheduling


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(Images([]), VirtualClock())
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture
def scheduling(cloud: Cloud) -> Iterator[Scheduling]:
    scheduling = Scheduling(cloud)
    yield scheduling
    scheduling.remove()
