"""Where a line's label stands: on the line or right beside it, so that it can be no other line's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import dist

Point = tuple[float, float]
Area = tuple[float, float, float, float]  # left, top, right, bottom

_GAP = 4  # px between a vertical line and the label beside it
_PARTS = (0.5, 0.3, 0.7, 0.15, 0.85)  # of a segment's length, where its label may stand
_ON_LABEL, _ON_BOX, _ON_LINE = 100, 10, 1  # how bad it is that a label covers another, a box, another line


def area_around(middle: Point, size: Point) -> Area:
    """Return the area of a thing of this width and height."""
    (x, y), (width, height) = middle, size
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def place_labels(
    lines: Sequence[Sequence[Point]], sizes: Sequence[Point | None], boxes: Iterable[Area]
) -> list[Point | None]:
    """Return the middle of each line's label, None where it has none.

    Narrow labels come first: the wide ones go round them.
    """
    walls, labels = list(boxes), list[Area]()
    middles: list[Point | None] = [None] * len(lines)
    for at in sorted(range(len(lines)), key=lambda at: sizes[at] or (0, 0)):
        size = sizes[at]
        if size is None:
            continue
        others = [_area(*ends) for i, line in enumerate(lines) if i != at for ends in pairwise(line)]

        def cost(middle: Point, size: Point = size, others: list[Area] = others) -> int:
            area = area_around(middle, size)
            return sum(
                price * _hits(area, things)
                for price, things in ((_ON_LABEL, labels), (_ON_BOX, walls), (_ON_LINE, others))
            )

        best = min(_candidates(lines[at], size), key=cost)
        labels.append(area_around(best, size))
        middles[at] = best
    return middles


def _candidates(line: Sequence[Point], size: Point) -> Iterator[Point]:
    """Yield the places a label may have, the best first: on a level segment, beside an upright one."""
    for (x1, y1), (x2, y2) in sorted(pairwise(line), key=lambda ends: -dist(*ends)):
        for part in _PARTS:
            x, y = x1 + (x2 - x1) * part, y1 + (y2 - y1) * part
            if y1 != y2:
                yield x + size[0] / 2 + _GAP, y
                yield x - size[0] / 2 - _GAP, y
            yield x, y
            if y1 == y2:
                yield x, y - size[1] / 2 - 1
                yield x, y + size[1] / 2 + 1


def _area(start: Point, end: Point) -> Area:
    return min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])


def _hits(area: Area, others: Iterable[Area]) -> int:
    left, top, right, bottom = area
    return sum(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in others
    )
