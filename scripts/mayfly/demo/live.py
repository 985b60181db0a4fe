"""Shows executions on a terminal as trees that grow: a state a row, branches side by side, time above."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from mayfly.demo.execution import Execution, Line, State, Status
from mayfly.demo.narration import News

Row = list[Segment]  # what a terminal's row shows
TURNING = "⠿"  # stands for the spinner in a tree's rows, which are rendered only when there is news
SIGNS = {
    Status.RUNNING: (TURNING, "cyan"),
    Status.SUCCEEDED: ("✔", "green"),
    Status.CAUGHT: ("✖", "yellow"),
    Status.FAILED: ("✖", "red"),
    Status.TIMED_OUT: ("✖", "red"),
    Status.ABORTED: ("■", "yellow"),
}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COLUMN = 24  # the narrowest that a branch beside another may be
FRAME = 0.2  # seconds between two pictures


def can_grow(console: Console) -> bool:
    """Tell whether a console can show a tree that grows.

    FORCE_COLOR makes rich take a file for a terminal; pictures one over another would be a mess there.
    """
    return console.is_interactive and console.file.isatty() and console.encoding.startswith("utf")


class Trees:
    """The rendering for terminals: a tree an execution, and above them simulated beside real time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._executions: dict[str, Execution] = {}
        self._rows: dict[tuple[str, int], list[Row]] = {}  # by the file's name and the width in columns
        self._spinner = Spinner("dots").frames
        self._started = time.monotonic()
        self._pause = Event()
        self._ended = False
        # Rows that do not fit are left out by _fitting; what is too much even then is cut at the bottom.
        self._live = Live(self, console=console, auto_refresh=False, vertical_overflow="crop")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the trees while this is open; at its end they stay on the screen, whole."""
        self._started = time.monotonic()
        with self._live:
            try:
                yield
            finally:
                self._ended = True

    def show(self, name: str, execution: Execution, news: Iterable[News]) -> None:
        """Show an execution as it is now: the model knows the news."""
        self._executions[name] = execution
        if any(True for _ in news):
            self._rows = {key: rows for key, rows in self._rows.items() if key[0] != name}
        self._draw()

    def pause(self, seconds: float) -> None:
        """Let time pass, and the spinners turn."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._pause.wait(min(left, FRAME))
            self._draw()

    def _draw(self) -> None:
        """Draw a picture, and let signals wait meanwhile: they end the demo, and half of it would stay."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            self._live.refresh()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the header and the trees; before the end only as many rows as the screen has."""
        yield Text(self._header(), style="bold", no_wrap=True, overflow="ellipsis")
        trees = [
            (self._rows_of(name, console, options), execution) for name, execution in self._executions.items()
        ]
        if not self._ended:
            trees = _fitting(trees, options.size.height - 2)  # less the header and the last row
        # Once it has ended, as when it is interrupted, nothing turns any more.
        frame = "…" if self._ended else self._spinner[int(time.monotonic() / FRAME) % len(self._spinner)]
        for row in (row for rows, _ in trees for row in rows):
            yield from (Segment(frame, part.style) if part.text == TURNING else part for part in row)
            yield Segment.line()
        if not self._ended:
            yield Segment.line()  # a row for the cursor, and for the ^C that a terminal echoes there

    def _rows_of(self, name: str, console: Console, options: ConsoleOptions) -> list[Row]:
        key = (name, options.max_width)
        if key not in self._rows:
            tree = self._tree(name, self._executions[name])
            self._rows[key] = console.render_lines(tree, options, pad=False)
        return self._rows[key]

    def _header(self) -> str:
        began = [execution.began for execution in self._executions.values() if execution.began]
        newest = [e.began + timedelta(seconds=e.seconds) for e in self._executions.values() if e.began]
        simulated = (max(newest) - min(began)).total_seconds() if began else 0.0
        return f"{simulated:.1f} s simulated in {time.monotonic() - self._started:.1f} s"

    def _tree(self, name: str, execution: Execution) -> Tree:
        note = " ".join(filter(None, (execution.status.value, execution.error)))
        ended = execution.status is not Status.RUNNING
        top = _Row(
            Text(*SIGNS[execution.status]),
            Text(name, style="bold"),
            execution.seconds if ended else None,
            Text(note, style=SIGNS[execution.status][1]),
        )
        tree = Tree(top, guide_style="dim")
        self._grow(tree, execution.line, execution)
        return tree

    def _grow(self, tree: Tree, line: Line, execution: Execution) -> None:
        for state in line.states:
            node = tree.add(self._row(state))
            if said := [execution.said[task] for task in state.tasks if task in execution.said]:
                node.add(Text(said[-1], style="dim", no_wrap=True, overflow="ellipsis"))
            if state.kind == "Parallel" and len(state.lines) > 1:
                branches = [Tree("", hide_root=True, guide_style="dim") for _ in state.lines]
                node.add(_SideBySide(branches))
            else:
                branches = [node for _ in state.lines]
            for branch, below in zip(branches, state.lines, strict=True):
                self._grow(branch, below, execution)

    @staticmethod
    def _row(state: State) -> _Row:
        quiet = state.kind in ("Pass", "Choice") and state.status is Status.SUCCEEDED
        name = state.name if state.line.index is None else f"{state.name} #{state.line.index}"
        times = state.attempts - 1
        notes = [
            f"retried {times} time{'s' if times > 1 else ''}" if times > 0 else "",
            state.status.value if state.status in (Status.CAUGHT, Status.ABORTED) else "",
            state.error,
        ]
        return _Row(
            Text(*SIGNS[state.status]),
            Text(name, style="dim" if quiet else ""),
            None if state.left is None else state.left - state.entered,
            Text(" ".join(filter(None, notes)), style=SIGNS[state.status][1]),
        )


class _Row:
    """A sign, a name, seconds, a note: in a narrow row the name is cut and the note has a row of its own."""

    def __init__(self, sign: Text, name: Text, seconds: float | None, note: Text) -> None:
        self._sign = sign
        self._name = name
        self._seconds = Text("" if seconds is None else f" {seconds:.1f} s", style="dim")
        self._note = note

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render one row, or two."""
        name = self._name.copy()
        around = self._sign.cell_len + 1 + self._seconds.cell_len
        name.truncate(max(options.max_width - around, 1), overflow="ellipsis")
        row = Text.assemble(self._sign, " ", name, self._seconds, no_wrap=True, overflow="ellipsis")
        beside = row.cell_len + 1 + self._note.cell_len <= options.max_width
        yield Text.assemble(row, " ", self._note) if beside and self._note else row
        if not beside and self._note:
            yield Text.assemble("  ", self._note, no_wrap=True, overflow="ellipsis")


class _SideBySide:
    """Trees beside one another, as many as there is room for, the others below."""

    def __init__(self, trees: list[Tree]) -> None:
        self._trees = trees

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render columns of one width."""
        count = max(1, min(len(self._trees), options.max_width // COLUMN))
        table = Table.grid(*[""] * count, expand=True, padding=(0, 1, 0, 0))
        for column in table.columns:
            column.ratio = 1
        for first in range(0, len(self._trees), count):
            table.add_row(*self._trees[first : first + count])
        yield table


def _fitting(trees: list[tuple[list[Row], Execution]], room: int) -> list[tuple[list[Row], Execution]]:
    """Return the trees with so many rows left out that all fit in `room`: of those that have ended, first."""
    if sum(len(rows) for rows, _ in trees) <= room:
        return trees
    trees = [(rows if e.status is Status.RUNNING else rows[:1], e) for rows, e in trees]
    shares: dict[int, int] = {}
    for count, (height, number) in enumerate(sorted((len(rows), n) for n, (rows, _) in enumerate(trees))):
        shares[number] = min(height, max(1, room // (len(trees) - count)))
        room -= shares[number]
    return [(_cut(rows, shares[number]), e) for number, (rows, e) in enumerate(trees)]


def _cut(rows: list[Row], height: int) -> list[Row]:
    """Return so many rows: the first, how many are left out, and the last, where the states are that run."""
    if len(rows) <= height or height < 3:
        return rows[:height]
    left_out = [Segment(f"⋮   {len(rows) - height + 1} rows above")]
    return [rows[0], left_out, *rows[2 - height :]]
