"""The columns of an order file, in the order in which its cleaned form has them."""

from __future__ import annotations

#: Raised whenever a file may be judged differently than before.
GRAMMAR_VERSION = 1

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
