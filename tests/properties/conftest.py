from __future__ import annotations

from pathlib import Path

import pytest

from tests.properties.plain_warehouse import PlainWarehouse


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plain Python stand in for DuckDB."""
    monkeypatch.setattr("transformer.transformer.Warehouse", PlainWarehouse)
    monkeypatch.setattr("mayfly.data.workbench.Warehouse", PlainWarehouse)
