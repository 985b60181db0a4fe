from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(Images([]))
    cloud.start()
    yield cloud
    cloud.stop()
