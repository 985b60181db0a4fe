from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.events.models import events_backends

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.virtual_clock import VirtualClock
from tests.unit.local_events.support import REGION, Account


@pytest.fixture
def account() -> Iterator[Account]:
    cloud = Cloud(Images([]), VirtualClock())
    cloud.start()
    account = Account(cloud)
    yield account
    events_backends[cloud.account][REGION].event_buses["default"].rules.pop(account.rule, None)
    cloud.stop()
