"""The items of the KPI tables: those that are there, and those that a day's parts give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mayfly.data.access import Access, plain
from transformer.items import Item, category_item, category_key, order_item, order_key
from transformer.kpis import DayNumbers

#: The numbers of a day or of a category's day, as text that is exact: 12.5, never 1.25E+1.
Numbers = dict[str, str]
#: How many items DynamoDB hands out at once.
_BATCH = 100


@dataclass(frozen=True)
class DayItems:
    """What both tables have of a day, or must have: None and nothing for a day without orders."""

    order: Numbers | None
    categories: dict[str, Numbers]


def found_items(access: Access, day: str, categories: Iterable[str] = ()) -> DayItems:
    """Return what OrderKPIs has of a day, and CategoryKPIs of these categories on it."""
    tables = access.tables
    keys = [(tables.orders, order_key(day))]
    keys += [(tables.categories, category_key(category, day)) for category in sorted(categories)]
    order: Numbers | None = None
    found: dict[str, Numbers] = {}
    for item in _items(access, keys):
        if "category" in item:
            found[item["category"]] = _numbers(item)
        else:
            order = _numbers(item)
    return DayItems(order, found)


def computed_items(day: str, numbers: DayNumbers | None) -> DayItems:
    """Return what both tables must have of a day with these numbers; None is a day without orders."""
    if numbers is None:
        return DayItems(None, {})
    categories = {
        category: _numbers(plain(category_item(category, day, sums)))
        for category, sums in numbers.categories.items()
    }
    return DayItems(_numbers(plain(order_item(day, numbers))), categories)


def categories_by_day(access: Access, day: str | None = None) -> dict[str, set[str]]:
    """Return the categories that CategoryKPIs has of each day, or of one day.

    It reads the whole table: its key begins with the category, and nobody knows which should not be there.
    """
    only: dict[str, Any] = (
        {"FilterExpression": "order_date = :day", "ExpressionAttributeValues": {":day": {"S": day}}}
        if day
        else {}
    )
    found: dict[str, set[str]] = defaultdict(set)
    for key in access.scan(access.tables.categories, ProjectionExpression="category, order_date", **only):
        found[key["order_date"]].add(key["category"])
    return dict(found)


def order_days(access: Access) -> set[str]:
    """Return the days that OrderKPIs has."""
    return {
        item["order_date"] for item in access.scan(access.tables.orders, ProjectionExpression="order_date")
    }


def _items(access: Access, keys: Sequence[tuple[str, Item]]) -> Iterator[dict[str, Any]]:
    """Yield the items with these keys that there are."""
    left = list(keys)
    while left:
        asked: dict[str, Any] = {}
        for table, key in left[:_BATCH]:
            asked.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
        answer = access.dynamodb.batch_get_item(RequestItems=asked)
        for items in answer["Responses"].values():
            yield from map(plain, items)
        # AWS answers a part when the whole would be too much, and says what is left.
        unread = answer.get("UnprocessedKeys", {})
        left = [(table, key) for table, more in unread.items() for key in more["Keys"]] + left[_BATCH:]


def _numbers(item: dict[str, Any]) -> Numbers:
    """Return an item's attributes without its key; whatever is no number stays visible, too."""
    return {name: _text(value) for name, value in item.items() if name not in ("order_date", "category")}


def _text(value: Any) -> str:
    if not isinstance(value, Decimal):
        return repr(value)
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
