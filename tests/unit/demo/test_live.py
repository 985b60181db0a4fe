"""The trees that grow on a terminal."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from mayfly.demo.execution import Event
from mayfly.demo.live import TURNING, Trees, can_grow
from tests.unit.demo.histories import BOTH_RUN, REJECTED, execution_of

RETRYING = REJECTED[:138]  # until DeleteCluster has failed for the first time
COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


def console_of(width: int = 80, height: int = 24) -> Console:
    return Console(record=True, width=width, height=height, force_terminal=True, file=io.StringIO())


def rows_of(
    console: Console, *histories: list[Event], ended: bool = False, said: dict[str, str] | None = None
) -> list[str]:
    """Return the rows of a picture without styles."""
    trees = trees_of(console, *histories, said=said)
    if ended:
        with trees.running():
            pass
        console.export_text()  # forgets what was drawn on the way
    console.print(trees)
    return [row.rstrip() for row in console.export_text().splitlines()]


def trees_of(console: Console, *histories: list[Event], said: dict[str, str] | None = None) -> Trees:
    trees = Trees(console)
    for number, events in enumerate(histories):
        execution = execution_of(events)
        execution.said = said or {}
        trees.show(f"{number}.csv", execution, [])
    return trees


def test_a_picture_says_what_runs_what_is_done_and_how_long_it_took() -> None:
    rows = rows_of(console_of(height=50), BOTH_RUN)
    assert re.fullmatch(r"5\.1 s simulated in \d+\.\d s", rows[0])
    assert re.fullmatch(r". 0\.csv running", rows[1])
    assert re.fullmatch(r"├── ✔ CreateCluster \d\.\d s", rows[9])
    assert re.fullmatch(r"└── . ProcessTasksInParallel", rows[10])


def test_branches_stand_side_by_side_with_the_last_line_of_each_container() -> None:
    said = {"validator-task": "INFO accepted rows=16", "transformer-task": "INFO waiting " + "x" * 90}
    rows = rows_of(console_of(), BOTH_RUN, said=said)
    tasks = next(number for number, row in enumerate(rows) if "RunValidator" in row)
    assert "RunTransformer" in rows[tasks]
    assert re.search(r"INFO accepted rows=16 +└── INFO waiting x+…$", rows[tasks + 1])
    assert rows[tasks].index("RunTransformer") + 2 == rows[tasks + 1].index("INFO waiting")


def test_the_spinner_turns_while_something_runs_and_stands_still_at_the_end() -> None:
    running = next(row for row in rows_of(console_of(), BOTH_RUN) if "ProcessTasksInParallel" in row)
    assert TURNING not in running
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] ProcessTasks", running)
    assert "└── … ProcessTasksInParallel" in rows_of(console_of(), BOTH_RUN, ended=True)


def test_a_rejection_stays_on_the_screen_whole_with_errors_and_retries() -> None:
    text = "\n".join(rows_of(console_of(height=24), REJECTED, ended=True))
    assert re.search(r"^✖ 0\.csv \d+\.\d s failed ValidationError$", text, re.MULTILINE)
    assert re.search(r"├── ✖ ProcessTasksInParallel \d+\.\d s caught$", text, re.MULTILINE)
    assert re.search(r"✖ RunValidator .* s +└── ■ RunTransformer aborted\n.*caught States.TaskFailed", text)
    assert re.search(r"├── ✔ DeleteCluster \d\.\d s retried 2 times$", text, re.MULTILINE)
    assert text.endswith("└── ✖ WorkflowFailed 0.0 s")


def test_a_failed_attempt_shows_its_error_until_the_next() -> None:
    assert rows_of(console_of(), RETRYING)[-2].endswith("s Ecs.ClusterContainsTasksException")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("history", [BOTH_RUN, REJECTED])
def test_no_row_is_wider_than_the_terminal(width: int, history: list[Event]) -> None:
    said = {"validator-task": "INFO " + "long " * 60, "transformer-task": "INFO 日本" + "語" * 200}
    rows = rows_of(console_of(width), history, ended=True, said=said)
    assert max(map(cell_len, rows)) <= width


@pytest.mark.parametrize("height", [3, 10, 24, 50])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_growing_picture_is_never_higher_than_the_terminal(height: int, count: int) -> None:
    rows = rows_of(console_of(height=height), *[RETRYING] * count)
    assert len(rows) <= max(height, count + 2)  # a row each; the rest is cut by rich
    assert rows[-1] == ""  # for the cursor


def test_what_does_not_fit_is_left_out_above_what_runs() -> None:
    rows = rows_of(console_of(height=12), RETRYING)
    assert len(rows) == 12
    assert rows[1].endswith("0.csv running")
    assert re.fullmatch(r"⋮   \d+ rows above", rows[2])
    assert "DeleteCluster" in rows[-2]


def test_the_rows_of_what_has_ended_are_left_out_first() -> None:
    rows = rows_of(console_of(height=24), REJECTED, BOTH_RUN)
    assert len([row for row in rows if "csv" in row]) == 2
    assert rows[1].startswith("✖ 0.csv")
    assert rows[2].endswith("1.csv running")
    assert "rows above" not in "".join(rows)


def test_statuses_have_colours_but_not_under_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> str:
        file = io.StringIO()
        console = Console(width=80, force_terminal=True, file=file, color_system="standard")
        console.print(trees_of(console, REJECTED))
        return file.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m✖\x1b[0m" in drawn()
    assert COLOUR.search(drawn())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "✖" in drawn()
    assert not COLOUR.search(drawn())


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Latin(Terminal):
    encoding = "iso-8859-1"


@pytest.mark.parametrize(
    ("file", "environment", "grows"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "xterm", "TTY_COMPATIBLE": "0"}, False),
        (Terminal(), {"TERM": "xterm", "TTY_INTERACTIVE": "0"}, False),
        (Latin(), {"TERM": "xterm"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (io.StringIO(), {"TERM": "xterm", "FORCE_COLOR": "1"}, False),
    ],
)
def test_a_tree_grows_on_a_terminal_that_can_show_it_only(
    file: io.StringIO, environment: dict[str, str], grows: bool
) -> None:
    assert can_grow(Console(file=file, _environ=environment)) is grows


def test_simulated_time_spans_all_executions() -> None:
    later = [{**event, "timestamp": event["timestamp"] + timedelta(seconds=100)} for event in BOTH_RUN]
    seconds = 100 + execution_of(BOTH_RUN).seconds
    assert rows_of(console_of(), BOTH_RUN, later)[0].startswith(f"{seconds:.1f} s simulated in ")
