"""Runs the orders machine on AWS's Step Functions Local, for those who still have it, with mocked answers.

It proves nothing: AWS has stopped supporting Step Functions Local, every answer is made up, and the one
state in JSONata is replaced, because it knows none. What this project relies on is the local AWS.

Exit codes: 0 every scenario went as expected, or there is no Docker with compose; 1 one did not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mayfly.console import CommandError, detail, end_with, step
from mayfly.local.step_functions_mocks import (
    FOLDER,
    MACHINE,
    REPLACEMENTS,
    SCENARIOS,
    Generated,
    blocks,
    generate,
    read,
    scenario,
)
from mayfly.template import ROOT

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

GENERATED = ROOT / ".local_aws" / "step_functions_local"  # where compose.yaml looks for the mocks
PROFILE = "step-functions-local"
ENDPOINT = "http://127.0.0.1:8083"
START_SECONDS = 120  # the JVM needs about ten, a slow machine more
RUN_SECONDS = 300
PAUSE = Event()


def run(client: SFNClient, generated: Generated, names: tuple[str, ...]) -> dict[str, str | None]:
    """Run scenarios side by side; return each one's difference to what it expects.

    A `#` and the scenario's name behind the machine's ARN choose the answers:
    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
    """
    machine = create(client, generated.definition)
    event = json.dumps(read(FOLDER / "input.json"))
    started = {
        name: client.start_execution(stateMachineArn=f"{machine}#{name}", name=name, input=event)
        for name in names
    }
    detail(f"waiting for {len(started)} executions: retries wait in real time, about a minute at most")
    until = time.monotonic() + RUN_SECONDS
    differences = {}
    for name, answer in started.items():
        status, events = ended(client, answer["executionArn"], until)
        differences[name] = difference(generated.definition, scenario(name)["expects"], status, events)
    return differences


def create(client: SFNClient, definition: dict[str, Any]) -> str:
    """Create the machine and return its ARN; raise CommandError when its definition is refused."""
    role = "arn:aws:iam::123456789012:role/None"  # asked for, and not used
    try:
        answer = client.create_state_machine(name=MACHINE, definition=json.dumps(definition), roleArn=role)
    except ClientError as error:
        raise CommandError(
            "Step Functions Local refused the definition",
            str(error),
            f"it is of May 2024: give what it does not know a stand-in in {REPLACEMENTS.relative_to(ROOT)}",
        ) from error
    return answer["stateMachineArn"]


def ended(client: SFNClient, execution: str, until: float) -> tuple[str, list[Any]]:
    """Wait for an execution's end, until a time at most; return its status and its history."""
    while True:
        status = client.describe_execution(executionArn=execution)["status"]
        if status != "RUNNING" or time.monotonic() > until:
            break
        PAUSE.wait(1)
    events: list[Any] = []
    for page in client.get_paginator("get_execution_history").paginate(executionArn=execution):
        events += page["events"]
    return status, events


def difference(
    definition: dict[str, Any], expects: dict[str, Any], status: str, events: list[Any]
) -> str | None:
    """Return the first difference between what a scenario expects and an execution, or None."""
    error = events[-1].get("executionFailedEventDetails", {}).get("error")
    for what, found in (("status", status), ("error", error)):
        if found != expects.get(what):
            return f"{what}: expected {expects.get(what)}, found {found}"
    entered = [
        event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event
    ]
    unsure = set(expects.get("unsure", []))
    for states in blocks(definition):
        # Branches run side by side: only the states of one branch have an order.
        wanted, seen = (
            " -> ".join(name for name in names if name in states and name not in unsure) or "none"
            for names in (expects["states"], entered)
        )
        if wanted != seen:
            return f"states: expected {wanted}, found {seen}"
    return None


def lacking() -> str | None:
    """Return what is missing to run a container by compose, or None."""
    for command, lack in (
        (["docker", "version"], "no Docker engine answers"),
        (["docker", "compose", "version"], "docker has no compose plugin"),
    ):
        try:
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return lack
        except FileNotFoundError:
            return "there is no docker on the PATH"
    return None


def compose(*arguments: str) -> None:
    """Run docker compose with the profile; raise CommandError when it fails."""
    command = ["docker", "compose", "--file", str(ROOT / "compose.yaml"), "--profile", PROFILE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(
            f"docker compose {arguments[0]} failed",
            done.stderr.strip() or f"exit code {done.returncode}",
            f"see whether the image can be pulled and {ENDPOINT} is free, then run this again",
        )


def connect() -> SFNClient:
    """Return a client of the container, once it answers; raise CommandError when it does not."""
    client: SFNClient = boto3.client(
        "stepfunctions",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - no secret: nothing checks it
        config=Config(retries={"max_attempts": 0}),
    )
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            client.list_state_machines()
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > until:
                raise CommandError(
                    "Step Functions Local did not start",
                    str(error),
                    "run again with --keep, and read: docker compose logs step-functions-local",
                ) from error
            PAUSE.wait(1)
        else:
            return client


def arguments_of(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="./scripts/step_functions_local.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--scenario",
        nargs="+",
        choices=SCENARIOS,
        default=SCENARIOS,
        metavar="NAME",
        help=f"run these only: {', '.join(SCENARIOS)}",
    )
    parser.add_argument("--keep", action="store_true", help=f"leave the container running at {ENDPOINT}")
    parser.add_argument(
        "--generate-only",
        type=Path,
        metavar="DIR",
        help="write the definition and the mock configuration there, and run nothing",
    )
    return parser.parse_args(argv)


def show(differences: dict[str, str | None]) -> int:
    """Print a line a scenario; return the exit code."""
    for name, found in differences.items():
        print(f"FAILED {name}: {found}" if found else f"ok     {name}")
    return 1 if any(differences.values()) else 0


def main(argv: list[str] | None = None) -> int:
    """Run `step_functions_local.sh`; return the exit code."""
    arguments = arguments_of(argv)
    names = tuple(arguments.scenario)
    try:
        generated = generate(names)
        folder = arguments.generate_only or GENERATED
        generated.write(folder)
        step(f"Definition and mock configuration of {len(names)} scenarios are in {folder}")
        for name in generated.replaced:
            detail(f"{name} is replaced by fixed values: Step Functions Local knows no JSONata")
        if arguments.generate_only:
            return 0
        if lack := lacking():
            print(f"skipped: {lack}. ./scripts/demo.sh runs the machine as it is, without Docker.")
            return 0
        try:
            step("Starting Step Functions Local")
            compose("up", "--detach", "--force-recreate")  # it reads its mocks at the start only
            return show(run(connect(), generated, names))
        finally:
            if not arguments.keep:
                compose("down")
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)
