"""demo.sh as a person and as a program uses it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from mayfly.demo.demo import exit_code
from mayfly.template import ROOT
from tests.e2e.pipeline import until

ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
STYLE = re.compile(r"\x1b\[([\d;]*)m")
CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")
NOTHING_LEFT = {"clusters": 0, "tasks": 0, "task_definitions": 0}


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "demo.sh", *arguments], capture_output=True, text=True, check=False, timeout=110
    )


def demo_on_a_terminal(*files: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start the demo on a terminal of 80 x 24; our stdin is its keyboard, our stdout its screen."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, ROOT / "scripts" / "demo.sh", *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**inherited, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **environment},
    )


def colours_of(screen: str) -> list[str]:
    """Return the styles in a terminal's output that set a colour."""
    codes = [code for style in STYLE.findall(screen) for code in style.split(";")]
    return [code for code in codes if re.fullmatch(r"[349][0-8]|10[0-7]", code)]


def promised() -> list[str]:
    """Return the lines of README.md's first example, less what differs from run to run."""
    console = (ROOT / "README.md").read_text(encoding="utf-8").partition("$ ./scripts/demo.sh\n")[2]
    lines = console.partition("\n\n")[0].splitlines()
    assert len(lines) > 15
    return [re.sub(r"^ +[0-9.]+ s  |\.\.\..*|^This took .*", "", line).rstrip() for line in lines]


def test_the_demo_shows_the_sample_on_its_way_and_ends_with_its_numbers() -> None:
    ended = demo()

    assert ended.returncode == 0, ended.stderr
    for shown in ("> CreateCluster", "< DeleteCluster", "ecs-validator: INFO", "ecs-transformer: INFO"):
        assert shown in ended.stdout
    assert "590.43" in ended.stdout
    assert "Notice to pipeline-success: Mayfly: order file processed" in ended.stdout
    assert "input/valid_order.csv is now in processed" in ended.stdout
    assert "0 clusters, 0 tasks, 0 task definitions left" in ended.stdout
    assert "Next: " in ended.stdout
    for line in promised():
        assert line in ended.stdout + ended.stderr, "README.md shows what the demo does not print"


@pytest.mark.long
def test_json_is_one_document_about_every_file_and_a_rejection_exits_with_65() -> None:
    orders = ROOT / "data" / "orders"

    files = [orders / f"{name}_order.csv" for name in ("valid", "late", "invalid")]
    ended = demo("--json", *files)

    assert ended.returncode == 65, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout, parse_float=str)
    assert set(document) == {
        "pipeline", "executions", "order_kpis", "category_kpis", "notifications", "files", "left", "seconds",
    }  # fmt: skip
    assert document["pipeline"] == "EphemeralECSPipeline"
    ends = {item["key"]: (item["status"], item["error"]) for item in document["executions"]}
    assert ends == {
        "input/valid_order.csv": ("SUCCEEDED", None),
        "input/late_order.csv": ("SUCCEEDED", None),
        "input/invalid_order.csv": ("FAILED", "ValidationError"),
    }
    assert [row["total_revenue"] for row in document["order_kpis"]] == ["590.43", "271.92", "497.49"]
    assert document["order_kpis"][-1]["unique_customers"] == 5, "a customer of both files is one"
    assert document["files"] == {
        "input/valid_order.csv": "processed",
        "input/late_order.csv": "processed",
        "input/invalid_order.csv": "input",
    }
    assert sorted(notice["topic"] for notice in document["notifications"]) == [
        "pipeline-failure",
        "pipeline-success",
        "pipeline-success",
    ]
    assert document["left"] == NOTHING_LEFT


@pytest.mark.parametrize(
    "step", ["Starting a local AWS", pytest.param("Stack mayfly-orders", marks=pytest.mark.long)]
)
def test_a_demo_that_is_ended_takes_its_local_aws_with_it(step: str) -> None:
    with subprocess.Popen(
        [ROOT / "scripts" / "demo.sh"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr
        assert any(step in line for line in running.stderr)
        demo_process = psutil.Process(running.pid)
        until(lambda: bool(demo_process.children()), "the server's process")
        servers = demo_process.children()
        running.terminate()
        running.stderr.read()
        assert running.wait(timeout=30) == 143
    assert psutil.wait_procs(servers, timeout=10)[1] == []


@pytest.mark.long
def test_on_a_terminal_a_tree_a_file_grows_and_stays() -> None:
    orders = ROOT / "data" / "orders"

    with demo_on_a_terminal(orders / "valid_order.csv", orders / "invalid_order.csv") as running:
        assert running.stdout
        screen = running.stdout.read().decode()
        code = running.wait(timeout=30)

    assert code == 65
    assert colours_of(screen)
    assert screen.rindex("\x1b[?25l") < screen.rindex("\x1b[?25h"), "the cursor stays hidden"
    growing, _, whole = CONTROL.sub("", screen).rpartition("simulated in")
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] valid_order\.csv running", growing)
    rows = [row.rstrip() for row in whole.splitlines()]
    for pattern in (
        r"✔ valid_order\.csv [\d.]+ s succeeded",
        r"│ +✔ ValidateFile [\d.]+ s +└── ✔ RunTransformer [\d.]+ s",
        r"│ +└── ✔ RunValidator [\d.]+ s +└── INFO done rows=16.*",
        r"│ +└── INFO accepted rows=16.*",
        r"└── ✔ NotifySuccess [\d.]+ s",
        r"✖ invalid_order\.csv [\d.]+ s failed ValidationError",
        r"│ +✖ ValidateFile [\d.]+ s +└── ■ RunTransformer aborted",
        r"│ +├── ✖ RunValidator [\d.]+ s.*",
        r"├── ✔ DeleteCluster [\d.]+ s( retried \d+ times?)?",
        r"└── ✖ WorkflowFailed [\d.]+ s",
        r"0 clusters, 0 tasks, 0 task definitions left",
    ):
        assert [row for row in rows if re.fullmatch(pattern, row)], f"{pattern} in\n" + "\n".join(rows)
    tree = rows[: next(number for number, row in enumerate(rows) if row.startswith("OrderKPIs"))]
    assert max(map(len, tree)) <= 80


@pytest.mark.long
def test_an_interrupt_ends_the_demo_gives_the_terminal_back_and_says_so_without_colours() -> None:
    with demo_on_a_terminal(NO_COLOR="1") as running:
        assert running.stdin
        assert running.stdout
        screen = b""
        while b"RunValidator" not in screen and (more := os.read(running.stdout.fileno(), 4096)):
            screen += more
        servers = psutil.Process(running.pid).children(recursive=True)
        running.stdin.write(b"\x03")
        running.stdin.flush()
        screen += running.stdout.read()
        assert running.wait(timeout=30) == 130

    text = screen.decode()
    last = CONTROL.sub("", text).splitlines()[-1]
    assert last == "interrupted: the local AWS has been stopped, and nothing is left of it"
    assert text.rindex("\x1b[?25l") < text.rindex("\x1b[?25h"), "the cursor stays hidden"
    assert "Traceback" not in text
    assert colours_of(text) == []
    assert psutil.wait_procs(servers, timeout=10)[1] == []


def test_a_file_that_is_not_there_is_an_error_in_three_parts() -> None:
    ended = demo("no-such.csv")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "error: no-such.csv cannot be uploaded",
        "  found: it is not a file",
        "  do:    name one or more CSV files",
    ]


@pytest.mark.parametrize(
    ("ends", "left", "code"),
    [
        ([("SUCCEEDED", None)], 0, 0),
        ([("SUCCEEDED", None), ("FAILED", "ValidationError")], 0, 65),
        ([("FAILED", "ValidationError"), ("FAILED", "States.TaskFailed")], 0, 1),
        ([("TIMED_OUT", None)], 0, 1),
        ([("SUCCEEDED", None)], 1, 1),
    ],
)
def test_exit_codes_say_what_became_of_the_files(
    ends: list[tuple[str, str | None]], left: int, code: int
) -> None:
    executions = [{"status": status, "error": error} for status, error in ends]
    assert exit_code({"executions": executions, "left": {"clusters": left}}) == code
