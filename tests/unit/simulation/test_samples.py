"""The samples of a simulation: on free days, otherwise as they are, and with the KPIs worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from mayfly.console import CommandError
from mayfly.simulation.samples import (
    FIRST_DAY,
    INVALID,
    LAST_DAY,
    VALID,
    category_kpis,
    days_of,
    moved,
    new_prefix,
    order_kpis,
    pick_samples,
)
from mayfly.template import ROOT

HEADER = "order_id,customer_id,order_date,category,product_id,quantity,unit_price,returned\n"
FILE = (
    HEADER + "1,A,2025-01-31,Books,P,2,10.50,false\n"
    "2,B,2025-01-31,Books,P,1,0.25,TRUE\n"
    "3,A,2025-01-31,Toys,P,3,1.10,False\n"
    "4,A,2025-02-01,Toys,P,1,5.00,true\n"
).encode()


def test_the_samples_keep_all_but_their_days() -> None:
    samples = pick_samples("input/x/", lambda _: True)

    assert [sample.name for sample in samples] == [VALID, INVALID]
    for sample in samples:
        original = (ROOT / "data" / "orders" / sample.name).read_bytes()
        pairs = zip(original.split(b","), sample.body.split(b","), strict=True)
        differing = {(old, new) for old, new in pairs if old != new}
        assert {old.decode() for old, _ in differing} == set(days_of(original))
        assert sorted(new.decode() for _, new in differing) == list(sample.days)
        assert sample.key.startswith("input/x/")
        assert sample.key.endswith(f"/{sample.name}")


def test_the_samples_are_on_days_long_ago_and_as_far_apart_as_they_were() -> None:
    valid, invalid = pick_samples("input/x/", lambda _: True)

    assert FIRST_DAY.isoformat() <= valid.days[0] <= invalid.days[-1] <= LAST_DAY.isoformat()
    days = [*days_of((ROOT / "data" / "orders" / VALID).read_bytes())]
    assert [moved(day, timedelta(1)) for day in days[:-1]] == days[1:]
    assert [moved(day, timedelta(1)) for day in valid.days[:-1]] == list(valid.days[1:])
    assert invalid.days[0] == moved(valid.days[-1], timedelta(1))


def test_days_that_are_filled_are_not_picked() -> None:
    asked: list[list[str]] = []

    def is_free(days: list[str]) -> bool:
        asked.append(days)
        return len(asked) == 3

    valid, invalid = pick_samples("input/x/", is_free)

    assert len(asked) == 3
    assert [*valid.days, *invalid.days] == asked[-1]


def test_a_stage_without_free_days_is_told_in_three_parts() -> None:
    with pytest.raises(CommandError) as error:
        pick_samples("input/x/", lambda _: False)

    assert "filled by other files" in error.value.parts[1]


def test_a_day_that_the_calendar_does_not_have_stays_wrong() -> None:
    assert moved("2025-02-30", timedelta(400)) == "2025-02-30"


def test_no_two_simulations_share_a_prefix() -> None:
    assert len({new_prefix() for _ in range(100)}) == 100


def test_the_key_has_what_breaks_careless_code() -> None:
    (valid, _) = pick_samples("input/x/", lambda _: True)

    assert all(character in valid.key for character in " +%")
    assert not valid.key.isascii()


def test_order_kpis_are_those_worked_out_by_hand() -> None:
    assert order_kpis(FILE) == [
        {
            "order_date": "2025-01-31",
            "total_orders": 3,
            "total_revenue": Decimal("24.55"),
            "total_items_sold": 6,
            "return_rate": Decimal("0.333333"),
            "unique_customers": 2,
        },
        {
            "order_date": "2025-02-01",
            "total_orders": 1,
            "total_revenue": Decimal("5.00"),
            "total_items_sold": 1,
            "return_rate": Decimal(1),
            "unique_customers": 1,
        },
    ]


def test_category_kpis_are_those_worked_out_by_hand() -> None:
    found = [tuple(row.values()) for row in category_kpis(FILE)]

    assert found == [
        ("2025-01-31", "Books", Decimal("21.25"), Decimal("10.625"), Decimal("0.5")),
        ("2025-01-31", "Toys", Decimal("3.30"), Decimal("3.30"), Decimal(0)),
        ("2025-02-01", "Toys", Decimal("5.00"), Decimal("5.00"), Decimal(1)),
    ]
