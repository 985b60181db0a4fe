"""Worlds to run: files of a few orders on a few days, how they arrive, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from tests.properties.batch import Row, Upload
from tests.properties.checks import (
    Reader,
    assert_all_is_done,
    assert_is_batch,
    assert_manifests_and_curated_agree,
)
from tests.properties.machine import INPUT, Arrival, Pipeline
from tests.properties.scheduling import Fault, Simulation
from tests.properties.tools import differences

DATES = ("2025-07-01", "2025-07-02", "2025-07-03")
CATEGORIES = ("Books", "Games", "Toys")
_PRICES = ("0.1", "0.2", "19.99", "10.50", "0.000001", "999999999999.999999")
_MOST_CALLS = 45


def examples(number: int) -> settings:
    """Return settings for so many examples: the same every time, so that only a change turns a run red."""
    return settings(max_examples=number, derandomize=True, deadline=None, database=None)


@dataclass(frozen=True)
class World:
    """What arrives, and the seed that decides who goes on when."""

    seed: int
    arrivals: tuple[Arrival, ...]

    def run(
        self, scratch: Path, setup: Callable[[Pipeline], None] = lambda _: None, *, is_persistent: bool = True
    ) -> Pipeline:
        """Let everything arrive and come to its end, somebody looking at the tables all the time.

        Somebody also reprocesses what fails, if they are persistent.
        """
        simulation = Simulation(self.seed)
        pipeline = Pipeline(simulation, scratch, is_persistent)
        simulation.after_write = Reader(pipeline).look
        for arrival in self.arrivals:
            pipeline.receive(arrival)
        setup(pipeline)
        simulation.run()
        return pipeline


def assert_right(pipeline: Pipeline) -> None:
    """Check that all valid versions that nobody took back are counted, and everything tells so."""
    assert_all_is_done(pipeline)
    counted = [
        arrival.upload
        for arrival in pipeline.arrivals
        if arrival.is_valid and "withdrawn_at" not in pipeline.claim_of(arrival.upload)
    ]
    assert_is_batch(pipeline, counted)
    if any(map(may_publish_late, pipeline.arrivals)):
        # docs/kpis.md says so: recompute.sh puts it right, and finds nothing else.
        assert all(each.what.startswith("curated/") for each in differences(pipeline, dry_run=False))
    assert_manifests_and_curated_agree(pipeline, counted)


def may_publish_late(arrival: Arrival) -> bool:
    """Tell whether a task that was given up for dead may come back, copy a part, and not look again.

    It takes a second fault in the same execution, for nobody but that task would look.
    """
    return any(Fault.PRESUMED_DEAD in faults.values() and len(faults) > 1 for faults in arrival.faults)


def row(order: str, date: str = DATES[0], category: str = "Books", price: str = "10.50") -> Row:
    """Return an order of two pieces."""
    return Row(order, "C-1", date, category, "P-1", "2", price, "false")


def upload(key: str, number: int, *rows: Row, second: int | None = None) -> Upload:
    """Return a version of a file, received in a second of the minute: by default that of its number."""
    when = f"2025-07-05T10:00:{number if second is None else second:02}Z"
    return Upload(INPUT, f"input/{key}.csv", f"v{number}", when, rows)


rows = st.builds(
    Row,
    order_id=st.sampled_from([f"O-{number}" for number in range(5)]),
    customer_id=st.sampled_from(["C-1", "C-2"]),
    order_date=st.sampled_from(DATES),
    category=st.sampled_from(CATEGORIES),
    product_id=st.just("P-1"),
    quantity=st.sampled_from(["1", "3", "999999999"]),
    unit_price=st.sampled_from(_PRICES),
    returned=st.sampled_from(["true", "false"]),
)
contents = st.lists(rows, min_size=1, max_size=6, unique_by=lambda each: each.order_id).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def planned(*kinds: Fault, most: int = 2) -> st.SearchStrategy[tuple[dict[int, Fault], ...]]:
    """Return faults of these kinds for the first executions of a version."""
    faults = st.dictionaries(st.integers(1, _MOST_CALLS), st.sampled_from(kinds), max_size=most)
    return st.lists(faults, max_size=2).map(tuple)


@st.composite
def worlds(
    draw: st.DrawFn,
    *kinds: Fault,
    most: int = 3,
    keys: tuple[str, ...] = ("a", "b"),
    with_rejected: bool = False,
    with_hurry: bool = True,
) -> World:
    """Return a world of some versions of a few files, processed in any order, at once or one by one."""
    arrivals = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        second = draw(st.integers(0, 4))  # versions may be of the same second; then their ids decide
        content = draw(contents)
        arrivals.append(
            Arrival(
                upload(draw(st.sampled_from(keys)), number, *content, second=second),
                seconds=draw(st.sampled_from([0.0, 1.0, 30.0] if with_hurry else [3600.0 * number])),
                is_valid=not with_rejected or draw(st.booleans()),
                events=draw(st.integers(1, 2)),
                archive_fails=draw(st.integers(0, 1)) if kinds else 0,
                faults=draw(planned(*kinds)) if kinds else (),
            )
        )
    return World(draw(seeds), tuple(draw(st.permutations(arrivals))))
