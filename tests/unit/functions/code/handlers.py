# ruff: noqa: ARG001 - every handler is given an event and a context
"""Handlers of the tests' functions."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

calls: list[Any] = []


def echo(event: Any, context: Any) -> Any:
    return event


def about(event: Any, context: Any) -> Any:
    names = ["function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb"]
    names += ["aws_request_id", "log_group_name", "log_stream_name"]
    told = {name: getattr(context, name) for name in names}
    return {"context": told, "left": context.get_remaining_time_in_millis(), "environment": dict(os.environ)}


def count(event: Any, context: Any) -> int:
    calls.append(event)
    return len(calls)


def fail(event: Any, context: Any) -> None:
    raise LookupError("nothing here")


def write(event: Any, context: Any) -> None:
    print("first\nsecond")
    logging.getLogger().warning("one\nrecord")
    sys.stderr.write("last")


def sleep(event: Any, context: Any) -> None:
    print("asleep", flush=True)
    time.sleep(60)


def leave(event: Any, context: Any) -> None:
    sys.exit(event)


def leave_later(event: Any, context: Any) -> int:
    if event:
        sys.exit(0)
    return count(event, context)


def be_killed(event: Any, context: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def decimal(event: Any, context: Any) -> Any:
    return {"amount": Decimal("1.10")}


def no_json(event: Any, context: Any) -> Any:
    return object()


def raw(event: Any, context: Any) -> bytes:
    return b"\xff raw"


def large(event: Any, context: Any) -> str:
    return "x" * 6_291_600


def touch(event: Any, context: Any) -> None:
    """Wait until the test has made the file that the event names, and tell by another that it waits."""
    Path(event["waiting"]).touch()
    while not Path(event["go"]).exists():
        time.sleep(0.005)


@cache
def s3() -> Any:
    import boto3  # noqa: PLC0415 - half a second, which the other handlers need not wait

    return boto3.client("s3")


def read_object(event: Any, context: Any) -> str:
    content: bytes = s3().get_object(**event)["Body"].read()
    return content.decode()


def tell(event: Any, context: Any) -> None:
    print(json.dumps(event))
