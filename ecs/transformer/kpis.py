"""The KPIs of a day and of its categories: kpis.sql says what is added up; here it is divided and rounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from pathlib import Path

#: DynamoDB keeps 38 digits. A sum that needed more is an error, not a rounded number.
_EXACT = Context(prec=38, traps=[Inexact])
#: Far more digits than any quotient of two exact sums needs, so that only the last step rounds.
_QUOTIENT = Context(prec=100, rounding=ROUND_HALF_EVEN)
_SIX_PLACES = Decimal("0.000001")


@dataclass(slots=True)
class Sums:
    """What is added up over some orders. Revenue is in the file's currency, and unrounded."""

    orders: int = 0
    returned: int = 0
    items: int = 0
    revenue: Decimal = Decimal(0)

    @classmethod
    def of(cls, parts: Iterable[Sums]) -> Sums:
        """Return the sums over several sums."""
        total = cls()
        for part in parts:
            total.orders += part.orders
            total.returned += part.returned
            total.items += part.items
            total.revenue = _EXACT.add(total.revenue, part.revenue)
        return total

    @property
    def return_rate(self) -> Decimal:
        """The share of orders that were returned, 0 to 1, rounded to 6 places."""
        return _divide(Decimal(self.returned), self.orders)

    @property
    def average_value(self) -> Decimal:
        """Revenue an order, rounded to 6 places."""
        return _divide(self.revenue, self.orders)


@dataclass(frozen=True)
class DayNumbers:
    """The numbers of one day over all its parts.

    ``rows_superseded`` tells, for the path of each part, how many of its rows do not count because a newer
    part has the same order.
    """

    total: Sums
    categories: dict[str, Sums]
    customers: int
    rows_superseded: dict[Path, int]


def _divide(total: Decimal, orders: int) -> Decimal:
    quotient = _QUOTIENT.divide(total, Decimal(orders))
    return quotient.quantize(_SIX_PLACES, context=_QUOTIENT)
