"""How a run ends when a file may not be counted, although it is good in itself."""

from __future__ import annotations

from common.rules import Finding


class Refused(Exception):  # noqa: N818 - it is an outcome with an exit code of its own, not a fault in the code
    """The version may not be counted; ``findings`` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(finding.advice for finding in findings))
        self.findings = findings
