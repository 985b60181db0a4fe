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
from pathlib import Path
from typing import Any, NoReturn

import botocore.session
import simplejson
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from mayfly.console import CommandError, detail, end_with, step
from mayfly.demo.live import Trees, can_grow
from mayfly.demo.narration import Follower, Lines, Rendering
from mayfly.demo.report import show
from mayfly.deploying.deploy import deploy
from mayfly.local.local_server import LocalServer
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
    stage: Stage, outputs: dict[str, str], keys: list[str], rendering: Rendering
) -> dict[str, dict[str, Any]]:
    """Show the executions of `keys` until all have ended, and return them by key."""
    followers: dict[str, Follower] = {}
    started = time.monotonic()
    while True:
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
        for key in keys:
            if key not in executions:
                continue
            follower = followers.get(key) or Follower(
                executions[key]["executionArn"],
                outputs["LogGroup"],
                stage.client("stepfunctions"),
                stage.client("logs"),
            )
            followers[key] = follower
            rendering.show(Path(key).name, follower.execution, list(follower.news()))
        if not missing and all(item["status"] != "RUNNING" for item in executions.values()):
            return executions
        rendering.pause(POLL)


def run(stage: Stage, keys: dict[str, Path], rendering: Rendering) -> dict[str, Any]:
    """Deploy, upload, follow, and return the document that --json prints, but for the seconds."""
    outputs = deploy(stage, {})
    inbox = Inbox(stage, [outputs["SuccessTopicArn"], outputs["FailureTopicArn"]])
    for key, file in keys.items():
        step(
            f"Uploading {file.name} to s3://{outputs['InputBucket']}/{key}: EventBridge starts the execution"
        )
        stage.client("s3").put_object(Bucket=outputs["InputBucket"], Key=key, Body=file.read_bytes())
    with rendering.running():
        executions = follow(stage, outputs, list(keys), rendering)
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


def rendering_for(*, labelled: bool, as_json: bool) -> Rendering:
    """Return how the executions are shown: trees on a terminal, else lines; stdout belongs to --json."""
    console = Console(stderr=as_json, highlight=False)
    if can_grow(console):
        return Trees(console)
    return Lines(detail if as_json else print, labelled=labelled)


def arguments_given() -> argparse.Namespace:
    """Return the command line's arguments."""
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
    return parser.parse_args()


def demonstrate(arguments: argparse.Namespace) -> int:
    """Start a local AWS, send the files through it and show the result; return the exit code."""
    started = time.monotonic()
    keys = keys_of(arguments.files)
    step("Starting a local AWS (no account, no Docker)")
    forget_own_settings()
    models = botocore.session.get_session()
    spawned = LocalServer.spawned(keep=arguments.keep, meanwhile=lambda: load_models(models))
    with spawned as server:
        point_to(server.url)
        rendering = rendering_for(labelled=len(keys) > 1, as_json=arguments.json)
        result = run(Stage.of_environment(DEFAULT, models), keys, rendering)
        result["seconds"] = round(time.monotonic() - started, 2)
        if arguments.json:
            print(simplejson.dumps(result, use_decimal=True, indent=2, ensure_ascii=False))
        else:
            show(result)
        if arguments.keep:
            detail(f"the local AWS is still up; reach it with: {server.reach}")
            detail(f"stop it with: kill {server.pid}")
    return exit_code(result)


def end_by_signal(number: int, _frame: object) -> NoReturn:
    """End as a shell tells of a signal; by an exception, so that the local AWS is stopped on the way."""
    sys.exit(128 + number)


def main() -> None:
    """Run `demo.sh`."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal hangs up
        signal.signal(number, end_by_signal)
    arguments = arguments_given()
    try:
        code = demonstrate(arguments)
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)
    except KeyboardInterrupt:
        print("interrupted: the local AWS has been stopped, and nothing is left of it", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
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
