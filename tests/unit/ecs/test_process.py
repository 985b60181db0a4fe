"""The containers as processes: exit codes and log lines as the state machine and a person see them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ecs.support import ROOT

SETTINGS = {
    "S3_INPUT_BUCKET": "orders-input",
    "S3_INPUT_KEY": "input/ü.csv",
    "S3_INPUT_VERSION": "v1",
    "S3_CLEANED_BUCKET": "orders-cleaned",
    "ORDER_KPI_TABLE": "OrderKPIs",
    "CATEGORY_KPI_TABLE": "CategoryKPIs",
    "LEDGER_TABLE": "PipelineFiles",
    "EXECUTION_ID": "run-1",
    "CONTRACT_URI": "s3://orders-reference/orders.schema.json",
    "MEMORY_MIB": "512",
    "REFERENCE_URI": "s3://orders-reference/products.csv",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
CONTAINERS = ["validator.validator", "transformer.transformer"]


def start(module: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT / "ecs",
        env={"PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[bytes]) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the log; nothing may stand beside it."""
    out, err = process.communicate(timeout=60)
    assert err == b""
    return process.returncode, [json.loads(line) for line in out.decode("utf-8").splitlines()]


@contextmanager
def an_aws_that_answers(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("module", CONTAINERS)
def test_wrong_settings_end_in_78_with_json_on_every_line(module: str) -> None:
    code, log = end(start(module, AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1"))
    assert code == 78
    assert len(log) >= 6
    assert all(set(line) == {"time", "level", "message", "execution_id"} for line in log)


@pytest.mark.parametrize("environ", [{}, {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": "nonsense"}])
def test_no_region_or_a_nonsensical_endpoint_is_a_wrong_setting(environ: dict[str, str]) -> None:
    code, log = end(start("transformer.transformer", **environ))
    assert code == 78
    assert "AWS_ENDPOINT_URL" in log[-1]["message"]


@pytest.mark.parametrize("module", CONTAINERS)
def test_sigterm_ends_a_waiting_container_with_143(module: str, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start(module, **SETTINGS, AWS_ENDPOINT_URL=endpoint, SCRATCH_DIR=str(tmp_path))
        silent.settimeout(30)
        connection, _ = silent.accept()  # now it waits for an answer that will not come
        process.send_signal(signal.SIGTERM)
        code, log = end(process)
        connection.close()
    assert code == 143
    assert log[-1]["message"].startswith("stopped")
    assert log[-1]["execution_id"] == "run-1"


def test_sigterm_is_heard_though_it_comes_where_python_drops_what_is_raised() -> None:
    code = """
import os, signal
from common.run import start

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1_000))  # the handler has run by now

def main(*_):
    Dropped()
    signal.pause()
    signal.pause()

start(main)
"""
    settings = {"PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "ecs",
        env=settings,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Exception ignored" in done.stderr
    assert done.returncode == 143
    assert json.loads(done.stdout.splitlines()[-1])["message"].startswith("stopped")


def test_a_crash_ends_in_1_with_its_traceback_in_one_line_of_json(tmp_path: Path) -> None:
    body = b"<Error><Code>Strange</Code><Message>as nobody thought</Message></Error>"
    with an_aws_that_answers(400, body) as endpoint:
        process = start(
            "validator.validator", **SETTINGS, AWS_ENDPOINT_URL=endpoint, SCRATCH_DIR=str(tmp_path)
        )
        code, log = end(process)
    assert code == 1
    assert log[-1]["level"] == "ERROR"
    assert "Strange" in log[-1]["message"]
    assert "Traceback" in log[-1]["traceback"]
