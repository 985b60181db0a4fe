#!/usr/bin/env python
"""Sends order files through the pipeline on a local AWS; prints where the time goes and what AWS would cost.

Waits are real: the local AWS's clock runs at the speed of yours. How long ECS takes to place, pull and remove
a task is assumed (--ecs-delays of `python -m local_aws serve`). benchmarks/README.md says more. Exits with 0,
or with 1 when a file does not get through.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "ecs")]

# Found by the path that was just set.
from benchmarks.comparison import BenchmarkError, OrderFile  # noqa: E402
from benchmarks.cost import PRICES_OF, Task, Usage, cost  # noqa: E402
from benchmarks.orders_file import Plan  # noqa: E402
from benchmarks.results_page import table  # noqa: E402
from mayfly.console import CommandError  # noqa: E402
from mayfly.demo.demo import find_executions, point_to  # noqa: E402
from mayfly.deploying.deploy import deploy  # noqa: E402
from mayfly.local.local_server import LocalServer  # noqa: E402
from mayfly.stage import Stage  # noqa: E402

CONTAINERS: Final = ("validator", "transformer")
TASKS: Final = {"RunValidator": "validator", "RunTransformer": "transformer"}
LONGEST: Final = 3_600.0  # seconds
POLL: Final = 0.5
#: Requests to S3 of a run, read off the code: of the machine and both containers, and of each day besides.
PUTS, GETS, PUTS_A_DAY, GETS_A_DAY = 5, 12, 3, 2


@dataclass(frozen=True)
class Passage:
    """What a file's way through the pipeline took: seconds by step, and what was used."""

    rows: int
    seconds: float
    steps: dict[str, float]
    usage: Usage


def main(argv: Sequence[str]) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1_000, 1_000_000],
        metavar="N",
        help="of each file (default: 1000 1000000)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="mayfly-benchmark-") as folder:
            passages = [passage(Path(folder), rows) for rows in arguments.rows]
    except (BenchmarkError, CommandError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps([document(one) for one in passages], indent=2))
    else:
        print(f"{steps_table(passages)}\n\n{cost_table(passages)}")
    return 0


def passage(folder: Path, rows: int) -> Passage:
    """Send a file of so many rows through a pipeline of its own."""
    file = OrderFile.written(folder, Plan(rows))
    server = LocalServer.spawn(0, options=("--time-scale", "1"))
    try:
        point_to(server.url)
        stage = Stage.of_environment("default")
        with redirect_stdout(sys.stderr):  # what it tells of its progress is no result
            outputs = deploy(stage, {})
        key = f"input/{file.path.name}"
        with file.path.open("rb") as body:
            stage.client("s3").put_object(Bucket=outputs["InputBucket"], Key=key, Body=body)
        execution = ended(stage, outputs["StateMachineArn"], key)
        return measured(stage, outputs, execution, file)
    finally:
        server.stop()


def ended(stage: Stage, machine: str, key: str) -> dict[str, Any]:
    """Return the execution about a key when it has succeeded."""
    pause, began = Event(), time.monotonic()
    while time.monotonic() - began < LONGEST:
        execution = find_executions(stage, machine, {key}).get(key)
        if execution and execution["status"] == "SUCCEEDED":
            return execution
        if execution and execution["status"] != "RUNNING":
            raise BenchmarkError(f"the execution {execution['status']}: {execution.get('cause')}")
        pause.wait(POLL)
    raise BenchmarkError(f"the execution about {key} has not ended within {LONGEST:.0f} s")


def measured(stage: Stage, outputs: dict[str, str], execution: dict[str, Any], file: OrderFile) -> Passage:
    """Take a run apart by its history and its containers' logs."""
    pages = stage.client("stepfunctions").get_paginator("get_execution_history")
    history = [
        event for page in pages.paginate(executionArn=execution["executionArn"]) for event in page["events"]
    ]
    began, done = history[0]["timestamp"], history[-1]["timestamp"]
    states = [event for event in history if "stateEnteredEventDetails" in event]
    both = {
        event["stateEnteredEventDetails"]["name"]: event["timestamp"]
        for event in reversed(states)  # of a state that is entered twice, the first
    }
    tasks = task_results(history)
    steps = {
        "start: pin, claim, make a cluster": (both["ProcessTasksInParallel"] - began).total_seconds(),
        "both containers": (both["Cleanup"] - both["ProcessTasksInParallel"]).total_seconds(),
        "end: clean up, archive, notify": (done - both["Cleanup"]).total_seconds(),
    }
    name = execution["executionArn"].rpartition(":")[2]
    for container in CONTAINERS:
        log = log_lines(stage, outputs["LogGroup"], f"ecs-{container}/{name}")
        steps |= {
            f"{container}: {step}": took for step, took in container_steps(tasks[container], log).items()
        }
    days = len(file.facts.days)
    items = sum(len(day.categories) + 2 for day in file.facts.days.values()) + 1
    usage = Usage(
        tasks=tuple(billed(tasks[container]) for container in CONTAINERS),
        transitions=len(states),
        items=items,
        puts=PUTS + PUTS_A_DAY * days,
        gets=GETS + GETS_A_DAY * days,
    )
    return Passage(file.facts.rows, (done - began).total_seconds(), steps, usage)


def task_results(history: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return by container the ECS task that Step Functions gave as the state's result."""
    inside, found = "", {}
    names: dict[int, str] = {}
    for event in history:
        entered = event.get("stateEnteredEventDetails")
        inside = entered["name"] if entered else names.get(event.get("previousEventId", 0), "")
        names[event["id"]] = inside
        succeeded = event.get("taskSucceededEventDetails")
        if succeeded and inside in TASKS and succeeded["resourceType"] == "ecs":
            found[TASKS[inside]] = json.loads(succeeded["output"])
    return found


def container_steps(task: dict[str, Any], log: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the seconds of a task's steps: those before its process, its start, and those that it tells."""
    last = log[-1]
    said = moment(last["time"])
    steps = {
        "provision and pull": (task["StartedAt"] - task["CreatedAt"]) / 1_000,
        "start and import": said - task["StartedAt"] / 1_000 - last["seconds"],
    }
    steps |= last["stages"]
    steps["other"] = last["seconds"] - sum(last["stages"].values())
    return steps


def moment(text: str) -> float:
    """Return a log line's time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def billed(task: dict[str, Any]) -> Task:
    """Return what Fargate would ask for: from the beginning of the pull to the task's end."""
    seconds = (task["StoppedAt"] - task["PullStartedAt"]) / 1_000
    return Task(seconds, int(task["Cpu"]) / 1_024, int(task["Memory"]) / 1_024)


def log_lines(stage: Stage, group: str, prefix: str) -> list[dict[str, Any]]:
    """Return what a container has logged."""
    pages = stage.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=group, logStreamNamePrefix=prefix)
    return [json.loads(event["message"]) for page in found for event in page["events"]]


def steps_table(passages: Sequence[Passage]) -> str:
    """Return the seconds by step, a column a file."""
    names = list(dict.fromkeys(name for one in passages for name in one.steps))
    rows = [["seconds", *(f"{one.rows:,} rows" for one in passages)]]
    rows += [[name, *(f"{one.steps.get(name, 0):.2f}" for one in passages)] for name in names]
    rows.append(["whole execution", *(f"{one.seconds:.2f}" for one in passages)])
    return table(rows)


def cost_table(passages: Sequence[Passage]) -> str:
    """Return the dollars by service, a column a file."""
    costs = [cost(one.usage) for one in passages]
    rows = [[f"US dollars ({PRICES_OF})", *(f"{one.rows:,} rows" for one in passages)]]
    rows += [[service, *(f"{each[service]:.6f}" for each in costs)] for service in costs[0]]
    rows.append(["together", *(f"{sum(each.values()):.6f}" for each in costs)])
    return table(rows)


def document(one: Passage) -> dict[str, Any]:
    """Return a passage as JSON."""
    used = {**vars(one.usage), "tasks": [vars(task) for task in one.usage.tasks]}
    return {**vars(one), "usage": used, "cost": cost(one.usage)}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
