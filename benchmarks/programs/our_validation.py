"""The validator's own judging of a file: all it does between S3's answer and the verdict."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ecs"))

import polars  # noqa: E402, F401 - the validator imports it for a big file; nobody's imports are measured
from meter import measure  # noqa: E402

from common.clock import SystemClock  # noqa: E402
from common.contract import parse_contract  # noqa: E402
from common.stages import Stages  # noqa: E402
from validator.blocks import ReadAhead  # noqa: E402
from validator.inspection import Inspector  # noqa: E402
from validator.judge import Judge  # noqa: E402
from validator.reference import read_names  # noqa: E402


def validate(path: Path) -> dict[str, Any]:
    """Judge the file; the findings are all counted, and the first thousand kept."""
    contract = parse_contract((ROOT / "data" / "contracts" / "orders.schema.json").read_bytes())
    with Path(sys.argv[2]).open("rb") as products:
        judge = Judge(contract, read_names(products, "category", sys.argv[2]))
    with tempfile.TemporaryDirectory() as folder:
        inspector = Inspector(judge, Path(folder), Stages(SystemClock()), seed=secrets.randbits(64))
        found = inspector.inspect(lambda: ReadAhead(path.open("rb", buffering=0)), path.stat().st_size)
    return {"rows": found.rows, "bad": found.rows_rejected, "findings": found.tally.total}


if __name__ == "__main__":
    measure(validate)
