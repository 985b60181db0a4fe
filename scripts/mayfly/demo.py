"""Sends order files through the whole pipeline on a local AWS of its own, and shows what comes out.

Exit codes: 0 every file was processed; 65 a file was rejected, with the reasons row by row; 1 anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import botocore.session
import simplejson
from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.console import Console
from rich.table import Table

from mayfly.console import CommandError, detail, end_with, step
from mayfly.deploy import deploy
from mayfly.local_server import LocalServer
from mayfly.narration import Narrator
from mayfly.results import (
    CATEGORY_COLUMNS,
    ORDER_COLUMNS,
    Inbox,
    left_in_ecs,
    table_rows,
    whereabouts,
)
from mayfly.stage import DEFAULT, Stage
from mayfly.template import ROOT

SAMPLE = ROOT / "data" / "orders" / "valid_order.csv"
START_WITHIN = 30.0  # seconds from upload to execution: the rest is local, so longer means that it never will
END_WITHIN = 900.0
POLL = 0.4
REJECTED = 65
SERVICES = (
    "sts", "ec2", "s3", "cloudformation", "sqs", "sns", "stepfunctions", "logs", "dynamodb", "ecs",
)  # fmt: skip


def keys_of(files: list[Path]) -> dict[str, Path]:
    """Return the key each file is uploaded as; raise CommandError when that cannot be."""
    keys: dict[str, Path] = {}
    for file in files:
        key = f"input/{file.name}"
        if not file.is_file():
            raise CommandError(f"{file} cannot be uploaded", "it is not a file", "name one or more CSV files")
        if key in keys:
            raise CommandError(
                f"{file} and {keys[key]} share a name", f"both would be {key}", "rename one of them"
            )
        keys[key] = file
    return keys


def find_executions(stage: Stage, machine: str, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """Return the executions by the key they are about, of those keys that have one by now."""
    states = stage.client("stepfunctions")
    found = {}
    for page in states.get_paginator("list_executions").paginate(stateMachineArn=machine):
        for item in page["executions"]:
            execution = states.describe_execution(executionArn=item["executionArn"])
            if (key := json.loads(execution["input"]).get("key")) in wanted:
                found[key] = execution
    return found


def follow(
    stage: Stage, outputs: dict[str, str], keys: list[str], tell: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Tell the executions of `keys` until all have ended, and return them by key."""
    narrators: dict[str, Narrator] = {}
    executions: dict[str, dict[str, Any]] = {}
    started = time.monotonic()
    pause = Event()
    while len(executions) < len(keys) or any(item["status"] == "RUNNING" for item in executions.values()):
        executions = find_executions(stage, outputs["StateMachineArn"], set(keys))
        waited = time.monotonic() - started
        missing = [key for key in keys if key not in executions]
        if missing and waited > START_WITHIN:
            found = f"none for {', '.join(missing)} after {waited:.0f} s"
            raise CommandError(
                "no execution was started", found, "see the local AWS's log, which is named above"
            )
        if waited > END_WITHIN:
            raise CommandError(
                "an execution does not end", f"still running after {waited:.0f} s", "see the log"
            )
        for key, execution in executions.items():
            label = f"[{Path(key).name}] " if len(keys) > 1 else ""
            narrator = narrators.setdefault(
                key,
                Narrator(
                    label,
                    execution["executionArn"],
                    outputs["LogGroup"],
                    stage.client("stepfunctions"),
                    stage.client("logs"),
                ),
            )
            for line in narrator.news():
                tell(line)
        pause.wait(POLL)
    return executions


def run(stage: Stage, keys: dict[str, Path], tell: Callable[[str], None]) -> dict[str, Any]:
    """Deploy, upload, follow, and return the document that --json prints, but for the seconds."""
    outputs = deploy(stage, {})
    inbox = Inbox(stage, [outputs["SuccessTopicArn"], outputs["FailureTopicArn"]])
    for key, file in keys.items():
        step(
            f"Uploading {file.name} to s3://{outputs['InputBucket']}/{key}: EventBridge starts the execution"
        )
        stage.client("s3").put_object(Bucket=outputs["InputBucket"], Key=key, Body=file.read_bytes())
    executions = follow(stage, outputs, list(keys), tell)
    return {
        "pipeline": outputs["StateMachineArn"].rpartition(":")[2],
        "executions": [
            {
                "name": execution["name"],
                "status": execution["status"],
                "key": key,
                "error": execution.get("error"),
                "cause": execution.get("cause"),
            }
            for key, execution in executions.items()
        ],
        "order_kpis": table_rows(stage, outputs["OrderTable"], ORDER_COLUMNS),
        "category_kpis": table_rows(stage, outputs["CategoryTable"], CATEGORY_COLUMNS),
        "notifications": inbox.notices(),
        "files": {key: whereabouts(stage, outputs, key) for key in keys},
        "left": left_in_ecs(stage),
    }


def show(result: dict[str, Any]) -> None:
    """Print the result for people."""
    console = Console(soft_wrap=True, highlight=False, width=max(100, Console().width))
    for title, rows in (("OrderKPIs", result["order_kpis"]), ("CategoryKPIs", result["category_kpis"])):
        table = Table(title=f"{title} ({len(rows)} items)", title_justify="left", box=box.SIMPLE_HEAD)
        for column in rows[0] if rows else ["(empty)"]:
            table.add_column(column, justify="left" if column in {"order_date", "category"} else "right")
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        console.print(table)
    for notice in result["notifications"]:
        console.print(f"\nNotice to {notice['topic']}: {notice['subject']}", markup=False)
        console.print("\n".join(f"    {line}" for line in notice["message"].splitlines()), markup=False)
    console.print()
    for key, place in result["files"].items():
        console.print(f"{key} is now in {place}", markup=False)
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result["left"].items())
    console.print(f"{counts} left")


def exit_code(result: dict[str, Any]) -> int:
    """Return what the demo exits with: any failure that is no rejection weighs more than a rejection."""
    ends = {(item["status"], item["error"]) for item in result["executions"]}
    if any(result["left"].values()) or ends - {("SUCCEEDED", None), ("FAILED", "ValidationError")}:
        return 1
    return REJECTED if ("FAILED", "ValidationError") in ends else 0


def load_models(session: botocore.session.Session) -> None:
    """Load the models of the services that the demo calls, which would hold it up later."""
    for service in SERVICES:
        session.get_service_model(service)


def forget_own_settings() -> None:
    """Take the person's own AWS settings out of this process: the demo's AWS is another."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})


def point_to(url: str) -> None:
    """Point this process's AWS clients to the local AWS at `url`, and to no other."""
    forget_own_settings()
    os.environ.update(
        {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
    )


def main() -> None:
    """Run `demo.sh`."""
    parser = argparse.ArgumentParser(
        prog="./scripts/demo.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        default=[SAMPLE],
        metavar="FILE.csv",
        help=f"order files (default: {SAMPLE.relative_to(ROOT)})",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document to stdout, and nothing else"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the local AWS up at the end, and say how to reach it"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the local AWS is stopped
    started = time.monotonic()
    tell = detail if arguments.json else print
    try:
        keys = keys_of(arguments.files)
        step("Starting a local AWS (no account, no Docker)")
        forget_own_settings()
        models = botocore.session.get_session()
        spawned = LocalServer.spawned(keep=arguments.keep, meanwhile=lambda: load_models(models))
        with spawned as server:
            point_to(server.url)
            result = run(Stage.of_environment(DEFAULT, models), keys, tell)
            result["seconds"] = round(time.monotonic() - started, 2)
            code = exit_code(result)
            if arguments.json:
                print(simplejson.dumps(result, use_decimal=True, indent=2, ensure_ascii=False))
            else:
                show(result)
                print(f"\nThis took {result['seconds']:.1f} s.")
            if arguments.keep:
                detail(f"the local AWS is still up; reach it with: {server.reach}")
                detail(f"stop it with: kill {server.pid}")
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)
    if not arguments.json:
        print(
            "Next: "
            + (
                "./scripts/demo.sh data/orders/invalid_order.csv"
                if code == 0
                else "mend the file and send it again: ./scripts/demo.sh FILE.csv"
            )
        )
    sys.exit(code)


if __name__ == "__main__":
    main()
