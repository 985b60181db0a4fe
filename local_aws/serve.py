"""`python -m local_aws serve`: the local AWS at an address, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.ecs.settings import EcsSettings, Lifecycle
from local_aws.virtual_clock import VirtualClock

NO_ENGINE = 1  # what `serve` exits with when there is no container engine
_DO = "start Docker, name its client in DOCKER, or leave --containers out: tasks then run as processes"
PORT_IN_USE = 4  # what `serve` exits with


def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    # Loaded here, for it brings moto with it: seconds that drawing a picture should not take.
    from local_aws.ecs.docker import EngineError, check_engine  # noqa: PLC0415
    from local_aws.server import LocalAws, PortInUseError  # noqa: PLC0415

    engine = os.environ.get("DOCKER") or "docker"
    if arguments.containers == "docker":
        try:
            check_engine(engine)
        except EngineError as error:
            print(f"error: no container engine answers\n  found: {error}\n  do:    {_DO}", file=sys.stderr)
            return NO_ENGINE
    aws = LocalAws(
        Images(arguments.images),
        port=arguments.port,
        clock=arguments.time_scale,
        seed=arguments.seed,
        ecs_settings=EcsSettings(
            lifecycle=arguments.ecs_delays,
            rate_limits=arguments.rate_limits,
            vcpus=arguments.fargate_vcpus,
            engine=engine if arguments.containers == "docker" else None,
        ),
    )
    ended = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        # A handler, and no blocked signals to wait for: those would be blocked in the tasks' processes, too.
        signal.signal(end, lambda *_: ended.set())
    try:
        aws.start()
    except PortInUseError as error:
        print(f"error: {error}; free it, or choose another with --port", file=sys.stderr)
        return PORT_IN_USE
    print(f"local AWS ready at {aws.url}", flush=True)
    ended.wait()
    print("local AWS stopping", flush=True)
    aws.stop()
    sys.stdout.flush()
    os._exit(
        0
    )  # all there was is gone with the process: taking moto's objects apart would take a second more


def clock_of(text: str) -> Clock:
    """Return the clock that `--time-scale` asks for; argparse's type of it."""
    if text == "virtual":
        return VirtualClock()
    try:
        return Clock(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text} is neither `virtual` nor a number of at least 1, which is real time"
        ) from error


def delays_of(text: str) -> Lifecycle:
    """Return the delays that `--ecs-delays` asks for; argparse's type of it."""
    try:
        return Lifecycle.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    server = commands.add_parser(
        "serve",
        help="answer AWS's APIs on 127.0.0.1 until SIGTERM or SIGINT",
        description="Answers AWS's APIs on 127.0.0.1 until SIGTERM or SIGINT, which also end the tasks' "
        f"processes. Exits with 0 when stopped, {NO_ENGINE} when there is no container engine, {PORT_IN_USE} "
        "when the port is in use.",
    )
    server.add_argument(
        "--port", type=int, default=4566, help="port to listen on, 0 for any (default: %(default)s)"
    )
    server.add_argument(
        "--time-scale",
        type=clock_of,
        default="1",
        metavar="N",
        help="waits, back-offs and life-cycle delays pass N times faster, work does not (default: 1); "
        "`virtual`: they pass at once, in their order, when nothing else is to be done",
    )
    server.add_argument(
        "--images",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders with one folder an image, each with a Dockerfile: what ECS tasks run",
    )
    server.add_argument(
        "--containers",
        choices=["process", "docker"],
        default="process",
        help="what the containers of ECS tasks run as: processes, or real containers by a Docker engine, "
        "whose client DOCKER names (default: %(default)s)",
    )
    server.add_argument(
        "--ecs-delays",
        type=delays_of,
        default=Lifecycle(),
        metavar="STATE=SECONDS,...",
        help="how long ECS tasks stay in a state, by default " + str(Lifecycle()),
    )
    server.add_argument(
        "--rate-limits",
        action="store_true",
        help="throttle calls of ECS as AWS does, with its ThrottlingException",
    )
    server.add_argument(
        "--fargate-vcpus",
        type=float,
        metavar="N",
        help="how many vCPUs ECS tasks may have at the same time; RunTask tells of more in `failures`",
    )
    server.add_argument("--seed", type=int, help="makes ids and jitter the same in every run")
    server.set_defaults(run=serve)
