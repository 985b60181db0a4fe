#!/usr/bin/env python
"""Measures three engines for the States Language side by side: this project's, moto's and MiniStack's.

benchmarks/README.md says what is measured and what makes it fair. Exits with 0, or with 1 when an execution
did not succeed, so that there is nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
ENGINES: Final = HERE / "engines"
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
OURS: Final = "ours"
ORDERS_GOAL: Final = 0.1  # seconds
REAL_RETRIES: Final = 2  # that are waited for where a retry's second is a real one


class BenchmarkError(Exception):
    """There is nothing to compare."""


@dataclass(frozen=True)
class Work:
    """A machine and its input; `size` counts what it does most of."""

    name: str
    what: str
    size: int
    definition: dict[str, Any]
    given: dict[str, Any]


def works(scale: float) -> list[Work]:
    """Return all work, its sizes multiplied by `scale`."""

    def sized(size: int) -> int:
        return max(1, round(size * scale))

    turns, items, branches, retries = sized(1_000), sized(1_000), sized(50), sized(200)
    parallel = read("parallel")
    (branch,) = parallel["States"]["Together"]["Branches"]
    parallel["States"]["Together"]["Branches"] = [numbered(branch, n) for n in range(branches)]
    return [
        Work("start", "start and end", 1, read("start"), {}),
        Work("loop", "Pass and Choice states", 2 * turns, read("loop"), {"left": turns}),
        Work("map", "items of a Map", items, read("map"), {"items": [{"item": n} for n in range(items)]}),
        Work("parallel", "branches of a Parallel", branches, parallel, {}),
        retrying(retries),
    ]


def numbered(branch: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a branch with other names for its states: in a whole machine each name is there once."""
    text = json.dumps(branch)
    for name in branch["States"]:
        text = text.replace(f'"{name}"', f'"{name} {number}"')
    made: dict[str, Any] = json.loads(text)
    return made


def retrying(retries: int) -> Work:
    """Return a machine that is tried again so many times."""
    definition = read("retries")
    definition["States"]["Try"]["Retry"][0]["MaxAttempts"] = retries
    return Work("retries", "retries", retries, definition, {})


def read(name: str) -> dict[str, Any]:
    """Return a machine's definition."""
    definition: dict[str, Any] = json.loads((HERE / "machines" / f"{name}.json").read_text(encoding="utf-8"))
    return definition


@dataclass(frozen=True)
class Run:
    """What an execution took, in seconds by the clock and of processors; `reckoned` from a smaller one."""

    seconds: float
    cpu: float
    events: int
    reckoned: bool


@dataclass(frozen=True)
class Spec:
    """How an engine's process is started; in `real_time` it waits for retries, so only a few are made."""

    name: str
    script: Path
    python: str = sys.executable
    real_time: bool = False


class Engine:
    """An engine in a process of its own, of which one execution after the other is asked."""

    def __init__(self, spec: Spec) -> None:
        self.name = spec.name
        self._real_time = spec.real_time
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [spec.python, str(spec.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ENGINES)])},
        )
        if self._answer() != "ready":
            raise BenchmarkError(f"the engine of {self.name} did not start: {self._last_words()}")

    def measure(self, work: Work) -> Run:
        """Return what one execution took."""
        asked = work
        if work.name == "retries" and self._real_time and work.size > REAL_RETRIES:
            asked = retrying(REAL_RETRIES)
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        self._process.stdin.write(json.dumps({"definition": asked.definition, "input": asked.given}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if not answer or (measured := json.loads(answer))["status"] != "SUCCEEDED":
            raise BenchmarkError(f"{work.name} on {self.name}: {answer or self._last_words()}")
        factor = work.size / asked.size
        events = round(measured["events"] * factor)
        return Run(measured["seconds"] * factor, measured["cpu"] * factor, events, asked is not work)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
        self._errors.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        return self._process.stdout.readline().strip()

    def _last_words(self) -> str:
        self._process.wait(timeout=60)
        self._errors.seek(0)
        return self._errors.read().strip().rpartition("\n")[2] or f"exit code {self._process.returncode}"


def wanted(arguments: argparse.Namespace) -> tuple[list[Spec], dict[str, str]]:
    """Return the engines that are asked for and there, and why others are left out."""
    specs = [Spec(OURS, ENGINES / "ours.py")]
    if arguments.ours_only:
        return specs, {}
    specs.append(Spec("moto", ENGINES / "moto_parser.py", real_time=not arguments.wait_for_moto))
    python = arguments.ministack or sys.executable
    if subprocess.run([python, "-c", "import ministack"], capture_output=True, check=False).returncode:
        why = f"{python} has no module ministack; see benchmarks/README.md for --ministack"
        return specs, {"MiniStack": why}
    return [*specs, Spec("MiniStack", ENGINES / "ministack_states.py", python)], {}


def compare(started: list[Engine], todo: list[Work], repetitions: int) -> dict[str, Any]:
    """Measure all work on all engines, in turns; return medians and spreads, also as multiples of ours."""
    for engine in started:
        for work in works(0.01):
            engine.measure(work)  # warm
    found: dict[tuple[str, str], list[Run]] = {}
    for _ in range(repetitions):
        for work in todo:
            for engine in started:
                found.setdefault((work.name, engine.name), []).append(engine.measure(work))
    result: dict[str, Any] = {}
    for work in todo:
        ours = statistics.median(run.seconds for run in found[work.name, OURS])
        measured = {engine.name: described(found[work.name, engine.name], ours) for engine in started}
        result[work.name] = {"what": work.what, "size": work.size, "engines": measured}
    return result


def described(runs: list[Run], ours: float) -> dict[str, Any]:
    """Return what the runs of an engine come to."""
    times = [run.seconds for run in runs]
    middle = statistics.median(times)
    return {
        "seconds": middle,
        "spread": [min(times), max(times)],
        "cpu": statistics.median(run.cpu for run in runs),
        "events": runs[0].events,
        "events_per_second": runs[0].events / middle,
        "times_ours": middle / ours,
        "reckoned": runs[0].reckoned,
    }


def orders(repetitions: int) -> dict[str, Any]:
    """Measure the orders machine in virtual time, its tasks' results given."""
    # Loaded here: the other engines' times must not depend on it.
    from local_aws.replay.execution import run  # noqa: PLC0415
    from mayfly.local.step_functions_mocks import ASL, FOLDER, generate, substituted  # noqa: PLC0415

    given = json.loads((FOLDER / "input.json").read_text(encoding="utf-8"))
    results = answers(generate(("FileProcessed",)))
    case = {"definition": substituted(ASL), "input": given, "task_results": results}
    times = []
    for _ in range(repetitions + 1):
        begun = time.perf_counter()
        outcome = run(case)
        times.append(time.perf_counter() - begun)
        if outcome.status != "SUCCEEDED":
            raise BenchmarkError(f"the orders machine {outcome.status}: {outcome.error}: {outcome.cause}")
    seconds = statistics.median(times[1:])
    return {"seconds": seconds, "first": times[0], "events": len(outcome.events), "goal": ORDERS_GOAL}


def answers(generated: Any) -> list[dict[str, Any]]:
    """Return the one scenario's answers as task results."""
    (machine,) = generated.mocks["StateMachines"].values()
    (states,) = machine["TestCases"].values()
    return [
        {"state": state, "returns": answer["Return"]}
        for state, response in states.items()
        for answer in generated.mocks["MockedResponses"][response].values()
    ]


def show(result: dict[str, Any]) -> None:
    """Print a table."""
    table = Table(title=f"Engines, {result['repetitions']} runs each in turns, medians", title_justify="left")
    table.add_column("work")
    table.add_column("engine")
    for name in ("seconds", "from - to", "CPU seconds", "events", "events/s", "x ours"):
        table.add_column(name, justify="right", no_wrap=True)
    for work in result["work"].values():
        for position, (name, one) in enumerate(work["engines"].items()):
            about = "about " if one["reckoned"] else ""
            table.add_row(
                f"{work['size']:,} {work['what']}" if position == 0 else "",
                name,
                f"{about}{one['seconds']:.4f}",
                f"{one['spread'][0]:.4f} - {one['spread'][1]:.4f}",
                f"{one['cpu']:.4f}",
                f"{one['events']:,}",
                f"{one['events_per_second']:,.0f}",
                f"{one['times_ours']:.1f}",
            )
        table.add_section()
    console = Console(width=max(120, shutil.get_terminal_size().columns))
    console.print(table)
    for name, why in result["left_out"].items():
        console.print(f"{name} is left out: {why}")
    machine = result["orders"]
    console.print(
        f"The orders machine, in virtual time: {machine['seconds']:.4f} s, {machine['first']:.4f} s the "
        f"first time, {machine['events']} events (goal: {machine['goal']} s)"
    )


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="(default: %(default)s)")
    parser.add_argument(
        "--scale", type=float, default=1.0, metavar="X", help="multiplies all sizes (default: 1)"
    )
    parser.add_argument("--ministack", metavar="PYTHON", help="an interpreter that has MiniStack")
    parser.add_argument("--ours-only", action="store_true", help="measure no other engine")
    parser.add_argument(
        "--wait-for-moto", action="store_true", help="let moto wait for each retry, a second each, for real"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON to a file, too")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measure and print; return the exit code."""
    arguments = arguments_of(argv)
    specs, left_out = wanted(arguments)
    started: list[Engine] = []
    try:
        started += map(Engine, specs)
        result = {
            "python": platform.python_version(),
            "repetitions": arguments.repetitions,
            "work": compare(started, works(arguments.scale), arguments.repetitions),
            "orders": orders(arguments.repetitions),
            "left_out": left_out,
        }
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        for engine in started:
            engine.close()
    text = json.dumps(result, indent=2)
    if arguments.json:
        print(text)
    else:
        show(result)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
