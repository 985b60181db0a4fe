"""How a container starts and ends: outcomes become exit codes, a crash becomes one log line."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from types import FrameType, TracebackType
from typing import NoReturn

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
)

from common.aws_errors import is_transient
from common.clients import Clients, connect
from common.clock import Clock, SystemClock
from common.exit_codes import ExitCode, TryAgain, WrongSettings
from common.log import Log

Main = Callable[[Mapping[str, str], Clients, Clock], int]
_AGAIN = 1.0  # second


def outcome_of(body: Callable[[], ExitCode], log: Log) -> ExitCode:
    """Run the body and return the exit code of what became of it; what no code stands for is raised on."""
    try:
        return body()
    except WrongSettings as error:
        for problem in error.problems:
            log.failure(f"wrong setting: {problem}")
        return ExitCode.BAD_SETTINGS
    except NoCredentialsError as error:
        log.failure(f"wrong setting: {error}")
        return ExitCode.BAD_SETTINGS
    except (TryAgain, HTTPClientError, IncompleteReadError) as error:
        log.failure(f"try again later: {error}", error=type(error).__name__)
        return ExitCode.TRY_AGAIN
    except ClientError as error:
        if not is_transient(error):
            raise
        log.failure(f"try again later: {error}", error=type(error).__name__)
        return ExitCode.TRY_AGAIN


def start(main: Main) -> NoReturn:
    """Run a container's main on the real world and leave the process with its exit code."""
    clock = SystemClock()
    log = Log(sys.stdout.buffer, clock, os.environ.get("EXECUTION_ID"))

    def crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        log.failure(f"crash: {kind.__name__}: {error}", traceback=text)

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        # Python drops what is raised while it calls a destructor, so this is raised again until it is heard.
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        raise SystemExit(ExitCode.STOPPED)  # no log line here: a signal may come in the middle of one

    sys.excepthook = crash
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    try:
        clients = connect()
    except (BotoCoreError, ValueError) as error:
        log.failure(f"wrong setting: {error} (AWS_REGION, AWS_ENDPOINT_URL)")
        raise SystemExit(ExitCode.BAD_SETTINGS) from error
    try:
        code = main(os.environ, clients, clock)
    except SystemExit:
        signal.setitimer(signal.ITIMER_REAL, 0)
        log.warning("stopped: the task was told to end (SIGTERM)")
        raise
    raise SystemExit(code)
