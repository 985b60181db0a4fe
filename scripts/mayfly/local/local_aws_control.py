"""Starts, stops and shows the local AWS that stays in the background."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shlex
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

import psutil

from mayfly.console import CommandError, detail, end_with, step
from mayfly.local.local_server import TIME_SCALE, LocalServer
from mayfly.template import ROOT

HOST = "127.0.0.1"
REGION = "us-east-1"
FOLDER = Path(os.environ.get("LOCAL_AWS_STATE") or ROOT / ".local_aws")
PID_FILE = FOLDER / "server.json"
LOG = FOLDER / "server.log"
NOT_RUNNING, PORT_IN_USE = 3, 4  # exit codes; 3 is what service scripts say of a stopped service
STOPS_WITHIN = 30.0  # seconds
_PAUSE = Event()


@dataclass(frozen=True)
class Running:
    """What the pid file says of the local AWS in the background."""

    pid: int
    port: int
    options: list[str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def is_alive(self) -> bool:
        """Tell whether the process is there and is a local AWS: another may have got its pid."""
        try:
            return psutil.Process(self.pid).cmdline()[1:4] == ["-m", "local_aws", "serve"]
        except psutil.NoSuchProcess:
            return False

    def answers(self) -> bool:
        """Tell whether it answers requests."""
        try:
            health = f"{self.url}/_local_aws/health"
            with urllib.request.urlopen(health, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def recorded() -> Running | None:
    """Return what the pid file says, if it is about a process that is there; a stale file is removed."""
    try:
        running = Running(**json.loads(PID_FILE.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        running = None
    if running is not None and running.is_alive():
        return running
    detail(f"{PID_FILE} is stale: its process is gone. Removed it.")
    PID_FILE.unlink(missing_ok=True)
    return None


@contextmanager
def alone() -> Iterator[None]:
    """Hold back a second start or stop for as long as one is under way."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start(port: int, options: list[str]) -> None:
    """Start the local AWS in a session of its own; raise CommandError when it is elsewhere or cannot."""
    with alone():
        running = recorded()
        if running is not None:
            if (running.port, running.options) != (port, options):
                raise CommandError(
                    f"the local AWS cannot start on port {port} with {' '.join(options)}",
                    f"it runs already at {running.url} with {' '.join(running.options)}",
                    "stop it first: ./scripts/local_aws.sh stop",
                )
            step(f"The local AWS runs already at {running.url} (pid {running.pid})")
            return
        check_port(port)
        server = LocalServer.spawn(port, LOG, options)
        running = Running(server.pid, port, options)
        PID_FILE.write_text(json.dumps(asdict(running)))
        if not running.answers():
            server.stop()
            PID_FILE.unlink()
            raise CommandError("the local AWS does not answer", f"nothing from {running.url}", f"see {LOG}")
    step(f"The local AWS runs at {running.url} (pid {running.pid}, log {LOG})")
    detail('next: eval "$(./scripts/local_aws.sh env)" && ./scripts/deploy.sh')


def check_port(port: int) -> None:
    """Raise CommandError when another program listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"the local AWS cannot start on port {port}",
                f"another program has that port ({error.strerror})",
                "free it, or choose another: LOCAL_AWS_PORT=4567 ./scripts/local_aws.sh start",
                PORT_IN_USE,
            ) from error


def stop() -> None:
    """Stop the local AWS and with it every task's process; nothing to do is no error."""
    with alone():
        running = recorded()
        if running is None:
            step("The local AWS is not running")
            return
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOPS_WITHIN
        while running.is_alive() and time.monotonic() < deadline:
            _PAUSE.wait(0.1)
        if running.is_alive():
            detail(f"pid {running.pid} did not end within {STOPS_WITHIN:g} s; killing it")
            os.kill(running.pid, signal.SIGKILL)
        PID_FILE.unlink(missing_ok=True)
    step("The local AWS is stopped; what was in it is gone")


def status() -> int:
    """Say whether the local AWS runs; return 0 when it does, 3 when it does not."""
    running = recorded()
    if running is None:
        print("not running")
        return NOT_RUNNING
    health = "" if running.answers() else ", but does not answer: see ./scripts/local_aws.sh logs"
    print(f"running at {running.url} (pid {running.pid}, {' '.join(running.options)}){health}")
    return 0


def environment(port: int) -> str:
    """Return the shell commands that point boto3 and the AWS CLI to the local AWS."""
    running = recorded()
    if running is None:
        detail("the local AWS is not running; start it with ./scripts/local_aws.sh start")
    values = {
        "AWS_ENDPOINT_URL": running.url if running else f"http://{HOST}:{port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    binaries = str(Path(sys.executable).parent)
    if binaries not in os.environ.get("PATH", "").split(os.pathsep):
        lines.append(f"export PATH={shlex.quote(binaries)}:$PATH")
    return "\n".join([*lines, "unset AWS_PROFILE AWS_SESSION_TOKEN"])


def logs(*, follow: bool) -> None:
    """Show the log, and go on showing it when asked to."""
    if not LOG.exists():
        raise CommandError(
            "there is no log", f"{LOG} is not there", "start it: ./scripts/local_aws.sh start", NOT_RUNNING
        )
    os.execvp("tail", ["tail", "-n", "+1", *(["-f"] if follow else []), str(LOG)])  # noqa: S606 - no shell is wanted


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="./scripts/local_aws.sh",
        description=__doc__,
        epilog="LOCAL_AWS_PORT is its port (default 4566), LOCAL_AWS_STATE the folder of its state and log "
        "(default .local_aws). Exit codes: 1 it cannot be done, 3 not running, 4 port in use.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser(
        "start",
        help="start it in the background",
        epilog="Other options are those of `python -m local_aws serve` (see its --help): `--containers "
        "docker` runs tasks as real containers.",
    )
    starting.add_argument(
        "--time-scale",
        default=TIME_SCALE,
        metavar="N",
        help="waits, back-offs and life-cycle delays pass N times faster (default: %(default)s); "
        "`virtual`: they cost no time",
    )
    commands.add_parser("stop", help="stop it and every task it runs")
    commands.add_parser("status", help="say whether it runs; exits with 0 when it does, 3 when not")
    commands.add_parser("env", help='print what points a shell to it: eval "$(./scripts/local_aws.sh env)"')
    commands.add_parser("logs", help="show its log").add_argument(
        "-f", "--follow", action="store_true", help="go on showing what is added"
    )
    arguments, others = parser.parse_known_args(argv)
    if others and arguments.command != "start":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    arguments.others = others
    return arguments


def port_wanted() -> int:
    """Return the port of LOCAL_AWS_PORT, or 4566; raise CommandError when it is none."""
    text = os.environ.get("LOCAL_AWS_PORT") or "4566"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(
            "LOCAL_AWS_PORT is not a port", f"it is {text!r}", "set it to a number of 1 to 65535"
        )
    return int(text)


def main() -> int:
    """Run `local_aws.sh`; return the exit code."""
    arguments = arguments_of(sys.argv[1:])
    try:
        if arguments.command == "start":
            start(port_wanted(), ["--time-scale", arguments.time_scale, *arguments.others])
        elif arguments.command == "stop":
            stop()
        elif arguments.command == "status":
            return status()
        elif arguments.command == "env":
            print(environment(port_wanted()))
        else:
            logs(follow=arguments.follow)
    except CommandError as error:
        end_with(error)
    return 0
