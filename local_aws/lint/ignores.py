"""Findings that the definition itself accepts: `lint:ignore CODE reason` in a Comment.

The Comment of a state covers the state and all in it, that of the machine everything, that of a retrier,
a catcher or a Choice rule only this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from local_aws.lint.definition import MachineNode, machines, states
from local_aws.lint.findings import Finding, closest, did_you_mean, finding
from local_aws.lint.rules import RULES

_IGNORE = re.compile(
    r"lint:ignore\b[\s:]*(?P<code>[\w-]*)[\s:]*(?P<reason>.*?)\s*(?=lint:ignore\b|$)", re.DOTALL
)
_WORD = re.compile(r"\w{2,}")
UNACCEPTABLE = ("IGNORE_WITHOUT_REASON", "IGNORE_WITHOUT_EFFECT")


@dataclass(frozen=True, slots=True)
class _Ignore:
    path: str  # of the object whose Comment it stands in
    code: str
    reason: str

    def covers(self, found: Finding) -> bool:
        inside = not self.path or found.path == self.path or found.path.startswith((f"{self.path}/",))
        return inside and found.code == self.code and bool(_WORD.search(self.reason))


def accepted(machine: MachineNode, findings: list[Finding]) -> list[Finding]:
    """Return the findings that no Comment accepts, and what is wrong with the Comments that do."""
    ignores = list(_ignores(machine))
    remaining = [one for one in findings if not any(ignore.covers(one) for ignore in ignores)]
    for ignore in ignores:
        place = f"{ignore.path}/Comment"
        if not _WORD.search(ignore.reason) and ignore.code in RULES:
            what = f"lint:ignore {ignore.code} gives no reason"
            remaining.append(finding("IGNORE_WITHOUT_REASON", place, what))
        elif not any(ignore.covers(one) for one in findings):
            remaining.append(_without_effect(ignore, place))
    return remaining


def _without_effect(ignore: _Ignore, place: str) -> Finding:
    if ignore.code in RULES:
        what = f"lint:ignore {ignore.code} accepts nothing: there is no such finding here"
        return finding("IGNORE_WITHOUT_EFFECT", place, what)
    close = closest(ignore.code, (code for code in RULES if code not in UNACCEPTABLE))
    what = f"there is no rule {ignore.code or '(none is named)'}"
    return finding("IGNORE_WITHOUT_EFFECT", place, what, did_you_mean(close, ""))


def _ignores(machine: MachineNode) -> Iterator[_Ignore]:
    holders = [(one.path, one.body) for one in machines(machine)]
    for state in states(machine):
        holders.append((state.path, state.body))
        for key in ("Retry", "Catch", "Choices"):
            holders += state.elements(key)
    for path, body in holders:
        comment = body.get("Comment")
        if isinstance(comment, str):
            for match in _IGNORE.finditer(comment):
                yield _Ignore(path, match["code"], match["reason"])
