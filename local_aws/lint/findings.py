"""What the linter finds, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from local_aws.lint.rules import RULES


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the rule's code, the path to it as AWS writes it, what is wrong, why, and how to fix it.

    A path is that of ValidateStateMachineDefinition: `/States/Work/Catch[0]/ErrorEquals`, `/` for the whole.
    """

    code: str
    path: str
    what: str
    fix: str

    @property
    def why(self) -> str:
        """Return the rule's reason."""
        return RULES[self.code].why


def finding(code: str, path: str, what: str, fix: str = "") -> Finding:
    """Return a finding; without a fix of its own it has the rule's."""
    return Finding(code, path or "/", what, fix or RULES[code].fix)


def closest(word: str, among: Iterable[str], cutoff: float = 0.7) -> str | None:
    """Return the word that is most likely meant: the same in another case, or else one that is close."""
    words = list(among)
    same = [one for one in words if one.lower() == word.lower()]
    close = same or get_close_matches(word, words, 1, cutoff)
    return close[0] if close else None


def did_you_mean(close: str | None, otherwise: str) -> str:
    """Return the advice to write what was meant, where that can be told."""
    return f"did you mean {close}?" if close else otherwise
