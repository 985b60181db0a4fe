"""`python -m local_aws`: the local AWS from the command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.graph.command import add_graph
from local_aws.lint.command import add_lint
from local_aws.virtual_clock import VirtualClock

PORT_IN_USE = 4  # what `serve` exits with


def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    # Loaded here, for it brings moto with it: seconds that drawing a picture should not take.
    from local_aws.server import LocalAws, PortInUseError  # noqa: PLC0415

    aws = LocalAws(
        Images(arguments.images), port=arguments.port, clock=arguments.time_scale, seed=arguments.seed
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


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser(
        "serve",
        help="answer AWS's APIs on 127.0.0.1 until SIGTERM or SIGINT",
        description="Answers AWS's APIs on 127.0.0.1 until SIGTERM or SIGINT, which also end the tasks' "
        f"processes. Exits with 0 when stopped, {PORT_IN_USE} when the port is in use.",
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
    server.add_argument("--seed", type=int, help="makes ids and jitter the same in every run")
    server.set_defaults(run=serve)
    add_graph(commands)
    add_lint(commands)
    return parser.parse_args(argv)


def main() -> int:
    """Run the command line; return the exit code."""
    arguments = arguments_of(sys.argv[1:])
    result: int = arguments.run(arguments)
    return result


if __name__ == "__main__":
    raise SystemExit(main())
