"""Says what the validator would say of a file on this machine, without AWS: by the validator's own code.

Exit codes: 0 the file is good; 65 it is not, and why; 2 it cannot be judged, as when there is no such file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.clock import SystemClock
from common.contract import Contract, ContractError, parse_contract
from common.exit_codes import ExitCode, WrongSettings
from common.report import printable
from common.stages import Stages
from mayfly.console import CommandError, end_with
from mayfly.template import ROOT
from validator.inspection import Inspector
from validator.judge import Judge
from validator.look import Inspection
from validator.reference import read_names

ORDERS = ROOT / "data" / "contracts" / "orders.schema.json"
PRODUCTS = ROOT / "data" / "products" / "sample_products.csv"
CANNOT = 2  # what argparse exits with, too


@dataclass(frozen=True)
class Verdict:
    """What was judged by which contract, and what came of it."""

    path: Path
    contract: Contract
    inspection: Inspection

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with the file."""
        return not self.inspection.tally.total

    def document(self) -> dict[str, Any]:
        """Return the verdict as a document; its findings are those of a rejection's report."""
        return {
            "verdict": "accepted" if self.is_good else "rejected",
            "file": str(self.path),
            "contract": {"name": self.contract.name, "version": self.contract.version},
            "rows_read": self.inspection.rows,
            "rows_rejected": self.inspection.rows_rejected,
            **self.inspection.tally.document(),
        }

    def lines(self) -> Iterator[str]:
        """Yield the verdict for a person to read."""
        held_to = f"contract {self.contract.name}, version {self.contract.version}"
        rows, tally = self.inspection.rows, self.inspection.tally
        if self.is_good:
            yield f"GOOD: {printable(str(self.path))}: {rows} rows ({held_to})"
            return
        yield f"REJECTED: {printable(str(self.path))} ({held_to})"
        if self.inspection.rows_rejected:
            yield f"{self.inspection.rows_rejected} of {rows} rows have faults."
        yield ""
        yield from tally.count_lines()
        yield ""
        yield "The first of them:"
        yield from tally.finding_lines()


def judge(path: Path, contract: Path, reference: Path | None) -> Verdict:
    """Judge a file; raise CommandError when it, the contract or the reference list cannot be used."""
    by = _contract(contract)
    names = _names(by, contract, reference)
    try:
        size = path.stat().st_size
        with tempfile.TemporaryDirectory() as folder:
            inspector = Inspector(Judge(by, names), Path(folder), Stages(SystemClock()))
            return Verdict(path, by, inspector.inspect(lambda: path.open("rb"), size))
    except OSError as error:
        raise CommandError(
            "the file cannot be read", str(error), "name a file that is there", CANNOT
        ) from error


def _contract(path: Path) -> Contract:
    try:
        return parse_contract(path.read_bytes())
    except (OSError, ContractError) as error:
        found = "; ".join(error.problems) if isinstance(error, ContractError) else str(error)
        advice = f"mend {path}, or name another with --contract; docs/contract.md says how one is written"
        raise CommandError("the contract cannot be used", found, advice, CANNOT) from error


def _names(contract: Contract, path: Path, reference: Path | None) -> frozenset[str] | None:
    """Return the names on the reference list, or None for a contract that asks for none."""
    if contract.reference is None:
        if reference:
            raise CommandError(
                "--reference is of no use", f"{path} asks for no reference list", "leave it out", CANNOT
            )
        return None
    if reference is None:
        if path.resolve() != ORDERS:
            raise CommandError(
                "a reference list is needed",
                f"{path} has a rule {contract.reference.rule.name!r}",
                f"name a CSV file with a column {contract.reference.column!r} with --reference",
                CANNOT,
            )
        reference = PRODUCTS
    try:
        with reference.open("rb") as stream:
            return read_names(stream, contract.reference.column, str(reference))
    except (OSError, WrongSettings) as error:
        found = str(error).removeprefix("REFERENCE_URI: ")
        raise CommandError(
            "the reference list cannot be used", found, "name another with --reference", CANNOT
        ) from error


def main() -> None:
    """Run `check_file.sh`."""
    parser = argparse.ArgumentParser(
        prog="./scripts/check_file.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file")
    parser.add_argument(
        "--contract", type=Path, default=ORDERS, metavar="C", help="a contract (default: that of orders)"
    )
    parser.add_argument(
        "--reference", type=Path, metavar="R", help="its reference list (for orders: the sample products)"
    )
    parser.add_argument("--json", action="store_true", help="print one document instead of text")
    arguments = parser.parse_args()
    try:
        verdict = judge(arguments.file, arguments.contract, arguments.reference)
    except CommandError as error:
        end_with(error)
    if arguments.json:
        print(json.dumps(verdict.document(), indent=2))
    else:
        print(*verdict.lines(), sep="\n")
    raise SystemExit(ExitCode.DONE if verdict.is_good else ExitCode.BAD_DATA)
