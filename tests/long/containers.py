"""The images in real containers, confined as on Fargate, beside a local AWS in this process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.server import LocalAws
from tests.unit.ecs.support import Aws

DOCKER = os.environ.get("DOCKER", "docker")
NAMES = ("validator", "transformer")
CONFINED = [
    *("--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    # As much swap as memory means none.
    *("--memory=512m", "--memory-swap=512m", "--volume=/scratch"),
]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
REGION = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
_LONGEST = 1_800  # seconds


@dataclass(frozen=True)
class Built:
    """An image, and how long its build took."""

    tag: str
    seconds: float

    def inspect(self) -> dict[str, Any]:
        return inspect("image", self.tag)

    def run(self, environ: Mapping[str, str]) -> tuple[int, list[dict[str, Any]]]:
        """Run a container to its end; return the exit code and the log, beside which nothing may stand."""
        done = docker("run", "--rm", *CONFINED, *settings(environ), self.tag, check=False)
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Watched:
    """The local AWS's endpoint, with a list of what was asked of it."""

    def __init__(self, endpoint: Any) -> None:
        self.endpoint = endpoint
        self.paths: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.paths.append(environ["PATH_INFO"])
        answer: Iterable[bytes] = self.endpoint(environ, start_response)
        return answer


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [DOCKER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
    assert done.returncode == 0 or not check, f"docker {arguments[0]}: {done.stdout}{done.stderr}"
    return done


def inspect(kind: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(docker(kind, "inspect", name).stdout)[0]
    return document


def settings(environ: Mapping[str, str]) -> list[str]:
    """Return the environment as options; SCRATCH_DIR is the test's own folder, which no container has."""
    return [f"--env={name}={value}" for name, value in environ.items() if name != "SCRATCH_DIR"]


def claimed(aws: Aws, local: LocalAws, body: bytes) -> dict[str, str]:
    """Upload and claim a version; return its containers' environment."""
    return in_container(local, aws.upload(body))


def in_container(local: LocalAws, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with what leads a container to the local AWS."""
    return {**environ, **REGION, **CREDENTIALS, "AWS_ENDPOINT_URL": local.url}
