"""`python -m local_aws`: the local AWS from the command line."""

from __future__ import annotations

import argparse
import os
import sys

from local_aws.graph.command import add_graph
from local_aws.lint.command import add_lint
from local_aws.replay.command import add_replays
from local_aws.serve import add_serve

NOBODY_READS = 141  # 128 + SIGPIPE, what a shell makes of it


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_serve(commands)
    add_graph(commands)
    add_replays(commands)
    add_lint(commands)
    return parser.parse_args(argv)


def main() -> int:
    """Run the command line; return the exit code."""
    arguments = arguments_of(sys.argv[1:])
    try:
        result: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        return NOBODY_READS
    return result


if __name__ == "__main__":
    raise SystemExit(main())
