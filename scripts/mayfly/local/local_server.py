"""Starts a local AWS as a process of its own and waits until it answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mayfly.console import CommandError
from mayfly.template import ROOT

READY = re.compile(r"^local AWS ready at (http://\S+)$", re.MULTILINE)
TIME_SCALE = "60"  # waits, back-offs and life-cycle delays pass this many times faster
READY_WITHIN = 60.0


@dataclass
class LocalServer:
    """A running local AWS."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def reach(self) -> str:
        """The command that points a shell's AWS clients to it."""
        return (
            f"export AWS_ENDPOINT_URL={self.url} AWS_DEFAULT_REGION=us-east-1"
            " AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
        )

    @classmethod
    @contextmanager
    def spawned(cls, *, keep: bool, meanwhile: Callable[[], None]) -> Iterator[LocalServer]:
        """Yield a fresh local AWS on any free port; at the end stop it, unless it is to be kept.

        It takes seconds to start, and `meanwhile` is called once it is on its way.
        """
        server = cls.spawn(0, meanwhile=meanwhile)
        try:
            yield server
        except BaseException:
            server.stop()
            raise
        if not keep:
            server.stop()

    @classmethod
    def spawn(
        cls,
        port: int,
        log: Path | None = None,
        options: Sequence[str] = ("--time-scale", TIME_SCALE),
        meanwhile: Callable[[], None] = lambda: None,
    ) -> LocalServer:
        """Start a local AWS on `port` (0: any free one) with options of `serve`; wait until it is ready.

        It has a session of its own, so that it can outlive the shell. Raises CommandError if it won't start.
        """
        log = log or Path(tempfile.mkdtemp(prefix="mayfly-")) / "local-aws.log"
        command = [
            sys.executable,
            "-m",
            "local_aws",
            "serve",
            "--port",
            str(port),
            "--images",
            str(ROOT / "ecs"),
            *options,
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            meanwhile()
            return cls._when_ready(process, log)
        except BaseException:  # an interrupt, too: what was started must not stay
            process.kill()
            process.wait()
            raise

    @classmethod
    def _when_ready(cls, process: subprocess.Popen[bytes], log: Path) -> LocalServer:
        deadline = time.monotonic() + READY_WITHIN
        pause = Event()
        while time.monotonic() < deadline and process.poll() is None:
            if ready := READY.search(log.read_text(errors="replace")):
                return cls(process, ready[1], log)
            pause.wait(0.05)
        tail = " | ".join(log.read_text(errors="replace").splitlines()[-5:])
        raise CommandError("the local AWS did not start", tail or "it said nothing", f"see {log}")

    def stop(self) -> None:
        """End the server, and with it every task's process."""
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
