"""Runs the programs of a comparison in turns, each in a process of its own on one core, and takes medians."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from benchmarks.orders_file import PRODUCTS, Facts, Plan, as_json, write_orders

HERE: Final = Path(__file__).resolve().parent
OTHERS: Final = HERE / "requirements.txt"


class BenchmarkError(Exception):
    """There is nothing to compare."""


@dataclass(frozen=True)
class Program:
    """What is measured: a script in programs/.

    Those of ``others`` run in an environment of their own. One that would take minutes gets at most
    ``most_rows``. One that ``judges`` must find every bad row, unless ``blind`` tells what it cannot see.
    """

    name: str
    title: str
    others: bool = False
    most_rows: int | None = None
    judges: bool = True
    blind: str = ""

    def command(self, file: Path) -> list[str]:
        """Return the command that runs it on a file."""
        script = [str(HERE / "programs" / f"{self.name}.py"), str(file), str(PRODUCTS)]
        return [*one_core(), *(_with_others() if self.others else [sys.executable]), *script]


VALIDATION: Final = (
    Program("our_validation", "ours"),
    Program("naive_loop", "naive: csv.DictReader"),
    Program("tuned_loop", "tuned: csv.reader, memoised"),
    Program("with_frictionless", "frictionless", others=True, most_rows=100_000),
    Program(
        "with_pandera", "pandera, Polars", others=True, blind="rows with too many cells: Polars cuts them"
    ),
    Program("bare_parse", "Polars, bare parse", judges=False),
    Program("line_count", "wc -l", judges=False),
)
KPIS: Final = (
    Program("our_kpis", "ours", judges=False),
    Program("decimal_loop", "loop over csv.reader, Decimal", judges=False),
)


@dataclass(frozen=True)
class OrderFile:
    """A file and what is in it."""

    path: Path
    facts: Facts

    @classmethod
    def written(cls, folder: Path, plan: Plan) -> OrderFile:
        """Write a file of that plan, unless it is there."""
        path = folder / f"orders-{plan.rows}-{plan.bad_percent:g}.csv"
        return cls(path, write_orders(path, plan))


def one_core() -> list[str]:
    """Return what keeps a command on one core, with all that it starts; nothing where that cannot be had."""
    if not hasattr(os, "sched_getaffinity") or not shutil.which("taskset"):
        return []
    return ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))]


def _with_others() -> list[str]:
    uv = Path(sys.executable).with_name("uv")
    isolated = ["run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    return [str(uv) if uv.exists() else "uv", *isolated, "--with-requirements", str(OTHERS), "python"]


def compare(
    programs: Sequence[Program], folder: Path, plan: Plan, repetitions: int
) -> dict[str, dict[str, Any]]:
    """Run the programs in turns on a file of that plan, and return by name what each has made of it.

    Raises ``BenchmarkError`` when one fails or comes to another result than the rows were made to give.
    """
    files = {rows: OrderFile.written(folder, replace(plan, rows=rows)) for rows in _sizes(programs, plan)}
    answers: dict[str, list[dict[str, Any]]] = {program.name: [] for program in programs}
    for _ in range(repetitions):
        for program in programs:
            file = files[_rows(program, plan)]
            answer = run(program.command(file.path), program.title)
            _check(program, answer, file.facts)
            answers[program.name].append(answer)
    return {
        program.name: _summed_up(program, answers[program.name], files[_rows(program, plan)].facts)
        for program in programs
    }


def run(command: Sequence[str], title: str) -> dict[str, Any]:
    """Run a program to its end and return what it says in its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise BenchmarkError(
            f"{title} ended with {done.returncode}: {reason}; run it alone: {' '.join(command)}"
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return answer


def _sizes(programs: Iterable[Program], plan: Plan) -> set[int]:
    return {_rows(program, plan) for program in programs}


def _rows(program: Program, plan: Plan) -> int:
    return min(plan.rows, program.most_rows or plan.rows)


def _check(program: Program, answer: dict[str, Any], facts: Facts) -> None:
    expected = {"rows": facts.rows}
    if program.judges and not program.blind:
        expected["bad"] = facts.bad_rows
    wrong = {name: answer[name] for name, count in expected.items() if answer[name] != count}
    if wrong:
        raise BenchmarkError(f"{program.title} found {wrong} where {expected} was written")
    if "days" in answer and figures(answer["days"]) != figures(as_json(facts)["days"]):
        raise BenchmarkError(f"{program.title} came to other figures than the rows that were written")


def figures(value: Any, name: str = "") -> Any:
    """Return days' figures with revenue as a number, so that 1.50 is 1.5."""
    if isinstance(value, dict):
        return {key: figures(one, key) for key, one in value.items()}
    return Decimal(value) if name == "revenue" else value


def _summed_up(program: Program, answers: Sequence[dict[str, Any]], facts: Facts) -> dict[str, Any]:
    seconds = [answer["seconds"] for answer in answers]
    peaks = [answer["peak"] for answer in answers if answer["peak"] is not None]
    middle = statistics.median(seconds)
    return {
        "title": program.title,
        "rows": facts.rows,
        "bytes": facts.size,
        "seconds": middle,
        "spread": [min(seconds), max(seconds)],
        "cpu": statistics.median(answer["cpu"] for answer in answers),
        "rows_per_second": facts.rows / middle,
        "bytes_per_second": facts.size / middle,
        "peak": max(peaks, default=None),
        "bad": answers[0].get("bad"),
        "bad_written": facts.bad_rows if program.judges else None,
        "blind": program.blind,
    }
