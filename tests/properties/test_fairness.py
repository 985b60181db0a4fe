from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.properties.machine import Arrival
from tests.properties.plain_warehouse import PlainWarehouse
from tests.properties.scheduling import take_time
from tests.properties.worlds import World, assert_right, row, upload
from transformer.kpis import DayNumbers
from transformer.warehouse import PartFile

_SLOW_FROM_ROWS = 50


class _BusyWarehouse(PlainWarehouse):
    """Takes a minute for a day of which its own file has many rows, and a moment for others."""

    def compute_day(self, parts: Sequence[PartFile]) -> DayNumbers:
        numbers = super().compute_day(parts)
        own = [part.path.read_bytes() for part in parts if "fetched" not in part.path.name]
        is_big = any(body.count(b"\n") > _SLOW_FROM_ROWS for body in own)
        take_time(60.0 if is_big else 1.0)
        return numbers


def test_a_big_file_is_not_starved_by_a_stream_of_small_ones(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformer.transformer.Warehouse", _BusyWarehouse)
    big = upload("big", 1, *(row(f"B-{number}") for number in range(100)))
    small = [
        Arrival(upload(f"small-{number}", number + 2, row(f"S-{number}"), second=2), seconds=10.0 * number)
        for number in range(35)
    ]
    pipeline = World(7, (Arrival(big), *small)).run(scratch)
    assert_right(pipeline)
    assert set(pipeline.codes) == {0}
    assert pipeline.claim_of(big)["committed_at"] < pipeline.claim_of(small[-1].upload)["started_at"]
