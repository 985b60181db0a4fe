from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest


@pytest.fixture(scope="session", autouse=True)
def service_models_read_once() -> Iterator[None]:
    """Let all boto3 sessions of the tests share what they read from disk, which takes a second each."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long, and no others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests marked long to scripts/test_long.sh: every commit's have eight minutes, for ever."""
    wanted = bool(config.getoption("--long"))
    config.hook.pytest_deselected(items=[item for item in items if is_long(item) != wanted])
    items[:] = [item for item in items if is_long(item) == wanted]


def is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None
