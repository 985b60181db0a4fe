"""What checks find, and how that is shown: a line each, a table, or a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

SHOWN = 40  # characters of what was as expected; of what was not, everything


@dataclass(frozen=True)
class Finding:
    """What one check expected and what it found."""

    check: str
    expected: str
    found: str
    ok: bool


def compared(check: str, expected: Any, found: Any) -> Finding:
    """Return the finding of a check that expects one very thing."""
    return Finding(check, _text(expected), _text(found), expected == found)


def _text(value: Any) -> str:
    """Return a value as people read it: a row or item of a list a line, nothing for an empty list."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "\n".join(_text(item) for item in value) or "nothing"
    return str(value)


def failed(findings: Sequence[Finding]) -> int:
    """Return how many checks found something else than they expected."""
    return sum(not finding.ok for finding in findings)


def show_line(finding: Finding) -> None:
    """Print a line for a check, and what it expected and found if that is not the same."""
    console = _console()
    if finding.ok:
        console.print(f"[green]ok[/]      {escape(finding.check)}")
        return
    console.print(f"[red]FAILED[/]  {escape(finding.check)}")
    for title, text in (("expected", finding.expected), ("found", finding.found)):
        for number, line in enumerate(text.splitlines() or [""]):
            console.print(f"        {f'{title}:' if number == 0 else '':10}{line}", markup=False)


def show_table(title: str, findings: Sequence[Finding]) -> None:
    """Print all findings as a table; of what is as expected, its beginning."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("probe", "expected", "found", "ok"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        verdict = "[green]ok[/]" if finding.ok else "[red]FAILED[/]"
        texts = (finding.expected, finding.found)
        shown = [escape(_beginning(text) if finding.ok else text) for text in texts]
        table.add_row(escape(finding.check), *shown, verdict)
    _console().print(table)


def _beginning(text: str) -> str:
    line, _, more = text.partition("\n")
    return f"{line[:SHOWN]} ..." if more or len(line) > SHOWN else line


def show_summary(findings: Sequence[Finding], seconds: float) -> None:
    """Print how many checks there were and how many failed."""
    wrong = failed(findings)
    verdict = f"{wrong} of {len(findings)} checks FAILED" if wrong else f"all {len(findings)} checks passed"
    _console().print(f"\n{verdict} in {seconds:.0f} s", highlight=False)


def document(findings: Sequence[Finding], **facts: Any) -> dict[str, Any]:
    """Return the document that --json prints."""
    return {
        **facts,
        "passed": not failed(findings),
        "failed": failed(findings),
        "checks": [asdict(finding) for finding in findings],
    }


def _console() -> Console:
    """Return the console for results; rich itself heeds NO_COLOR and leaves colours out off a terminal."""
    return Console(soft_wrap=True, highlight=False, width=max(100, Console().width))
