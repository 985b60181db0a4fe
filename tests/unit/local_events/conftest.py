from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.virtual_clock import VirtualClock
from tests.unit.local_events.support import Account


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(Images([]), VirtualClock())
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture
def account(cloud: Cloud) -> Iterator[Account]:
    account = Account(cloud)
    yield account
    account.remove_rule()
