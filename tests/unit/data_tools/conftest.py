from __future__ import annotations

import pytest

from mayfly.data.access import Access
from tests.unit.data_tools.support import access_to
from tests.unit.ecs.conftest import memory
from tests.unit.ecs.support import Aws

__all__ = ["memory"]


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


@pytest.fixture
def access(aws: Aws) -> Access:
    return access_to(aws)
