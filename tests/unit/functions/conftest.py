from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from tests.unit.functions.support import Lambda


@pytest.fixture(scope="module")
def functions() -> Iterator[Lambda]:
    with LocalAws(Images([]), clock=Clock(scale=1000)) as aws:
        yield Lambda(aws)
