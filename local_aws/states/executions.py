"""One execution, from its start to its one end: its history, its time limit, what it tells EventBridge."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.policies import Need
from local_aws.iam.roles import NotTrustedError, Session, acting_as
from local_aws.states.distributed.map_run import MapRun
from local_aws.states.effects import TaskCall
from local_aws.states.errors import PERMISSIONS, StateError, runtime_error
from local_aws.states.history import History, Thread, failure_details
from local_aws.states.integrations import check_parameters, integration
from local_aws.states.interpreter import Interpreter
from local_aws.states.jsontext import Json, dumps, loads, timestamp, too_large
from local_aws.states.model import Machine
from local_aws.states.resources import Resource

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

logger = logging.getLogger(__name__)
_FINAL_EVENTS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A state machine as it was when the execution started; an update does not touch those under way."""

    arn: str
    name: str
    role_arn: str
    definition: str
    machine: Machine
    updated: datetime
    revision: str | None = None  # since it was updated


class LiveEffects:
    """Carries out what an execution needs, in the cloud it runs in, as its machine's role."""

    def __init__(self, cloud: Cloud, region: str, machine: StateMachine, execution: str) -> None:
        self._cloud = cloud
        self._region = region
        self._machine = machine
        self._execution = execution
        self._session: Session | None = None
        self.random: random.Random = cloud.random

    def now(self) -> datetime:
        """Return the cloud's time."""
        return self._cloud.clock.now()

    def new_id(self) -> str:
        """Return a UUID."""
        return self._cloud.new_id()

    async def sleep(self, seconds: float) -> None:
        """Wait on the cloud's clock."""
        await self._cloud.clock.sleep(seconds)

    def begin(self, resource: Resource, state: str, iteration: tuple[int, ...]) -> str:  # noqa: ARG002 - see Effects
        """Return a new task token; raises States.Runtime when there is no such activity."""
        states = self._cloud.states(self._region)
        if resource.kind == "Activity":
            states.activity(resource.text)
        return states.callbacks.issue()

    def begin_map_run(self, run: MapRun) -> None:
        """Make a Map Run known to the API; its role starts executions of its machine.

        https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        """
        need = Need("states:StartExecution", self._machine.arn)
        try:
            self._cloud.enforcer.demand(self._role(), need, self._region)
        except AccessDeniedError as denied:
            raise StateError(PERMISSIONS, str(denied)) from denied
        self._cloud.states(self._region).map_runs.add(run, self._machine.updated)

    def check(self, resource: Resource, parameters: Json) -> None:
        """Raise States.Runtime for parameters that the service's API does not have."""
        check_parameters(resource, parameters)

    async def call(self, task: TaskCall) -> Json:
        """Call the service that the task names."""
        with acting_as(self._role().access_key):
            work = integration(task.resource)(self._cloud, self._region, task)
            return await self._cloud.states(self._region).callbacks.answered(task, work)

    def _role(self) -> Session:
        """Return the execution's session of the machine's role, begun by its first call."""
        if self._session is None:
            name = uuid.uuid5(uuid.NAMESPACE_URL, self._execution).hex
            machine, roles = self._machine, self._cloud.enforcer.roles
            try:
                self._session = roles.begin(machine.role_arn, "states.amazonaws.com", machine.arn, name)
            except NotTrustedError as error:
                raise StateError(PERMISSIONS, str(error)) from error
        return self._session


class Execution:
    """An execution of a state machine. Its methods belong to the event loop's thread."""

    def __init__(self, cloud: Cloud, region: str, arn: str, machine: StateMachine, given: str) -> None:
        self.arn = arn
        self.name = arn.rpartition(":")[2]
        self.state_machine = machine
        self.input = given
        self.status = "RUNNING"
        self.started = cloud.clock.now()
        self.stopped: datetime | None = None
        self.output: str | None = None
        self.failure: StateError | None = None
        self.trace_header: str | None = None  # of X-Ray: described back, nothing more
        self.history = History(cloud.clock.now)
        self._cloud = cloud
        self._region = region
        self._thread = Thread()
        self._stop: asyncio.Future[StateError] = cloud.loop.create_future()
        self._run: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the execution goes on by itself."""
        details = {"input": self.input, "inputDetails": {"truncated": False}}
        self.history.add(
            self._thread, "ExecutionStarted", {**details, "roleArn": self.state_machine.role_arn}
        )
        self._publish()
        self._run = asyncio.get_running_loop().create_task(self._drive())

    def stop(self, error: str | None, cause: str | None) -> None:
        """Abort the execution; nothing in it can catch that."""
        if self.status == "RUNNING" and not self._stop.done():
            self._stop.set_result(StateError(error, cause))

    async def ended(self) -> None:
        """Return when the execution has ended."""
        if self._run is not None:
            await asyncio.wait({self._run})

    async def _drive(self) -> None:
        effects = LiveEffects(self._cloud, self._region, self.state_machine, self.arn)
        interpreter = Interpreter(effects, self.history, self._context(), self._region)
        machine = self.state_machine.machine
        work = asyncio.ensure_future(interpreter.run(machine, self._thread, loads(self.input)))
        waits: set[asyncio.Future[object]] = {work, self._stop}  # type: ignore[arg-type]  # only waited for
        if machine.timeout_seconds is not None:
            waits.add(asyncio.ensure_future(effects.sleep(machine.timeout_seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                self._end_of(work)
            elif self._stop.done():
                self._end("ABORTED", failure=self._stop.result())
            else:
                self._end("TIMED_OUT", failure=StateError(None))
        finally:
            for wait in waits:
                wait.cancel()

    def _end_of(self, work: asyncio.Task[Json]) -> None:
        try:
            output = dumps(work.result())
        except StateError as failure:
            self._end("FAILED", failure=failure)
        except Exception as bug:
            # Ours, not the machine's: it must not vanish with the asyncio task.
            logger.exception("execution %s met a bug of the local AWS", self.arn)
            self._end("FAILED", failure=runtime_error(f"A bug of the local AWS: {type(bug).__name__}: {bug}"))
        else:
            self._end("SUCCEEDED", output=output)

    def _end(self, status: str, output: str | None = None, failure: StateError | None = None) -> None:
        self.status, self.output, self.failure = status, output, failure
        self.stopped = self._cloud.clock.now()
        details = (
            failure_details(failure) if failure else {"output": output, "outputDetails": {"truncated": False}}
        )
        # As recorded on AWS: an end from outside follows no event, and no state's own end is told.
        previous = self._thread.last if status in ("SUCCEEDED", "FAILED") else 0
        self.history.add_after(self._thread, previous, _FINAL_EVENTS[status], details)
        self._publish()

    def _context(self) -> dict[str, Json]:
        return {
            "Execution": {
                "Id": self.arn,
                "Input": loads(self.input),
                "StartTime": timestamp(self.started),
                "Name": self.name,
                "RoleArn": self.state_machine.role_arn,
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": self.state_machine.arn, "Name": self.state_machine.name},
        }

    def _publish(self) -> None:
        """Tell EventBridge that the status changed.

        https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        bus = self._cloud.events(self._region)
        detail = {
            "executionArn": self.arn,
            "stateMachineArn": self.state_machine.arn,
            "name": self.name,
            "status": self.status,
            "startDate": _milliseconds(self.started),
            "stopDate": _milliseconds(self.stopped),
            **_shown("input", self.input),
            **_shown("output", self.output),
            "error": self.failure.error if self.failure else None,
            "cause": self.failure.cause if self.failure else None,
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
            "redriveCount": 0,
            "redriveDate": None,
        }
        bus.publish(bus.event("aws.states", "Step Functions Execution Status Change", detail, [self.arn]))


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _shown(name: str, text: str | None) -> dict[str, Json]:
    """Return a payload as a status event shows it: left out where it would not fit into an event."""
    if text is None:
        return {name: None, f"{name}Details": None}
    included = not too_large(text + "x" * 8_192)  # an event has room for 256 KiB with its envelope
    return {name: text if included else None, f"{name}Details": {"included": included}}
