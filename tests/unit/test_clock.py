"""The clocks: what passes, how fast, and in which order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from local_aws.clock import Clock
from local_aws.virtual_clock import NothingLeftError, VirtualClock

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START, alone=True)


def run(clock: Clock, work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(work)


def passed(clock: Clock) -> float:
    return (clock.now() - START).total_seconds()


def test_waits_side_by_side_end_in_the_order_of_their_ends(clock: VirtualClock) -> None:
    ends: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        ends.append((name, passed(clock)))

    async def work() -> None:
        await asyncio.gather(wait("long", 86_400), wait("short", 1), wait("also short", 1))

    run(clock, work())
    assert ends == [("short", 1), ("also short", 1), ("long", 86_400)]


def test_virtual_time_costs_no_time_and_does_not_pass_by_itself(clock: VirtualClock) -> None:
    began = time.monotonic()
    run(clock, clock.sleep(3_600))
    busy_until = time.monotonic() + 0.01
    while time.monotonic() < busy_until:
        pass
    assert passed(clock) == 3_600
    assert time.monotonic() - began < 60


def test_a_wait_that_is_given_up_does_not_move_the_clock(clock: VirtualClock) -> None:
    async def work() -> None:
        limit = asyncio.ensure_future(clock.sleep(1_000))
        await clock.sleep(5)
        limit.cancel()
        await clock.sleep(5)

    run(clock, work())
    assert passed(clock) == 10


def test_a_wait_that_is_given_up_does_not_keep_the_clock_from_standing_still(clock: VirtualClock) -> None:
    async def work() -> None:
        soon = asyncio.ensure_future(clock.sleep(5, background=True))
        limit = asyncio.ensure_future(clock.sleep(1_000))
        await asyncio.sleep(0)
        limit.cancel()
        await soon

    with pytest.raises(NothingLeftError):
        run(clock, work())


def test_a_wait_that_no_calendar_ends_is_one_of_three_years(clock: VirtualClock) -> None:
    run(clock, clock.sleep(10**400))
    assert passed(clock) == 99_999_999


def test_ten_thousand_waits_side_by_side_take_as_long_as_ten_thousand(clock: VirtualClock) -> None:
    async def work() -> None:
        await asyncio.gather(*(clock.sleep(second) for second in range(1, 10_001)))

    began = time.process_time()
    run(clock, work())
    assert passed(clock) == 10_000
    assert time.process_time() - began < 10  # each looking at all others takes more than a minute


def test_a_wait_in_the_background_is_passed_on_the_way_but_never_gone_to(clock: VirtualClock) -> None:
    ticks: list[float] = []

    async def schedule() -> None:
        while True:
            await clock.sleep(60, background=True)
            ticks.append(passed(clock))

    async def work() -> None:
        ticking = asyncio.ensure_future(schedule())
        await clock.sleep(150)
        ticking.cancel()

    run(clock, work())
    assert ticks == [60, 120]
    with pytest.raises(NothingLeftError):
        run(clock, schedule())
    assert passed(clock) == 150


def test_waiting_for_what_cannot_happen_is_an_error_where_no_other_thread_is(clock: VirtualClock) -> None:
    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftError):
        run(clock, work())


def test_calls_are_made_one_at_a_time_while_time_stands_still() -> None:
    clock = VirtualClock(START)
    made: list[str] = []

    async def call(name: str) -> None:
        async with clock.calling():
            made.append(f"{name} begins")
            await asyncio.to_thread(time.monotonic)
            made.append(f"{name} ends")

    async def work() -> None:
        await asyncio.gather(clock.sleep(5), call("first"), call("second"))

    run(clock, work())
    assert made == ["first begins", "first ends", "second begins", "second ends"]
    assert passed(clock) == 5


def test_while_work_is_under_way_virtual_time_passes_at_real_speed_and_calls_are_made() -> None:
    clock = VirtualClock(START)

    async def call() -> None:
        async with clock.calling():
            await asyncio.to_thread(time.monotonic)

    async def work() -> None:
        began = time.monotonic()
        with clock.at_real_speed():
            await call()
            await clock.sleep(0.02)
        assert time.monotonic() - began >= 0.02
        await clock.sleep(1_000)

    run(clock, work())
    assert 1_000.02 <= passed(clock) < 1_060


def test_scaled_waits_shrink() -> None:
    clock = Clock(scale=1_000)
    began, before = time.monotonic(), clock.time()
    run(clock, clock.sleep(20))
    assert clock.time() - before >= 20
    assert time.monotonic() - began < 20


def test_putting_the_clock_forward_wakes_whoever_waited_for_that_time() -> None:
    clock = Clock()

    async def work() -> None:
        waiting = asyncio.ensure_future(clock.sleep(3_600))
        await asyncio.sleep(0)
        clock.skip(3_600)
        await waiting

    began = time.monotonic()
    run(clock, work())
    assert time.monotonic() - began < 60


def test_a_scale_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="it must be 1"):
        Clock(scale=0.5)
