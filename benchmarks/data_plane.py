#!/usr/bin/env python
"""Measures the validator and the transformer side by side with what else one might use, on the same files.

Writes benchmarks/results.md. benchmarks/README.md says what is measured and what makes it fair. Exits with 0,
whatever goals are reached, or with 1 when a program fails or comes to a wrong result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "ecs")]

# Found by the path that was just set.
from benchmarks import comparison, whole_process  # noqa: E402
from benchmarks.comparison import KPIS, VALIDATION, BenchmarkError, OrderFile, Program, compare  # noqa: E402
from benchmarks.orders_file import Plan  # noqa: E402
from benchmarks.results_page import page  # noqa: E402
from mayfly.console import CommandError  # noqa: E402

SMALL_ROWS: Final = 1_000
PARTS: Final = ("validation", "kpis", "processes")


def main(argv: Sequence[str]) -> int:
    """Measure, print and write; return the exit code."""
    arguments = arguments_of(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="mayfly-benchmark-") as folder:
            result = measured(arguments, Path(folder))
    except (BenchmarkError, CommandError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    text = page(result)
    print(json.dumps(result, indent=2) if arguments.json else text)
    arguments.output.write_text(text, encoding="utf-8")
    return 0


def arguments_of(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = tuple(program.name for program in (*VALIDATION, *KPIS))
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="(default: %(default)s)")
    parser.add_argument(
        "--large-rows", type=int, metavar="N", help="run the containers' whole processes on so many, too"
    )
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--bad-percent", type=float, default=1.0, metavar="P", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(default: %(default)s)")
    parser.add_argument(
        "--only", nargs="+", choices=[*PARTS, *names], metavar="NAME", help=", ".join(PARTS + names)
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--output", type=Path, default=HERE / "results.md", metavar="FILE", help="(default: %(default)s)"
    )
    return parser.parse_args(argv)


def measured(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what all the parts that are asked for have come to."""
    valid = Plan(arguments.rows, seed=arguments.seed)
    bad = Plan(arguments.rows, arguments.bad_percent, seed=arguments.seed)
    judging, computing = (
        wanted(arguments.only, "validation", VALIDATION),
        wanted(arguments.only, "kpis", KPIS),
    )
    repetitions = arguments.repetitions
    validation = {
        name: compare(judging, folder, plan, repetitions)
        for name, plan in (("valid", valid), ("bad", bad))
        if judging
    }
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["data_plane.py", *sys.argv[1:]]),
        "repetitions": repetitions,
        "machine": machine(),
        "versions": versions(),
        "validation": validation,
        "kpis": compare(computing, folder, valid, repetitions) if computing else {},
        "processes": processes(arguments, folder) if "processes" in (arguments.only or PARTS) else [],
    }


def wanted(only: Sequence[str] | None, part: str, programs: Sequence[Program]) -> list[Program]:
    """Return the programs of a part that are asked for: all, unless some are named and the part is not."""
    if only is None or part in only:
        return list(programs)
    return [program for program in programs if program.name in only]


def processes(arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Measure whole processes on a small file, on the files of the other parts, and on large ones."""
    percentages = (0.0, arguments.bad_percent)
    sizes = [(SMALL_ROWS, 0.0, arguments.repetitions)]
    sizes += [(arguments.rows, percent, arguments.repetitions) for percent in percentages]
    sizes += [(arguments.large_rows, percent, 1) for percent in percentages if arguments.large_rows]
    found = []
    for rows, percent, repetitions in sizes:
        file = OrderFile.written(folder, Plan(rows, percent, seed=arguments.seed))
        # A fresh one for each: what it held before must not slow it down.
        with whole_process.pipeline(folder) as aws:
            found.append(whole_process.measure(aws, file, repetitions))
    return found


def machine() -> dict[str, Any]:
    """Describe the machine, without its name."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    optimised = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"CPython {platform.python_version()}, built {'with' if optimised else 'without'} PGO",
        "pinned": "Each program has one core." if comparison.one_core() else "The programs have all cores.",
    }


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    named = re.search(r"^model name\s*:\s*(.+)$", described, re.MULTILINE)
    return named[1] if named else platform.machine()


def versions() -> list[str]:
    """Return the versions of the libraries that are measured, ours and the others'."""
    ours = [f"{name} {version(name)}" for name in ("polars", "duckdb", "numpy", "boto3")]
    named = re.compile(r"^(?:frictionless|pandera)==\S+", re.MULTILINE)
    others = named.findall(comparison.OTHERS.read_text(encoding="utf-8"))
    return ours + [found.replace("==", " ") for found in others]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
