"""The product list of a stage, read by the validator's own reader before any order file meets it."""

from __future__ import annotations

from pathlib import Path

from common.exit_codes import WrongSettings
from mayfly.console import CommandError
from validator.reference import read_names


def refuse_useless(products: Path) -> None:
    """Raise CommandError for a list that the validator would refuse, which would fail every file."""
    try:
        with products.open("rb") as stream:
            read_names(stream, "category", str(products))
    except (OSError, WrongSettings) as error:
        raise CommandError(
            "the product list cannot be used",
            str(error).removeprefix("REFERENCE_URI: "),
            "mend it, or name another as PRODUCTS_FILE: a CSV file in UTF-8 whose column `category` says "
            "which categories orders may name",
        ) from error
