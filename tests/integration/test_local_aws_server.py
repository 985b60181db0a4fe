from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.ecs.images import Images
from local_aws.server import LocalAws, PortInUseError
from local_aws.virtual_clock import VirtualClock

ROOT = Path(__file__).parents[2]


def client_of(aws: LocalAws, service: str) -> Any:
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]  # any of them
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
    )
    return client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Script:
    """`scripts/local_aws.sh` on a port of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.state = folder
        self.environment = {
            **os.environ,
            "LOCAL_AWS_PORT": str(self.port),
            "LOCAL_AWS_STATE": str(folder),
            "PATH": "/usr/bin:/bin",
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts/local_aws.sh", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def recorded(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.state / "server.json").read_text())
        return found


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    script = Script(tmp_path)
    yield script
    script("stop")


def test_it_starts_once_answers_the_aws_cli_and_stops(script: Script) -> None:
    assert (script("status").returncode, script("status").stdout) == (3, "not running\n")

    started = script("start")
    assert started.returncode == 0
    assert f"http://127.0.0.1:{script.port}" in started.stderr
    again = script("start")
    assert (again.returncode, "runs already" in again.stderr) == (0, True)
    other = script("start", "--time-scale", "2")
    assert (other.returncode, "stop it first" in other.stderr) == (1, True)
    assert script("status").returncode == 0
    assert "ready at" in script("logs").stdout

    shell = 'eval "$(scripts/local_aws.sh env)" && aws s3 mb s3://by-hand && aws s3 ls'
    shell += ' && echo "${AWS_PROFILE-none}"'
    used = subprocess.run(
        ["bash", "-c", shell],
        cwd=ROOT,
        env={**script.environment, "AWS_PROFILE": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert used.stdout.splitlines()[1].endswith("by-hand"), used.stderr
    assert used.stdout.splitlines()[2] == "none"

    assert script("stop").returncode == 0
    assert script("status").returncode == 3
    stopped = script("stop")
    assert (stopped.returncode, "not running" in stopped.stderr) == (0, True)


@pytest.mark.long
def test_a_pid_file_that_a_crash_left_is_no_hindrance(script: Script) -> None:
    script("start")
    os.kill(script.recorded["pid"], signal.SIGKILL)

    status = script("status")
    assert (status.returncode, "stale" in status.stderr) == (3, True)
    assert script("start").returncode == 0


def test_a_pid_that_another_program_has_by_now_is_left_alone(script: Script) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        record = {"pid": other.pid, "port": script.port, "options": []}
        (script.state / "server.json").write_text(json.dumps(record))

        assert "stale" in script("stop").stderr

        assert other.poll() is None
        other.communicate(b"\n")


def test_a_port_in_use_is_named_with_what_to_do(script: Script) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", script.port))
        other.listen()
        refused = script("start")

    assert refused.returncode == 4
    assert str(script.port) in refused.stderr
    assert "LOCAL_AWS_PORT=" in refused.stderr


def test_a_server_that_cannot_start_says_why(script: Script) -> None:
    refused = script("start", "--time-scale", "0.5")
    assert refused.returncode == 1
    assert "0.5 is neither `virtual` nor a number of at least 1" in refused.stderr


def test_in_virtual_time_an_hour_is_waited_for_at_once(tmp_path: Path) -> None:
    with LocalAws(Images([tmp_path]), clock=VirtualClock()) as aws:
        states = client_of(aws, "stepfunctions")
        definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
        machine = states.create_state_machine(
            name="m", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/r"
        )
        execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        described = states.describe_execution(executionArn=execution)
        while described["status"] == "RUNNING":
            described = states.describe_execution(executionArn=execution)
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 3_600


def test_a_server_is_a_fresh_aws(tmp_path: Path) -> None:
    for _ in range(2):
        with LocalAws(Images([tmp_path])) as aws:
            s3 = client_of(aws, "s3")
            assert s3.list_buckets()["Buckets"] == []
            s3.create_bucket(Bucket="first")


def test_two_servers_cannot_have_one_port(tmp_path: Path) -> None:
    with LocalAws(Images([tmp_path])) as aws:
        s3 = client_of(aws, "s3")
        s3.create_bucket(Bucket="kept")
        with pytest.raises(PortInUseError, match=str(aws.port)):
            LocalAws(Images([tmp_path]), port=aws.port).start()
        assert len(s3.list_buckets()["Buckets"]) == 1


def test_http_and_in_process_clients_see_one_aws(tmp_path: Path) -> None:
    with LocalAws(Images([tmp_path])) as aws:
        machines = client_of(aws, "stepfunctions")
        assert machines.list_state_machines()["stateMachines"] == []
        s3 = client_of(aws, "s3")
        s3.create_bucket(Bucket="shared")
        key = "a b+c%41ü"
        aws.cloud.client("s3", "us-east-1").put_object(Bucket="shared", Key=key, Body=b"in-process")
        assert s3.get_object(Bucket="shared", Key=key)["Body"].read() == b"in-process"
        with urllib.request.urlopen(f"{aws.url}/_local_aws/health") as answer:  # noqa: S310 - loopback
            assert json.load(answer) == {"status": "running"}


def test_serve_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "local_aws", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("local AWS ready at http://127.0.0.1:")
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
