"""How much room a text takes, and how it is broken into lines.

A picture is laid out before anybody knows the reader's font, so widths are generous guesses.
"""

from __future__ import annotations

import re
import textwrap

_WIDTH, _BOLD = 0.57, 0.64  # of a character, as a part of the font's size: what the wider fonts take
_PARTS_OF_A_NAME = re.compile(r"[A-Z]?[^A-Z\s_-]*[\s_-]*")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width in px to set aside for a text in a font of `size` px."""
    return len(text) * size * (_BOLD if bold else _WIDTH)


def lines_of_name(name: str, limit: int) -> list[str]:
    """Break a state's name before capitals and after white space into lines of about `limit` characters."""
    lines = [""]
    for part in _PARTS_OF_A_NAME.findall(name):
        if lines[-1] and len(lines[-1]) + len(part) > limit:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def lines_of_label(label: str, limit: int, most: int) -> list[str]:
    """Break a label into at most `most` lines; what does not fit is left out and an ellipsis says so."""
    return textwrap.wrap(
        label,
        limit,
        max_lines=most,
        placeholder=" \N{HORIZONTAL ELLIPSIS}",
        break_on_hyphens=False,
        break_long_words=False,
    )
