"""The commands in the pages that a newcomer follows, run as they stand, in order, against a local AWS."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mayfly.template import ROOT
from tests.documents import blocks
from tests.e2e import warm_cli as warm

pytestmark = pytest.mark.timeout(300)  # a dozen commands a page, and a file's whole way through the pipeline

# The pages, and what their commands must say, among others. The README comes last: it takes the stage down.
PAGES = {
    "docs/setup.md": ["mayfly-input-123456789012-us-east-1-test"],
    "docs/testing.md": [
        "step_functions/MainStepFn.json: ok",
        "SUCCEEDED",
        "NotifySuccess",
        '"message": "accepted"',
        "2025-07-01\t6\t590.43",
        "input/valid_order.csv\tARCHIVED",
        "processed/input/valid_order.csv",
    ],
    "docs/troubleshooting.md": [
        "rejected/",
        "of 12 rows",
        '"message": "validating"',
        '"executionArn"',
        "PipelineUndelivered",
        "CleanupIncomplete",
        "running at http://127.0.0.1:",
    ],
    "README.md": ["EphemeralECSPipeline"],
}
TYPED = "default\n"  # what a person types when asked: the stage's name


@pytest.fixture(scope="module")
def warm_cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder with an `aws` that is the CLI of .venv, loaded once."""
    folder = tmp_path_factory.mktemp("cli")
    command = [sys.executable, warm.__file__]
    server = subprocess.Popen([*command, "serve", folder / "socket"], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        assert server.stdout.readline() == "ready\n"
        shim = folder / "aws"
        # Without site-packages (-S) and the environment's PYTHON* (-E) the client starts at once.
        client = shlex.join([sys.executable, "-SE", warm.__file__, str(folder / "socket")])
        shim.write_text(f'#!/bin/sh\nexec {client} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
        yield folder
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, warm_cli: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a shell, with a local AWS of its own that a stage is deployed to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        "LOCAL_AWS_PORT": str(port),
        "LOCAL_AWS_STATE": str(tmp_path_factory.mktemp("local_aws")),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    environ = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")} | own
    try:
        pointed = run("./scripts/local_aws.sh start; ./scripts/local_aws.sh env", environ)
        assert pointed.returncode == 0, pointed.stderr
        deployed = run(f"{pointed.stdout}\n./scripts/deploy.sh >/dev/null; command -v aws; env -0", environ)
        assert deployed.returncode == 0, deployed.stderr
        cli, _, variables = deployed.stdout.partition("\n")
        assert cli == f"{ROOT}/.venv/bin/aws", "a newcomer's shell finds the CLI of .venv by local_aws.sh env"
        of_shell = dict(line.split("=", 1) for line in variables.split("\0") if line)
        yield of_shell | {"PATH": f"{warm_cli}:{of_shell['PATH']}"}
    finally:
        run("./scripts/local_aws.sh stop", environ)


def run(script: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environ,
        cwd=ROOT,
        input=TYPED,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[] if page == "README.md" else pytest.mark.long) for page in PAGES]
)
def test_the_commands_of_a_page_do_what_they_say(page: str, environment: dict[str, str]) -> None:
    parts = [block for block in blocks(ROOT / page) if not block.not_run]
    assert parts
    script = "".join(f"echo {shlex.quote(f'-----> {block}')} >&2\n{block.text}\n" for block in parts)
    done = run(script, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [words for words in PAGES[page] if words not in done.stdout] == [], done.stdout + done.stderr
