"""Ten million rows through the images, in 512 MB each. For scripts/test_long.sh."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.orders_file import Facts, Plan, write_orders
from local_aws.server import LocalAws
from tests.long.containers import CONFINED, Built, docker, in_container, inspect, settings
from tests.unit.ecs.support import INPUT, Aws

pytestmark = pytest.mark.timeout(3_600)

SMALL, LARGE = 1_000_000, 10_000_000
MOST_BYTES_A_ROW = 16
KEY = "input/orders.csv"


@dataclass(frozen=True)
class Ended:
    """A container that has ended."""

    code: int
    log: list[dict[str, Any]]

    @property
    def figures(self) -> dict[str, Any]:
        """Return the last line that tells what the run took."""
        return next(line for line in reversed(self.log) if "peak_memory_bytes" in line)


Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what prints in spite of pytest: figures are half of what this is for."""

    def printed(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", end="")

    return printed


def run(image: Built, environ: Mapping[str, str]) -> Ended:
    """Run a container to its end; it must not have been killed for its memory."""
    container = docker("create", *CONFINED, *settings(environ), image.tag).stdout.strip()
    try:
        done = docker("start", "--attach", container, check=False)
        state = inspect("container", container)["State"]
        assert not state["OOMKilled"], done.stdout[-2_000:]
        return Ended(state["ExitCode"], [json.loads(line) for line in done.stdout.splitlines()])
    finally:
        docker("rm", "--force", "--volumes", container)


def uploaded(aws: Aws, local: LocalAws, folder: Path, plan: Plan) -> tuple[dict[str, str], Facts]:
    """Upload and claim a file of that plan; return its containers' environment, and what is in it."""
    path = folder / "orders.csv"
    facts = write_orders(path, plan)
    with path.open("rb") as body:
        version = aws.s3.put_object(Bucket=INPUT, Key=KEY, Body=body)["VersionId"]
    path.unlink()
    return in_container(local, aws.start(KEY, version)), facts


def told(name: str, ended: Ended) -> str:
    figures = ended.figures
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in figures["stages"].items())
    peak = figures["peak_memory_bytes"] / 2**20
    return f"{name}: {figures['rows']:,} rows in {figures['seconds']:.1f} s ({stages}), {peak:.0f} MiB"


def figures_of(aws: Aws) -> dict[str, tuple[Any, ...]]:
    """Return the days in the tables: orders, items, revenue, customers, rate, and each category's revenue."""
    days: dict[str, tuple[Any, ...]] = {}
    revenues: dict[str, dict[str, Decimal]] = {}
    for (date, category), item in aws.categories().items():
        revenues.setdefault(date, {})[category] = Decimal(item["daily_revenue"])
    for date, item in aws.orders().items():
        days[date] = (
            int(item["total_orders"]),
            int(item["total_items_sold"]),
            Decimal(item["total_revenue"]),
            int(item["unique_customers"]),
            Decimal(item["return_rate"]),
            revenues[date],
        )
    return days


def figures_written(facts: Facts) -> dict[str, tuple[Any, ...]]:
    return {
        date: (
            day.total.orders,
            day.total.items,
            day.total.revenue,
            day.customers,
            round(Decimal(day.total.returned) / day.total.orders, 6),
            {name: sums.revenue for name, sums in day.categories.items()},
        )
        for date, day in facts.days.items()
    }


def growth(runs: list[Ended]) -> float:
    """Return by how many bytes a row the peak of memory grows."""
    small, large = (run.figures["peak_memory_bytes"] for run in runs)
    bytes_a_row: float = (large - small) / (LARGE - SMALL)
    return bytes_a_row


def test_ten_million_rows_become_kpis_in_512_mb(
    images: dict[str, Built], aws: Aws, local: LocalAws, tmp_path: Path, say: Say
) -> None:
    validators, transformers = [], []
    for rows in (SMALL, LARGE):
        environ, facts = uploaded(aws, local, tmp_path, Plan(rows))
        validators.append(run(images["validator"], environ))
        say(told("validator", validators[-1]))
        assert (validators[-1].code, aws.handoff(environ)["rows"]) == (0, rows)
        transformers.append(run(images["transformer"], environ))
        say(told("transformer", transformers[-1]))
        assert transformers[-1].code == 0
        # Of a key that is used again, the newer version counts.
        assert figures_of(aws) == figures_written(facts)
    for name, runs in (("validator", validators), ("transformer", transformers)):
        say(f"{name}: {growth(runs):.1f} bytes a row")
        assert growth(runs) <= MOST_BYTES_A_ROW


def test_ten_million_rows_with_bad_ones_are_reported_in_512_mb(
    images: dict[str, Built], aws: Aws, local: LocalAws, tmp_path: Path, say: Say
) -> None:
    runs = []
    for rows in (SMALL, LARGE):
        environ, facts = uploaded(aws, local, tmp_path, Plan(rows, bad_percent=1))
        runs.append(run(images["validator"], environ))
        say(told("validator, 1 % bad", runs[-1]))
        assert runs[-1].code == 65
        report = aws.report(environ)
        assert (report["rows_read"], report["rows_rejected"]) == (rows, facts.bad_rows)
        assert report["counts"]["by_rule"] == facts.rules
        lines = io.TextIOWrapper(io.BytesIO(aws.rejected(environ, "csv")), "utf-8", newline="")
        assert sum(1 for _ in csv.reader(lines)) == 1 + facts.bad_rows
    assert aws.keys("handoff/") == aws.keys("cleaned/") == []
    say(f"validator, 1 % bad: {growth(runs):.1f} bytes a row\n")
    assert growth(runs) <= MOST_BYTES_A_ROW
