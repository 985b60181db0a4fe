"""Tells executions as they happen: reads their histories and their tasks' logs, and says them in lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol

from mayfly.demo.execution import Change, Execution

WORDS = {
    "entered": "> {}",
    "left": "< {}",
    "caught": "< {} caught",
    "failed": "x {} failed",
    "retried": "~ {} retried",
}


@dataclass(frozen=True)
class LogLine:
    """What a task's container has said."""

    container: str
    text: str


News = Change | LogLine


class Rendering(Protocol):
    """A way of showing executions while they run."""

    def running(self) -> AbstractContextManager[object]:
        """Return what is to be entered for as long as executions are shown."""

    def show(self, name: str, execution: Execution, news: Iterable[News]) -> None:
        """Show what is new of the execution of the file `name`."""

    def pause(self, seconds: float) -> None:
        """Let time pass."""


@dataclass
class Follower:
    """Follows one execution by GetExecutionHistory and its tasks' logs."""

    arn: str
    log_group: str
    states: Any  # boto3 clients
    logs: Any
    execution: Execution = field(default_factory=Execution)
    _seen: int = 0
    _told: set[str] = field(default_factory=set)  # log event ids

    def news(self) -> Iterator[News]:
        """Yield everything that happened since the last call, once the model knows of it."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        for event in (event for page in pages for event in page["events"]):
            if event["id"] > self._seen:
                self._seen = event["id"]
                if change := self.execution.apply(event):
                    yield change
        yield from self._log_lines()

    def _log_lines(self) -> Iterator[LogLine]:
        name = self.arn.rpartition(":")[2]
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.log_group)
        for event in (event for page in pages for event in page["events"]):
            container, _, rest = event["logStreamName"].partition("/")
            if event["eventId"] not in self._told and rest.startswith(f"{name}/"):
                self._told.add(event["eventId"])
                line = LogLine(container, plain(event["message"]))
                self.execution.said[rest.rpartition("/")[2]] = line.text
                yield line


class Lines:
    """The plain rendering: a line for everything that happens."""

    def __init__(self, say: Callable[[str], None], *, labelled: bool) -> None:
        self._say = say
        self._labelled = labelled  # whether each line begins with the file's name
        self._pause = Event()

    def running(self) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        return nullcontext()

    def show(self, name: str, execution: Execution, news: Iterable[News]) -> None:  # noqa: ARG002
        """Say each piece of news."""
        for item in news:
            self._say((f"[{name}] " if self._labelled else "") + told(item))

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._pause.wait(seconds)


def told(news: News) -> str:
    """Return news as a line of text."""
    if isinstance(news, LogLine):
        return f"            {news.container}: {news.text}"
    text = WORDS[news.what].format(news.name) if news.name else f"= {news.what}"
    return f"{news.seconds:7.1f} s  {text} {news.error}".rstrip()


def plain(line: str) -> str:
    """Return a task's log line as text, `INFO message field=value ...`; what is no JSON object as it is.

    What cannot be printed is escaped: it may come from a file, and must not steer the terminal.
    """
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        entry = None
    if isinstance(entry, dict):
        fields = {k: v for k, v in entry.items() if k not in {"time", "level", "message", "execution_id"}}
        words = [entry.get("level", ""), entry.get("message", ""), *(f"{k}={v}" for k, v in fields.items())]
        line = " ".join(words).strip()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
