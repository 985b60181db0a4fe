"""The numbers, against numbers worked out by hand from the files, to the cent."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal, Inexact
from pathlib import Path

import pytest

from tests.unit.ecs.support import GOOD_ROW, VALID, Aws, orders_csv
from tests.unit.ecs.warehouses import days_of
from transformer.items import category_item, number, order_item
from transformer.kpis import Sums

#: What data/orders/valid_order.csv comes to, added up by hand.
ORDERS = {
    "2025-07-01": {
        # 399.98 + 39.90 + 73.50 + 47.20 + 19.90 + 9.95; 2 of 6 returned; C-01 and C-02 ordered twice
        "total_orders": "6",
        "total_revenue": "590.43",
        "total_items_sold": "13",
        "return_rate": "0.333333",
        "unique_customers": "4",
    },
    "2025-07-02": {
        # 89.95 + 51.00 + 68.00 + 44.97 + 18.00; C-05 ordered three times
        "total_orders": "5",
        "total_revenue": "271.92",
        "total_items_sold": "11",
        "return_rate": "0.2",
        "unique_customers": "3",
    },
    "2025-07-03": {
        # 82.50 + 42.45 + 25.00 + 45.25 + 199.99; C-08 ordered twice
        "total_orders": "5",
        "total_revenue": "395.19",
        "total_items_sold": "14",
        "return_rate": "0.2",
        "unique_customers": "4",
    },
}
CATEGORIES = {
    ("2025-07-01", "Electronics"): ("439.88", "219.94", "0.5"),
    ("2025-07-01", "Books"): ("73.5", "73.5", "0"),
    ("2025-07-01", "Grocery"): ("77.05", "25.683333", "0.333333"),
    ("2025-07-02", "Clothing"): ("140.95", "70.475", "0.5"),
    ("2025-07-02", "Home"): ("68", "68", "0"),
    ("2025-07-02", "Toys"): ("44.97", "44.97", "0"),
    ("2025-07-02", "Books"): ("18", "18", "0"),
    ("2025-07-03", "Sports"): ("82.5", "82.5", "0"),
    ("2025-07-03", "Beauty"): ("67.45", "33.725", "0.5"),
    ("2025-07-03", "Home"): ("45.25", "45.25", "0"),
    ("2025-07-03", "Electronics"): ("199.99", "199.99", "0"),
}


def test_the_tables_hold_the_numbers_of_the_valid_sample_and_nothing_else(aws: Aws) -> None:
    assert aws.process(VALID) == 0
    assert aws.orders() == ORDERS
    names = ("daily_revenue", "avg_order_value", "avg_return_rate")
    assert aws.categories() == {
        key: dict(zip(names, values, strict=True)) for key, values in CATEGORIES.items()
    }


def test_an_order_of_two_at_199_99_is_worth_399_98(aws: Aws) -> None:
    row = "O-1,C-1,2025-07-01,Electronics,P-1001,2,199.99,false"
    aws.process(orders_csv(row))
    assert aws.categories()["2025-07-01", "Electronics"]["avg_order_value"] == "399.98"


def test_quoted_values_and_returns_in_any_case_count(aws: Aws) -> None:
    rows = GOOD_ROW.replace("C-1", '"a,\nb"'), GOOD_ROW.replace("O-1", "O-2").replace("false", "TRUE")
    aws.process(orders_csv(*rows))
    assert aws.orders()["2025-07-01"] == {
        "total_orders": "2",
        "total_revenue": "42",
        "total_items_sold": "4",
        "return_rate": "0.5",
        "unique_customers": "2",
    }


def test_money_is_not_rounded(aws: Aws) -> None:
    rows = [GOOD_ROW.replace("O-1", f"O-{n}").replace("10.50", "0.000001") for n in range(3)]
    aws.process(orders_csv(*rows))
    assert aws.orders()["2025-07-01"]["total_revenue"] == "0.000006"


def test_the_greatest_order_is_exact(aws: Aws) -> None:
    aws.process(orders_csv(GOOD_ROW.replace("2,10.50", "999999999,999999999999.999999")))
    # (10**12 - 10**-6) * (10**9 - 1)
    assert aws.orders()["2025-07-01"]["total_revenue"] == "999999998999999999000.000001"


@pytest.mark.parametrize(
    ("prices", "average"),
    [
        (["0.000001", "0.000002"], "0.000002"),  # 1.5 millionths: to the even 2
        (["0.000002", "0.000003"], "0.000002"),  # 2.5 millionths: to the even 2
        (["1", "1", "2"], "1.333333"),
        (["1", "2", "2"], "1.666667"),
    ],
)
def test_averages_are_rounded_half_even_to_six_places(prices: list[str], average: str) -> None:
    sums = Sums(orders=len(prices), revenue=sum(map(Decimal, prices), Decimal(0)))
    assert sums.average_value == Decimal(average)


def test_a_sum_of_more_digits_than_dynamodb_keeps_is_an_error() -> None:
    with pytest.raises(Inexact):
        Sums.of([Sums(revenue=Decimal(10) ** 38), Sums(revenue=Decimal("0.000001"))])


def test_no_number_is_a_float(tmp_path: Path) -> None:
    for date, day in days_of(tmp_path, VALID).items():
        for sums in (day.total, *day.categories.values()):
            values = [getattr(sums, field.name) for field in fields(Sums)]
            assert [type(value) for value in values] == [int, int, int, Decimal]
            assert {type(sums.average_value), type(sums.return_rate)} == {Decimal}
        for item in (order_item(date, day), category_item("Books", date, day.total)):
            assert all(type(text) is str for value in item.values() for text in value.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("399.980000"), "399.98"),
        (Decimal("0.000000"), "0"),
        (Decimal("0E-6"), "0"),
        (Decimal("1E+3"), "1000"),
        (100, "100"),
        (Decimal("0.000001"), "0.000001"),
    ],
)
def test_a_number_is_written_as_dynamodb_gives_it_back(value: Decimal | int, text: str) -> None:
    assert number(value) == {"N": text}
