"""Texts with `*` in them, which stands for any run of characters."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence


@functools.lru_cache(maxsize=256)
def escapable_stars(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern in which a backslash takes the meaning of a star or a backslash away."""
    pieces = [""]
    for one in re.findall(r"\\[*\\]|.", pattern, re.DOTALL):
        if one == "*":
            pieces.append("")
        else:
            pieces[-1] += re.escape(one[-1])
    return around_stars(pieces)


def around_stars(pieces: Sequence[str]) -> re.Pattern[str]:
    """Compile what stands around the stars, each an expression of a fixed length; for `fullmatch`.

    Where a piece is found first is as good as any later place, so nothing goes back to look for another
    (`?>`): a few stars would else keep the one thread that runs all executions for hours.
    """
    first, *others = pieces
    if not others:
        return re.compile(first, re.DOTALL)
    between = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    return re.compile(f"{first}{between}.*{others[-1]}", re.DOTALL)
