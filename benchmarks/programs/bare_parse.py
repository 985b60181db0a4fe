"""No rule at all: Polars reads every column as text, all that our validator's engine does before judging."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from meter import measure


def parse(path: Path) -> dict[str, Any]:
    """Read the whole file; a row with too many cells would end it, so what is too much is cut off."""
    return {"rows": pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True).height}


if __name__ == "__main__":
    measure(parse)
