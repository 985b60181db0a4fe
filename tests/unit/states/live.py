"""Executions on a local AWS in virtual time, told from within its loop: while a test acts, no time passes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_aws.clock import Clock
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.states.executions import Execution
from local_aws.virtual_clock import VirtualClock
from tests.unit.states.running import REGION, ROLE, text_of


@contextmanager
def virtual_cloud() -> Iterator[Cloud]:
    cloud = Cloud(Images([]), VirtualClock(), seed=1)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()


async def ask(cloud: Cloud, operation: str, **request: Any) -> Any:
    """Ask Step Functions, as a client would."""
    return await cloud.states(REGION).answer(operation, request)


async def started(cloud: Cloud, machine: str, given: Any) -> Execution:
    """Return a new execution of one of this folder's machines."""
    created = await ask(cloud, "CreateStateMachine", name=machine, definition=text_of(machine), roleArn=ROLE)
    arn = created["stateMachineArn"]
    execution = await ask(cloud, "StartExecution", stateMachineArn=arn, input=json.dumps(given))
    return cloud.states(REGION)._execution(execution["executionArn"])


async def reached(execution: Execution, kind: str) -> dict[str, Any]:
    """Return the details of the latest event of a type, within a millisecond of the clock's time."""
    while kind not in types(execution):
        assert execution.status == "RUNNING", f"it ended without {kind}: {types(execution)}"
        await clock_of(execution).sleep(0.001)
    return details(execution, kind)


def clock_of(execution: Execution) -> Clock:
    return execution._cloud.clock


async def token_of(execution: Execution) -> str:
    """Return the token in the message that a task has sent."""
    await reached(execution, "TaskSubmitted")
    parameters = json.loads(details(execution, "TaskScheduled")["parameters"])
    token: str = parameters["MessageBody"]["token"]
    return token


async def ended(execution: Execution) -> Execution:
    async with asyncio.timeout(20):
        await execution.ended()
    return execution


def types(execution: Execution) -> list[str]:
    return [event["type"] for event in execution.history.events]


def details(execution: Execution, kind: str) -> dict[str, Any]:
    event = [event for event in execution.history.events if event["type"] == kind][-1]
    found: dict[str, Any] = next((event[key] for key in event if key.endswith("Details")), {})
    return found
