"""Functions in virtual time, which goes on while one runs, and jumps over waits."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from local_aws.virtual_clock import VirtualClock
from tests.unit.functions.support import Lambda
from tests.unit.functions.test_in_machines import Machine


@pytest.fixture(scope="module")
def functions() -> Iterator[Lambda]:
    with LocalAws(Images([]), clock=VirtualClock()) as aws:
        yield Lambda(aws)


def test_a_machine_invokes_functions_between_its_waits(functions: Lambda) -> None:
    clock, begun = functions.cloud.clock.time(), time.monotonic()
    done = Machine(functions, "wait_and_invoke").run(functions.make("handlers.fail"), {})
    assert (done["status"], done["error"]) == ("FAILED", "LookupError")
    assert functions.cloud.clock.time() - clock >= 3 * 3600  # an hour's wait, and two before the retry
    assert time.monotonic() - begun < 60


def test_an_event_is_tried_again_without_anybody_waiting(functions: Lambda) -> None:
    clock, name = functions.cloud.clock.time(), functions.make("handlers.fail")
    functions.invoke(name, {}, InvocationType="Event")
    functions.settle()
    assert 180 <= functions.cloud.clock.time() - clock < 240
