"""Runs programs one at a time on one AWS in memory: at each AWS call, and each sleep, another may go on.

Who goes on is drawn from a seed, time is virtual, and calls fail as calls do. The same seed, the same run.
"""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from common.clients import Clients
from tests.properties.clients import Answer, Client
from tests.properties.memory_aws import MemoryAws, aws_error

EPOCH = datetime(2025, 7, 5, 12, tzinfo=UTC)
_LONGEST_CALL_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1800.0
_LONGEST_LATENESS_SECONDS = 20.0
_MOST_STEPS = 200_000
_ENDPOINT = "https://aws.invalid"
_THREAD = threading.local()


class Fault(Enum):
    """What may become of a call."""

    CRASH_BEFORE = "the process is gone before the call"
    CRASH_AFTER = "the process is gone after the call"
    LOST = "the call has its effect, the answer is lost"
    UNSENT = "the connection breaks before the call has an effect"
    LATE = "the answer is lost, and a conditional write has its effect some seconds later"
    THROTTLED = "the call is refused for now"
    PAUSED = "the process stands still for up to half an hour before the call"
    PRESUMED_DEAD = "likewise, and the machine starts another attempt meanwhile"
    OUTAGE = "from this call on, nothing that the execution sends arrives"
    LAST_GASP = "the process stands still for up to half an hour, makes the call, and is gone"


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class Faults:
    """Which calls of an execution go wrong: by their number, from 1, over all its attempts."""

    planned: Mapping[int, Fault]
    calls: list[str] = field(default_factory=list)
    _is_out: bool = False

    def next(self, method: str) -> Fault | None:
        """Note a call and return what becomes of it."""
        self.calls.append(method)
        fault = self.planned.get(len(self.calls))
        self._is_out |= fault is Fault.OUTAGE
        return Fault.UNSENT if self._is_out else fault


class Simulation:
    """The world: time, AWS, the programs on it, and what happens at set times."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - the same seed, the same run
        self.seconds = 0.0
        self.aws = MemoryAws(self.rng.getrandbits(32), self.now)
        self.after_write: Callable[[], None] = lambda: None
        self.calls = 0
        self.is_over = False
        self._failure: BaseException | None = None
        self._sticks = self.rng.choice((0.0, 0.5, 0.9))  # how likely a program goes on, rather than anyone
        self._steps = 0
        self._programs: list[Program] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._end = threading.Semaphore(0)

    def now(self) -> datetime:
        """Return the time of day."""
        return EPOCH + timedelta(seconds=self.seconds)

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        self._timers.append((self.seconds + delay, action))

    def start(
        self, main: Callable[[Program], int], faults: Faults, ended: Callable[[int | None], None]
    ) -> Program:
        """Start a program; ``ended`` gets its exit code, or None when it crashed or is presumed dead."""
        program = Program(self, main, faults, ended)
        self._programs.append(program)
        return program

    def run(self) -> None:
        """Go on until nothing is left to happen. Raises what a program raised that was no exit."""
        self.is_over = False
        self.pass_on(None)
        self._end.acquire()
        self.is_over = True
        for program in self._programs:
            program.kill()
            program.go_on()
        if self._failure:
            raise self._failure

    def pass_on(self, current: Program | None) -> bool:
        """Let somebody else go on, or the one who asks; tell whether that one goes on."""
        try:
            chosen = self._choose(current)
        except BaseException as error:  # noqa: BLE001 - whoever asks has nothing to do with it
            self.fail(error)
            return False
        if chosen is None:
            self._end.release()
        elif chosen is not current:
            chosen.go_on()
        return chosen is current

    def end(self, program: Program) -> None:
        """Take a program out that has ended, and let somebody else go on."""
        if self.is_over:
            return
        self._programs.remove(program)
        self._timers.append((self.seconds, program.tell))
        self.pass_on(None)

    def fail(self, error: BaseException) -> None:
        """End everything with an error."""
        self._failure = self._failure or error
        self._end.release()

    def call(self, service: str, method: str, parameters: Mapping[str, Any]) -> Answer:
        """Let AWS carry out a call, and let those look who watch the tables."""
        self.calls += 1
        answer = self.aws.call(service, method, parameters)
        if self.aws.written:
            self.after_write()
        return answer

    def _choose(self, current: Program | None) -> Program | None:
        """Let time pass and set times come, until a program is to go on; None when all is over."""
        while self._programs or self._timers:
            self._steps += 1
            assert self._steps < _MOST_STEPS, f"no end after {_MOST_STEPS} steps, at {self.now()}"
            if current and current.wakes <= self.seconds and self.rng.random() < self._sticks:
                return current
            due = [timer for timer in self._timers if timer[0] <= self.seconds]
            ready = [program for program in self._programs if program.wakes <= self.seconds]
            if not due and not ready:
                times = [time for time, _ in self._timers] + [program.wakes for program in self._programs]
                self.seconds = min(times)
                continue
            chosen: Any = self.rng.choice([*ready, *due])
            if isinstance(chosen, Program):
                return chosen
            self._timers.remove(chosen)
            chosen[1]()
        return None


class Program:
    """A container's ``main`` in a thread that runs only while it has the baton. It is its own clock."""

    def __init__(
        self,
        simulation: Simulation,
        main: Callable[[Program], int],
        faults: Faults,
        ended: Callable[[int | None], None],
    ) -> None:
        self.simulation = simulation
        self.clients = Clients(
            Client(self, "s3"),  # type: ignore[arg-type]
            Client(self, "dynamodb"),  # type: ignore[arg-type]
            random.Random(simulation.rng.getrandbits(32)),  # noqa: S311
            io.BytesIO(),
        )
        self.wakes = simulation.seconds
        self._baton = threading.Semaphore(0)
        self._faults = faults
        self._ended: Callable[[int | None], None] | None = ended
        self._code: int | None = None
        self._is_dead = False
        self._thread = threading.Thread(target=self._run, args=(main,), daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """Let it have the baton."""
        self._baton.release()

    def kill(self) -> None:
        """Let it be gone when it would go on."""
        self._is_dead = True
        self.wakes = 0.0

    def tell(self) -> None:
        """Tell how it ended, once."""
        ended, self._ended = self._ended, None
        if ended:
            ended(self._code)

    def now(self) -> datetime:
        """Return the time of day."""
        return self.simulation.now()

    def monotonic(self) -> float:
        """Return the seconds since the beginning."""
        return self.simulation.seconds

    def sleep(self, seconds: float) -> None:
        """Let the others go on, and time pass."""
        if self._is_dead:
            raise Crash  # on its way out, a dead process does nothing more
        self.wakes = self.simulation.seconds + seconds
        if not self.simulation.pass_on(self):
            self._baton.acquire()
        if self._is_dead:
            raise Crash

    def call(self, service: str, method: str, parameters: Mapping[str, Any]) -> Answer:
        """Make a call, after the others had their chance to go first."""
        rng = self.simulation.rng
        self.sleep(rng.uniform(0, _LONGEST_CALL_SECONDS))
        fault = self._faults.next(method)
        if fault in {Fault.PAUSED, Fault.PRESUMED_DEAD, Fault.LAST_GASP}:
            if fault is Fault.PRESUMED_DEAD:
                self.simulation.at(0, self.tell)
            self.sleep(rng.uniform(0, _LONGEST_PAUSE_SECONDS))
        if fault is Fault.CRASH_BEFORE:
            self._die()
        if fault is Fault.UNSENT:
            raise ConnectionClosedError(endpoint_url=_ENDPOINT)
        if fault is Fault.THROTTLED:
            raise _throttled(service, method)
        if fault is Fault.LATE and service == "dynamodb":
            self._send_late(service, method, parameters)
            raise ReadTimeoutError(endpoint_url=_ENDPOINT)
        answer = self.simulation.call(service, method, parameters)
        if fault in {Fault.CRASH_AFTER, Fault.LAST_GASP}:
            self._die()
        if fault in {Fault.LOST, Fault.LATE}:
            raise ReadTimeoutError(endpoint_url=_ENDPOINT)
        return answer

    def _die(self) -> None:
        self._is_dead = True
        raise Crash

    def _send_late(self, service: str, method: str, parameters: Mapping[str, Any]) -> None:
        def arrive() -> None:
            with suppress(ClientError):  # nobody hears of it
                self.simulation.call(service, method, parameters)

        self.simulation.at(self.simulation.rng.uniform(0, _LONGEST_LATENESS_SECONDS), arrive)

    def _run(self, main: Callable[[Program], int]) -> None:
        _THREAD.program = self
        self._baton.acquire()
        try:
            if not self._is_dead:
                self._code = main(self)
        except Crash:
            pass
        except Exception as error:  # noqa: BLE001 - the simulation raises it where the test sees it
            self.simulation.fail(error)
            return
        self.simulation.end(self)


def take_time(seconds: float) -> None:
    """Let the program that runs be busy for so long."""
    program: Program = _THREAD.program
    program.sleep(seconds)


def _throttled(service: str, method: str) -> ClientError:
    if service == "s3":
        return aws_error("SlowDown", method, "Please reduce your request rate.", 503)
    return aws_error("ThrottlingException", method, "Rate exceeded")
