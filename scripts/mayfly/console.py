"""What a script says: steps to stderr, results to stdout, errors in three parts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended


class CommandError(Exception):
    """A script cannot go on: what failed, what was found, what to do."""

    def __init__(self, failed: str, found: str, advice: str, exit_code: int = 1) -> None:
        super().__init__(failed)
        self.parts = (failed, found, advice)
        self.exit_code = exit_code


def step(text: str) -> None:
    """Say what is being done."""
    print(f"-----> {text}", file=sys.stderr, flush=True)


def detail(text: str) -> None:
    """Say something about the step under way."""
    print(f"       {text}", file=sys.stderr, flush=True)


def warning(text: str) -> None:
    """Say what may turn out wrong, though nothing has failed."""
    print(f"  !    {text}", file=sys.stderr, flush=True)


def ask(question: str) -> str:
    """Ask on the terminal; the end of the input, or none at all, is an empty answer."""
    print(question, end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline() if sys.stdin else ""  # None when it was closed from the start
    if not answer.endswith("\n"):
        print(file=sys.stderr)  # what comes next begins its own line
    return answer.strip()


def end_with(error: CommandError | BotoCoreError | ClientError) -> NoReturn:
    """Print an error and end the script with its exit code."""
    if not isinstance(error, CommandError):
        error = CommandError(
            "an AWS call failed", str(error), "see whether the endpoint and the credentials are right"
        )
    failed, found, advice = error.parts
    print(f"error: {failed}\n  found: {found}\n  do:    {advice}", file=sys.stderr, flush=True)
    raise SystemExit(error.exit_code)


def run(work: Callable[[], None], again: str) -> None:
    """Do a script's work; end it with an error in three parts, or, on Ctrl-C, by saying what `again` does."""
    try:
        work()
    except (CommandError, BotoCoreError, ClientError) as error:
        end_with(error)
    except KeyboardInterrupt:
        print(f"\ninterrupted: {again}", file=sys.stderr, flush=True)
        raise SystemExit(INTERRUPTED) from None
