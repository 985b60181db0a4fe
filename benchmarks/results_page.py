"""The results of data_plane.py as a page of Markdown, which is as readable in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.whole_process import TRANSFORMER, VALIDATOR

CONTAINER_BYTES: Final = 512 * 1024 * 1024
_NOTHING: Final = "-"


@dataclass(frozen=True)
class Goal:
    """A goal, and what this run came to; ``reached`` is None when the run has not measured it."""

    what: str
    wanted: str
    found: str
    reached: bool | None


def page(result: dict[str, Any]) -> str:
    """Return the whole page."""
    machine = result["machine"]
    head = [
        "# Results of data_plane.py",
        "",
        f"{result['date']}, by `{result['command']}`: {result['repetitions']} runs each in turns, medians.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']};",
        f"{machine['python']}; {', '.join(result['versions'])}. {machine['pinned']}",
        "[README.md](README.md) says what is measured. Only ratios within a run carry over.",
    ]
    parts = ["\n".join(head)]
    for name, title in (("valid", "Validation, valid rows"), ("bad", "Validation, bad rows among them")):
        if name in result["validation"]:
            parts.append(f"## {title}\n\n{_programs(result['validation'][name], 'naive_loop')}")
    if result["kpis"]:
        parts.append(f"## KPIs, exact\n\n{_programs(result['kpis'], 'decimal_loop')}")
    if result["processes"]:
        parts.append(f"## Whole processes\n\n{_processes(result['processes'])}")
    parts.append(f"## Goals\n\n{goals_table(goals(result))}")
    return "\n\n".join(parts) + "\n"


def _programs(found: dict[str, dict[str, Any]], base: str) -> str:
    by_base = "x naive" if base == "naive_loop" else "x loop"
    head = ["", "rows", "s", "from - to", "CPU s", "rows/s", "MB/s", by_base, "peak MB", "bad rows found"]
    rows, notes = [head], []
    for one in found.values():
        ratio = one["rows_per_second"] / found[base]["rows_per_second"] if base in found else 0.0
        mark = "*" if one["blind"] else ""
        bad = _NOTHING
        if one["bad_written"] is not None:
            bad = f"{one['bad']:,} of {one['bad_written']:,}{mark}"
        if mark and one["bad"] != one["bad_written"]:
            notes.append(f"\\* It does not see {one['blind']}.")
        rows.append(
            [
                one["title"],
                f"{one['rows']:,}",
                f"{one['seconds']:.3f}",
                f"{one['spread'][0]:.3f} - {one['spread'][1]:.3f}",
                f"{one['cpu']:.3f}",
                f"{one['rows_per_second']:,.0f}",
                f"{one['bytes_per_second'] / 1e6:,.1f}",
                f"{ratio:.1f}" if ratio else _NOTHING,
                _megabytes(one["peak"]),
                bad,
            ]
        )
    return "\n\n".join([table(rows), *notes])


def _processes(found: Sequence[dict[str, Any]]) -> str:
    rows = [["rows", "bad", "process", "s", "of it, by its log", "peak MB"]]
    for one in found:
        for name, process in one["processes"].items():
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in process["stages"].items())
            rows.append(
                [
                    f"{one['rows']:,}",
                    f"{one['bad']:,}",
                    "Python, boto3 and its clients" if name == "start" else name,
                    f"{process['seconds']:.2f}",
                    stages or _NOTHING,
                    _megabytes(process["peak"]),
                ]
            )
    return table(rows)


def goals(result: dict[str, Any]) -> list[Goal]:
    """Return what this run says about each goal."""
    valid, bad = result["validation"].get("valid", {}), result["validation"].get("bad", {})
    return [
        _at_least("validation, valid rows, against the naive loop", 20, _ratio(valid, "naive_loop")),
        _at_most("validation, valid rows, against the engine's bare parse", 1.5, _ratio(valid, "bare_parse")),
        _at_least("validation, bad rows among them, against the naive loop", 12, _ratio(bad, "naive_loop")),
        _at_least("validation, valid rows, against frictionless", 40, _ratio(valid, "with_frictionless")),
        _at_least("KPIs, exact, against the loop of Decimals", 6, _ratio(result["kpis"], "decimal_loop")),
        *_memory_goals(result["processes"]),
        *_small_file_goals(result["processes"]),
    ]


def _ratio(found: dict[str, dict[str, Any]], other: str) -> float | None:
    """Return how many times as many rows a second ours does."""
    ours = found.get("our_validation") or found.get("our_kpis")
    if not ours or other not in found:
        return None
    ratio: float = ours["rows_per_second"] / found[other]["rows_per_second"]
    return ratio


def _at_least(what: str, wanted: float, found: float | None) -> Goal:
    if found is None:
        return Goal(what, f">= {wanted:g} x", _NOTHING, None)
    return Goal(what, f">= {wanted:g} x", f"{found:.1f} x", found >= wanted)


def _at_most(what: str, wanted: float, found: float | None) -> Goal:
    """Compare times, where `found` is a ratio of speeds."""
    if found is None:
        return Goal(what, f"<= {wanted:g} x its time", _NOTHING, None)
    return Goal(what, f"<= {wanted:g} x its time", f"{1 / found:.2f} x", 1 / found <= wanted)


def _memory_goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    goals = []
    for name in (VALIDATOR, TRANSFORMER):
        runs = {one["rows"]: one for one in found if name in one["processes"] and not one["bad"]}
        small, large = sorted(runs)[-2:] if len(runs) > 1 else (0, 0)
        peaks = [runs[rows]["processes"][name]["peak"] for rows in (small, large) if rows]
        measured = large >= 10_000_000 and None not in peaks
        growth = (peaks[1] - peaks[0]) / (large - small) if measured else 0.0
        shown = f"{growth:.1f} bytes a row" if measured else _NOTHING
        goals.append(
            Goal(f"{name}, growth of memory", "<= 16 bytes a row", shown, growth <= 16 if measured else None)
        )
        peak = f"{peaks[1] / 2**20:.0f} MiB" if measured else _NOTHING
        within = peaks[1] <= CONTAINER_BYTES if measured else None
        goals.append(Goal(f"{name}, 10 million rows", "within 512 MiB", peak, within))
    return goals


def _small_file_goals(found: Sequence[dict[str, Any]]) -> list[Goal]:
    goals = []
    for name in (VALIDATOR, TRANSFORMER):
        runs = [one["processes"] for one in found if one["rows"] == 1_000 and name in one["processes"]]
        what, wanted = f"{name}, 1,000 rows, besides its start", "<= 0.5 s"
        if runs:
            seconds = runs[0][name]["seconds"] - runs[0]["start"]["seconds"]
            goals.append(Goal(what, wanted, f"{seconds:.2f} s", seconds <= 0.5))
        else:
            goals.append(Goal(what, wanted, _NOTHING, None))
    return goals


def goals_table(goals: Sequence[Goal]) -> str:
    """Return the goals as a table."""
    verdicts = {True: "reached", False: "**not reached**", None: "not measured"}
    rows = [["goal", "wanted", "found", ""]]
    rows += [[goal.what, goal.wanted, goal.found, verdicts[goal.reached]] for goal in goals]
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are as wide as they must be; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _megabytes(size: int | None) -> str:
    return _NOTHING if size is None else f"{size / 1e6:,.0f}"
