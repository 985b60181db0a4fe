from __future__ import annotations

import pytest

from mayfly.data.access import Access
from tests.unit.data_tools.support import access_to
from tests.unit.ecs.conftest import aws, clients
from tests.unit.ecs.support import Aws

__all__ = ["aws", "clients"]


@pytest.fixture
def access(aws: Aws) -> Access:
    return access_to(aws)
