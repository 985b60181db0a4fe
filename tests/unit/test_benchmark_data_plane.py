"""The benchmarks of the data plane: small files, and of the programs those that need nothing else."""

from __future__ import annotations

import csv
import hashlib
import importlib
import json
import platform
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks import comparison, data_plane, orders_file, pipeline_stages
from benchmarks.comparison import BenchmarkError, Program, compare, figures
from benchmarks.cost import Task, Usage, cost
from benchmarks.orders_file import PRODUCTS, Plan, as_json, write_orders
from benchmarks.results_page import goals, table
from mayfly.template import ROOT

# A program that says what it is told to say, and how long it would have taken.
STAND_IN = """
import json, sys
answer = json.loads({answer!r})
print(json.dumps({{"seconds": 2.0, "cpu": 1.5, "peak": 1000000, **answer}}))
sys.exit({code})
"""
Run = Callable[[str, Path], dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs one of the measured programs in this process."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "programs")
    meter = importlib.import_module("meter")

    def ran(name: str, path: Path) -> dict[str, Any]:
        program: Any = importlib.import_module(name)
        monkeypatch.setattr(sys, "argv", [name, str(path), str(PRODUCTS)])
        works = (getattr(program, work, None) for work in ("validate", "compute", "parse", "count"))
        meter.measure(next(work for work in works if work))
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return ran


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Program]:
    """Return what makes programs that answer as they are told."""
    (tmp_path / "programs").mkdir()
    monkeypatch.setattr(comparison, "HERE", tmp_path)

    def made(name: str, title: str = "", code: int = 0, **answer: Any) -> Program:
        script = STAND_IN.format(answer=json.dumps({"rows": 100, "bad": 0, **answer}), code=code)
        (tmp_path / "programs" / f"{name}.py").write_text(script)
        return Program(name, title or name)

    return made


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_orders(path, Plan(1_000, bad_percent=5, days=4, seed=7))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == "af2825496065a8153849a1b2a056ddc63b01fde6d5d3ddb23c403a1180b483a7"


def test_what_is_told_of_a_file_is_what_a_plain_reading_finds(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    facts = write_orders(path, Plan(3_000, days=3))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (facts.rows, facts.size, facts.bad_rows) == (len(rows), path.stat().st_size, 0)
    for date, day in facts.days.items():
        of_day = [row for row in rows if row["order_date"] == date]
        assert day.customers == len({row["customer_id"] for row in of_day})
        assert day.total.revenue == sum(int(row["quantity"]) * Decimal(row["unit_price"]) for row in of_day)
        assert day.total.items == sum(int(row["quantity"]) for row in of_day)
        assert day.total.returned == sum(row["returned"] == "true" for row in of_day)
        counted = Counter(row["category"] for row in of_day)
        assert {name: sums.orders for name, sums in day.categories.items()} == counted
    assert sum(day.total.orders for day in facts.days.values()) == 3_000


def test_every_second_row_at_most_is_bad_and_every_fault_comes(tmp_path: Path) -> None:
    facts = write_orders(tmp_path / "orders.csv", Plan(1_000, bad_percent=50))
    assert facts.bad_rows == 500
    assert set(facts.rules) == {rule for rule, _ in orders_file.FAULTS}


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"days": 0}, {"bad_percent": 51}, {"bad_percent": -1}])
def test_a_file_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rows must be"):
        Plan(**{"rows": 10, **wrong})


def test_the_generator_prints_what_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "orders.csv"
    assert orders_file.main([str(path), "--rows", "20", "--bad-percent", "50", "--days", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["bad_rows"]) == (20, 10)
    assert set(told["days"]) <= {"2025-07-01", "2025-07-02"}


@pytest.mark.parametrize("name", ["naive_loop", "tuned_loop", "our_validation"])
def test_every_validation_finds_the_bad_rows_that_were_written(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "orders.csv"
    facts = write_orders(path, Plan(20_000, bad_percent=2))  # big enough for the validator's fast way
    answer = run(name, path)
    assert (answer["rows"], answer["bad"], answer["findings"]) == (20_000, facts.bad_rows, facts.bad_rows)
    assert answer["seconds"] > 0


@pytest.mark.parametrize("name", ["decimal_loop", "our_kpis"])
def test_both_ways_to_the_kpis_come_to_what_was_written(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "orders.csv"
    facts = write_orders(path, Plan(5_000))
    assert figures(run(name, path)["days"]) == figures(as_json(facts)["days"])


def test_the_rest_reads_every_row(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_orders(path, Plan(1_000, bad_percent=10))
    assert {run(name, path)["rows"] for name in ("bare_parse", "line_count")} == {1_000}


def test_programs_are_compared_by_medians(stand_in: Callable[..., Program], tmp_path: Path) -> None:
    programs = [stand_in("one"), stand_in("other", seconds=8.0)]
    found = compare(programs, tmp_path, Plan(100), repetitions=2)
    assert [one["rows_per_second"] for one in found.values()] == [50, 12.5]
    assert found["one"]["bad_written"] == 0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"bad": 3}, "found {'bad': 3} where {'rows': 100, 'bad': 0} was written"),
        ({"rows": 99}, "found {'rows': 99}"),
        ({"days": {}}, "came to other figures"),
        ({"code": 2}, "ended with 2"),
    ],
)
def test_a_wrong_result_ends_the_comparison(
    stand_in: Callable[..., Program], tmp_path: Path, said: dict[str, Any], words: str
) -> None:
    with pytest.raises(BenchmarkError) as raised:
        compare([stand_in("wrong", **said)], tmp_path, Plan(100), repetitions=1)
    assert words in str(raised.value)


def test_the_page_has_every_program_and_every_goal(
    stand_in: Callable[..., Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = 50
    judging = [
        stand_in("our_validation", "ours", seconds=0.1, bad=bad),
        stand_in("naive_loop", "naive", seconds=2.2, bad=bad),
        stand_in("bare_parse", "parse", seconds=0.05, bad=bad),
    ]
    monkeypatch.setattr(data_plane, "VALIDATION", judging)
    monkeypatch.setattr(comparison, "_check", lambda *_: None)
    output = tmp_path / "results.md"
    arguments = ["--rows", "100", "--repetitions", "1", "--only", "validation", "--output", str(output)]
    assert data_plane.main(arguments) == 0
    assert output.read_text() == capsys.readouterr().out.removesuffix("\n")
    lines = output.read_text().splitlines()
    assert ["| ours  | 100  | 0.100 |" in line for line in lines].count(True) == 2  # valid, and bad
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if "= " in line]
    reached = {what: verdict for _, what, _, _, verdict, _ in cells}
    assert reached["validation, valid rows, against the naive loop"] == "reached"  # 22 times
    assert reached["validation, valid rows, against the engine's bare parse"] == (
        "**not reached**"  # 2 x its time
    )
    assert reached["validation, valid rows, against frictionless"] == "not measured"
    assert platform.node() not in output.read_text()


def test_a_failed_benchmark_writes_nothing(
    stand_in: Callable[..., Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(data_plane, "VALIDATION", [stand_in("our_validation", code=3)])
    output = tmp_path / "results.md"
    assert data_plane.main(["--rows", "100", "--only", "our_validation", "--output", str(output)]) == 1
    assert "ended with 3" in capsys.readouterr().err
    assert not output.exists()


def process(rows: int, peak: int, seconds: float = 1.0) -> dict[str, Any]:
    runs = {"start": {"seconds": 0.4, "stages": {}, "peak": None}}
    runs["validator"] = runs["transformer"] = {"seconds": seconds, "stages": {"judge": 0.5}, "peak": peak}
    return {"rows": rows, "bytes": rows * 67, "bad": 0, "processes": runs}


def test_memory_is_judged_by_its_growth_and_by_the_container() -> None:
    measured = [
        process(1_000, 80 << 20, 0.8),
        process(10**6, 100 << 20),
        process(10**7, (100 << 20) + 90 * 10**6),
    ]
    found = {goal.what: goal for goal in goals({"validation": {}, "kpis": {}, "processes": measured})}
    growth = found["validator, growth of memory"]
    assert (growth.found, growth.reached) == ("10.0 bytes a row", True)
    assert found["transformer, 10 million rows"].found == "186 MiB"
    small = found["validator, 1,000 rows, besides its start"]
    assert (small.found, small.reached) == ("0.40 s", True)
    too_much = [process(10**6, 100 << 20), process(10**7, 600 << 20)]
    found = {goal.what: goal for goal in goals({"validation": {}, "kpis": {}, "processes": too_much})}
    assert found["validator, growth of memory"].reached is False
    assert found["validator, 10 million rows"].reached is False


def test_a_run_costs_what_its_tasks_transitions_writes_and_requests_cost() -> None:
    # By hand: a quarter of a vCPU and half a GB for the minute that is paid at least, and for an hour.
    usage = Usage((Task(10, 0.25, 0.5), Task(3_600, 0.25, 0.5)), transitions=40, items=31, puts=10, gets=100)
    found = cost(usage)
    assert found["Fargate"] == pytest.approx((0.25 * 0.04048 + 0.5 * 0.004445) * (1 + 1 / 60))
    assert found["Step Functions"] == pytest.approx(0.001)
    assert found["DynamoDB"] == pytest.approx(62 * 0.625e-6)
    assert found["S3"] == pytest.approx(10 * 5e-6 + 100 * 4e-7)


def test_a_container_is_taken_apart_by_its_task_and_its_log() -> None:
    began = 1_750_000_000_000  # ms
    task = {
        "CreatedAt": began,
        "PullStartedAt": began + 8_000,
        "StartedAt": began + 18_000,
        "StoppedAt": began + 22_000,
        "Cpu": "256",
        "Memory": "512",
    }
    last = {"time": "2025-06-15T15:07:01.500Z", "seconds": 2.0, "stages": {"read": 0.25, "judge": 1.5}}
    steps = pipeline_stages.container_steps(task, [{"time": "2025-06-15T15:06:59.000Z"}, last])
    assert steps == {
        "provision and pull": 18,
        "start and import": 1.5,
        "read": 0.25,
        "judge": 1.5,
        "other": 0.25,
    }
    assert pipeline_stages.billed(task) == Task(14, 0.25, 0.5)


def test_a_table_is_as_wide_as_its_longest_cells() -> None:
    assert table([["a", "long"], ["wider", "b"]]) == "| a     | long |\n|-------|------|\n| wider | b    |"
