"""KPIs of the orders of one file: a day's, and a day's of each category. Exact decimals, never floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

from common.orders import COLUMNS

#: DynamoDB keeps 38 digits. A sum that needed more is an error, not a rounded number.
_EXACT = Context(prec=38, traps=[Inexact])
#: Far more digits than any quotient of two exact sums needs, so that only the last step rounds.
_QUOTIENT = Context(prec=100, rounding=ROUND_HALF_EVEN)
_SIX_PLACES = Decimal("0.000001")

_CUSTOMER, _DATE, _CATEGORY, _QUANTITY, _PRICE, _RETURNED = (
    COLUMNS.index(name)
    for name in ("customer_id", "order_date", "category", "quantity", "unit_price", "returned")
)


@dataclass(slots=True)
class Sums:
    """What is added up over some orders. Revenue is in the file's currency, and unrounded."""

    orders: int = 0
    returned: int = 0
    items: int = 0
    revenue: Decimal = Decimal(0)

    def add(self, quantity: int, price: Decimal, *, returned: bool) -> None:
        """Count one order."""
        self.orders += 1
        self.returned += returned
        self.items += quantity
        self.revenue = _EXACT.add(self.revenue, _EXACT.multiply(Decimal(quantity), price))

    @property
    def return_rate(self) -> Decimal:
        """The share of orders that were returned, 0 to 1, rounded to 6 places."""
        return _divide(Decimal(self.returned), self.orders)

    @property
    def average_value(self) -> Decimal:
        """Revenue an order, rounded to 6 places."""
        return _divide(self.revenue, self.orders)


@dataclass(slots=True)
class Day:
    """One day of a file."""

    total: Sums = field(default_factory=Sums)
    categories: dict[str, Sums] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)


def compute_days(rows: Iterable[Sequence[str]]) -> dict[str, Day]:
    """Return the file's days by date, computed from the rows of a cleaned file."""
    days: dict[str, Day] = {}
    for row in rows:
        day = days.setdefault(row[_DATE], Day())
        quantity, price, returned = (
            int(row[_QUANTITY]),
            Decimal(row[_PRICE]),
            row[_RETURNED].lower() == "true",
        )
        day.total.add(quantity, price, returned=returned)
        day.categories.setdefault(row[_CATEGORY], Sums()).add(quantity, price, returned=returned)
        day.customers.add(row[_CUSTOMER])
    return days


def _divide(total: Decimal, orders: int) -> Decimal:
    quotient = _QUOTIENT.divide(total, Decimal(orders))
    return quotient.quantize(_SIX_PLACES, context=_QUOTIENT)
