"""A machine in virtual time, its calls answered by the local AWS: fast, and the same in every run."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.virtual_clock import VirtualClock
from local_aws.wire import to_json
from tests.unit.states.running import REGION, ROLE, text_of

START = datetime(2024, 1, 1, tzinfo=UTC)


def events_of_a_run(seed: int) -> list[dict[str, Any]]:
    cloud = Cloud(Images([]), VirtualClock(START), seed=seed)
    cloud.start()
    try:
        return cloud.run(_run(cloud))
    finally:
        cloud.stop()


async def _run(cloud: Cloud) -> list[dict[str, Any]]:
    states = cloud.states(REGION)
    machine = {"name": "m", "roleArn": ROLE, "definition": text_of("jittered_branches")}
    created = await states.answer("CreateStateMachine", machine)
    asked = {"stateMachineArn": created["stateMachineArn"], "name": "e"}
    arn = (await states.answer("StartExecution", asked))["executionArn"]
    await states._execution(arn).ended()
    events: list[dict[str, Any]] = states._execution(arn).history.events
    return events


def test_two_hours_of_waiting_cost_no_time() -> None:
    began = time.monotonic()
    events = events_of_a_run(seed=1)
    assert time.monotonic() - began < 60
    assert (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds() == 7_200


def test_the_same_seed_gives_the_same_history_byte_for_byte_and_another_one_does_not() -> None:
    first, again, other = (to_json(events_of_a_run(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
