"""What the demo prints at its end."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from typing import Any

import pytest

from mayfly.demo.report import show

RESULT: dict[str, Any] = {
    "order_kpis": [
        {
            "order_date": "2025-07-01",
            "total_orders": 6,
            "total_revenue": Decimal("590.43"),
            "total_items_sold": 13,
            "return_rate": Decimal("0.333333"),
            "unique_customers": 4,
        }
    ],
    "category_kpis": [],
    "notifications": [{"topic": "pipeline-success", "subject": "Mayfly: done", "message": "one\n[two]"}],
    "files": {"input/a.csv": "processed"},
    "left": {"clusters": 0, "task_definitions": 1},
    "seconds": 9.81,
}


class Screen(io.StringIO):
    encoding = "utf-8"

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> list[str]:
    screen = Screen(terminal=terminal)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    show(RESULT)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_off_a_terminal_a_table_s_row_is_one_line_under_the_columns_own_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = shown(monkeypatch, terminal=False)
    names = "order_date   total_orders   total_revenue   total_items_sold   return_rate   unique_customers"
    assert f"  {names}" in lines
    for line in (
        "CategoryKPIs (0 items)", "Notice to pipeline-success: Mayfly: done", "    [two]",
        "input/a.csv is now in processed", "0 clusters, 1 task definitions left", "This took 9.8 s.",
    ):  # fmt: skip
        assert line in lines


def test_on_a_narrow_terminal_the_columns_names_wrap_and_the_rows_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = shown(monkeypatch, terminal=True)
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines if "590.43" in line] == [
        ["2025-07-01", "6", "590.43", "13", "0.333333", "4"]
    ]
