"""The columns that the daily numbers are made of: what the contract of orders must have, in this order."""

from __future__ import annotations

COLUMNS = (
    "order_id",
    "customer_id",
    "order_date",
    "category",
    "product_id",
    "quantity",
    "unit_price",
    "returned",
)
