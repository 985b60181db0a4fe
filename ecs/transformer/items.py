"""The items of the two KPI tables, as DynamoDB's low-level API has them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from transformer.kpis import DayNumbers, Sums

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = dict[str, "AttributeValueTypeDef"]


def text(value: str) -> AttributeValueTypeDef:
    """Return a string attribute."""
    return {"S": value}


def number(value: Decimal | int) -> AttributeValueTypeDef:
    """Return a number attribute written as DynamoDB itself would: no exponent, no zeros at the end."""
    digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return {"N": digits.rstrip("0").rstrip(".") if "." in digits else digits}


def order_key(date: str) -> Item:
    """Return the key of a day in the OrderKPIs table."""
    return {"order_date": text(date)}


def order_item(date: str, day: DayNumbers) -> Item:
    """Return the day's item for the OrderKPIs table."""
    return {
        **order_key(date),
        "total_orders": number(day.total.orders),
        "total_revenue": number(day.total.revenue),
        "total_items_sold": number(day.total.items),
        "return_rate": number(day.total.return_rate),
        "unique_customers": number(day.customers),
    }


def category_key(category: str, date: str) -> Item:
    """Return the key of a category's day in the CategoryKPIs table."""
    return {"category": text(category), "order_date": text(date)}


def category_item(category: str, date: str, sums: Sums) -> Item:
    """Return a category's item of the day for the CategoryKPIs table."""
    return {
        **category_key(category, date),
        "daily_revenue": number(sums.revenue),
        "avg_order_value": number(sums.average_value),
        "avg_return_rate": number(sums.return_rate),
    }
