"""The benchmark of engines: tiny sizes, and of the engines only ours."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mayfly.template import ROOT

FOLDER = ROOT / "benchmarks"
# An engine that answers at once; what it tells is made up, but for the number of retries.
STAND_IN = """
import time
from worker import serve

def make(definition):
    def run(given):
        return lambda: ("FAILED" if "fail" in given else "SUCCEEDED", len(definition))
    return run

serve(make)
"""


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def benchmark() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(FOLDER / "engines"))
        yield load(FOLDER / "engine.py")


@pytest.fixture
def stand_in(benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the benchmark's engines two stand-ins; return the module."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    specs = [benchmark.Spec("ours", script), benchmark.Spec("other", script, real_time=True)]
    monkeypatch.setattr(benchmark, "wanted", lambda _: (specs, {"MiniStack": "it is not there"}))
    return benchmark


def test_our_engine_does_all_the_work(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = benchmark.works(0.04)
    asked = [json.dumps({"definition": work.definition, "input": work.given}) for work in works]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(asked)))
    load(FOLDER / "engines" / "ours.py").main()
    ready, *answers = capsys.readouterr().out.splitlines()
    assert ready == "ready"
    told = {work.name: json.loads(answer) for work, answer in zip(works, answers, strict=True)}
    assert {one["status"] for one in told.values()} == {"SUCCEEDED"}
    # 40 turns of 2 states, and the last Choice; 40 items; 2 branches; a first try and 8 retries.
    events = {name: one["events"] for name, one in told.items()}
    assert (events["start"], events["loop"], events["map"]) == (4, 4 + 2 * 81, 6 + 4 * 40)
    assert events["retries"] > events["parallel"] > events["start"]


def test_the_orders_machine_is_run_to_its_end(benchmark: Any) -> None:
    measured = benchmark.orders(1)
    assert measured["seconds"] > 0
    assert measured["events"] > 100


def test_engines_are_compared_in_json(
    stand_in: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "result.json"
    assert stand_in.main(["--json", "--repetitions", "2", "--output", str(output)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert json.loads(output.read_text()) == result
    assert set(result["work"]) == {"start", "loop", "map", "parallel", "retries"}
    assert result["left_out"] == {"MiniStack": "it is not there"}
    ours, other = result["work"]["retries"]["engines"].values()
    assert (ours["times_ours"], ours["reckoned"], other["reckoned"]) == (1, False, True)
    assert other["events"] > 50 * ours["events"]  # 200 retries reckoned from 2


def test_engines_are_compared_in_a_table_and_nothing_is_written(
    stand_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert stand_in.main(["--repetitions", "1"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "2,000 Pass and Choice",
        "other",
        "MiniStack is left out: it is not there",
        "orders machine",
    ):
        assert words in shown
    assert set(tmp_path.iterdir()) == before


def test_an_execution_that_fails_ends_the_comparison(
    stand_in: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = stand_in.Work("loop", "states", 1, {}, {"fail": True})
    monkeypatch.setattr(stand_in, "works", lambda _: [failing])
    assert stand_in.main(["--json"]) == 1
    assert "loop on ours" in capsys.readouterr().err


def test_an_engine_that_does_not_start_says_why(stand_in: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise LookupError('no such engine')")
    with pytest.raises(stand_in.BenchmarkError, match="LookupError: no such engine"):
        stand_in.Engine(stand_in.Spec("broken", broken))


def test_ministack_is_left_out_where_it_is_not_installed(benchmark: Any) -> None:
    specs, left_out = benchmark.wanted(benchmark.arguments_of([]))
    assert [spec.name for spec in specs] == ["ours", "moto"]
    assert "has no module ministack" in left_out["MiniStack"]
