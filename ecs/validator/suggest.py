"""Finds what a misspelt name was meant to be."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

#: Longer than this is no misspelt name, and comparing it would take long.
LONGEST = 128


def closest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that was probably meant, case and white space aside, or None."""
    if len(name) > LONGEST:
        return None
    plain = {_plain(candidate): candidate for candidate in sorted(known, reverse=True)}
    matches = get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    return plain[matches[0]] if matches else None


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
