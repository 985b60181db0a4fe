"""The product list, which deploy.sh looks at as the validator will."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayfly.console import CommandError
from mayfly.deploying.deploy import PRODUCTS, prepare
from mayfly.deploying.products import refuse_useless
from mayfly.stage import Stage


def test_the_sample_list_is_taken() -> None:
    refuse_useless(PRODUCTS)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "{} has no column named 'category'"),
        (b"product_id,Category\nP-1,Books\n", "{} has no column named 'category'"),
        (b"product_id,category\nP-1,\n", "{} names no category"),
        (b"category\nB\xfccher\n", "line 2 of {} cannot be read (invalid_utf8)"),
        (b"product_id,category\nP-1\n", "line 2 of {} cannot be read (field_count)"),
    ],
)
def test_a_list_that_would_fail_every_file_is_refused(tmp_path: Path, body: bytes, said: str) -> None:
    products = tmp_path / "products.csv"
    products.write_bytes(body)
    with pytest.raises(CommandError, match="product list") as refused:
        refuse_useless(products)
    assert refused.value.parts[1] == said.format(products)


def test_it_is_looked_at_before_anything_is_made(stage: Stage, tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text("id,kind\n")
    with pytest.raises(CommandError, match="product list"):
        prepare(stage, {}, {"PRODUCTS_FILE": str(products)}, yes=True)
    with pytest.raises(CommandError, match="product list"):
        prepare(stage, {}, {"PRODUCTS_FILE": str(tmp_path / "gone.csv")}, yes=True)
