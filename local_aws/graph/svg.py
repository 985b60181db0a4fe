"""A picture as SVG: one file with nothing from elsewhere, readable on light and on dark pages.

https://www.w3.org/TR/SVG11/
"""

from __future__ import annotations

from itertools import pairwise
from math import dist
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from local_aws.graph.chart import Chart, Way
from local_aws.graph.happy_path import happy_path
from local_aws.graph.labels import Point
from local_aws.graph.layout import MARGIN, NAME_LINE, SMALL_LINE, SMALL_SIZE, Box, Line, Picture, laid_out
from local_aws.graph.text import width_of
from local_aws.graph.visits import Execution, Outcome
from local_aws.graph.words import about_edge, about_state, attempts, summary

_BORDER = 24  # px around the picture
_LEGEND = 40  # px below it
_TURN = 6  # px of radius where a line turns
_ROUNDED = "6"
_AGAIN = "M 3 -3 A 4 4 0 1 0 4 1 M 3.5 -6 V -2.5 H 0"  # a circular arrow around (0, 0)
_STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def svg_of(chart: Chart, title: str, execution: Execution | None = None) -> str:
    """Draw a chart, and over it what an execution did."""
    picture = laid_out(chart, execution)
    width, height = picture.width + 2 * _BORDER, picture.height + 2 * _BORDER + _LEGEND
    root = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        width=_number(width),
        height=_number(height),
        role="img",
    )
    root.set("aria-labelledby", "title desc")
    SubElement(root, "title", id="title").text = title
    SubElement(root, "desc", id="desc").text = summary(chart, happy_path(chart), execution)
    SubElement(root, "style").text = f"\n{_STYLE}"
    _tips(SubElement(root, "defs"))
    _rectangle(root, "page", (1, 1), width - 2, height - 2)
    _draw(root, picture, (_BORDER, _BORDER), execution)
    corner = (_BORDER, height - _BORDER)
    if execution is None:
        _legend(root, corner)
    else:
        _legend_of_execution(root, corner)
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _tips(defs: Element) -> None:
    """Define the arrows' tips, one a colour."""
    for name, size in (("tip", "7"), ("main-tip", "4"), ("catch-tip", "7"), ("main-catch-tip", "4")):
        tip = SubElement(defs, "marker", id=name, viewBox="0 0 8 8", refX="7", refY="4", orient="auto")
        tip.set("markerWidth", size)
        tip.set("markerHeight", size)
        SubElement(tip, "path", {"class": name, "d": "M 0 0 L 8 4 L 0 8 z"})


def _draw(parent: Element, picture: Picture, corner: Point, execution: Execution | None) -> None:
    """Draw a picture from `corner`, its upper left: what stands out over other lines, labels on top."""
    group = SubElement(parent, "g", transform=f"translate({_pair(corner)})")
    for box in picture.boxes:
        _draw_box(group, box, execution)
    for line in sorted(picture.lines, key=lambda line: line.stands_out):
        SubElement(_way(group, line), "path", {"class": "line", "d": _path(line.points)})
    for line in picture.lines:
        if line.label_at:
            _draw_label(_way(group, line), line.label, line.label_at)


def _draw_box(parent: Element, box: Box, execution: Execution | None) -> None:
    node = box.node
    visit = execution.visits.get(node.name) if execution else None
    if execution is None:
        classes = ["state", node.kind] + ["end"] * (node.ends and box.stands_out) + ["main"] * box.stands_out
    else:
        classes = ["state", visit.outcome.value if visit else "unvisited"]
    group = SubElement(parent, "g", {"class": " ".join(classes)})
    SubElement(group, "title").text = about_state(node, visit)
    _rectangle(group, "box", box.corner, box.width, box.height)
    left, top = box.corner
    middle = left + box.width / 2
    text_height = len(box.name) * NAME_LINE + len(box.small) * SMALL_LINE
    baseline = top + (MARGIN / 2 if box.inner else (box.height - text_height) / 2) - 4
    for line in box.name:
        baseline += NAME_LINE
        _text(group, line, (middle, baseline), "name middle")
    for line in box.small:
        baseline += SMALL_LINE
        _text(group, line, (middle, baseline + 1), "middle")
    for (x, y), picture in box.inner:
        inner = (left + x, top + y)
        outer = (inner[0] - MARGIN, inner[1] - MARGIN)
        _rectangle(group, "branch", outer, picture.width + 2 * MARGIN, picture.height + 2 * MARGIN)
        _draw(group, picture, inner, execution)
    if node.ends:
        _draw_end(group, (left + box.width - 6, top + box.height))
    if attempts(node):
        _draw_retry(group, attempts(node), (left + box.width, top))


def _draw_retry(parent: Element, text: str, corner: Point) -> None:
    """Draw how often a state is tried again on the upper right corner of its box."""
    width = 20 + 6 * len(text)
    x, y = corner[0] - width + 8, corner[1] - 7
    group = SubElement(parent, "g", {"class": "retry"})
    _rectangle(group, "", (x, y), width, 14)
    SubElement(group, "path", d=_AGAIN, transform=f"translate({_pair((x + 9, y + 8))})")
    _text(group, text, (x + 16, y + 10.5), "")


def _draw_end(parent: Element, middle: Point) -> None:
    """Draw the mark of a state after which nothing comes."""
    at = {"cx": _number(middle[0]), "cy": _number(middle[1])}
    group = SubElement(parent, "g", {"class": "final"})
    SubElement(group, "circle", {"class": "ring", **at, "r": "5.5"})
    SubElement(group, "circle", {"class": "dot", **at, "r": "3"})


def _way(parent: Element, line: Line) -> Element:
    """Return a group for a line or its label."""
    classes = ["catch"] * (line.edge.way is Way.CATCH) + ["main"] * line.stands_out
    group = SubElement(parent, "g", {"class": " ".join(["way", *classes])})
    SubElement(group, "title").text = about_edge(line.edge)
    return group


def _draw_label(parent: Element, label: tuple[str, ...], middle: Point) -> None:
    baseline = middle[1] + 3.5 - SMALL_LINE * (len(label) - 1) / 2
    for at, text in enumerate(label):
        _text(parent, text, (middle[0], baseline + SMALL_LINE * at), "label middle")


def _path(points: tuple[Point, ...]) -> str:
    """Return the path through the points, rounded where it turns."""
    path = [f"M {_pair(points[0])}"]
    for (before, at), (_, after) in pairwise(pairwise(points)):
        turn = min(_TURN, dist(before, at) / 2, dist(at, after) / 2)
        path.append(f"L {_pair(_towards(at, before, turn))} Q {_pair(at)} {_pair(_towards(at, after, turn))}")
    return " ".join([*path, f"L {_pair(points[-1])}"])


def _towards(start: Point, end: Point, distance: float) -> Point:
    """Return the point `distance` px from `start` on the way to `end`."""
    part = distance / (dist(start, end) or 1)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _legend(parent: Element, corner: Point) -> None:
    """Say what the signs mean."""
    ways = (("main", "when all goes well"), ("", "another way"), ("catch", "on an error"))
    x, y = _legend_of_ways(parent, corner, ways)
    _draw_retry(parent, "5", (x + 18, y))
    words = "tried again at most 5 times on an error (one number for each kind of error)"
    _text(parent, words, (x + 32, y + 3.5), "")
    x += 60 + width_of(words, SMALL_SIZE)
    _draw_end(parent, (x, y))
    _text(parent, "the execution or the branch ends here", (x + 12, y + 3.5), "")


def _legend_of_execution(parent: Element, corner: Point) -> None:
    """Say what the signs mean where an execution is drawn."""
    ways = (("main", "taken"), ("main catch", "taken on an error"), ("", "not taken"))
    x, y = _legend_of_ways(parent, corner, ways)
    for name in (*Outcome, "unvisited"):
        group = SubElement(parent, "g", {"class": f"state {name}"})
        _rectangle(group, "box", (x, y - 6), 16, 12)
        _text(group, name, (x + 22, y + 3.5), "")
        x += 36 + width_of(name, SMALL_SIZE)


def _legend_of_ways(parent: Element, corner: Point, ways: tuple[tuple[str, str], ...]) -> Point:
    """Say what the lines mean; return where to go on."""
    x, y = corner
    for name, words in ways:
        group = SubElement(parent, "g", {"class": f"way {name}".strip()})
        SubElement(group, "path", {"class": "line", "d": f"M {_pair((x, y))} h 30"})
        _text(group, words, (x + 38, y + 3.5), "")
        x += 50 + width_of(words, SMALL_SIZE)
    return x, y


def _rectangle(parent: Element, name: str, corner: Point, width: float, height: float) -> None:
    place = {"x": corner[0], "y": corner[1], "width": width, "height": height}
    shape = {key: _number(value) for key, value in place.items()}
    SubElement(parent, "rect", {"class": name, **shape, "rx": _ROUNDED})


def _text(parent: Element, text: str, at: Point, name: str) -> None:
    SubElement(parent, "text", {"class": name, "x": _number(at[0]), "y": _number(at[1])}).text = text


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    """Return a coordinate to a tenth of a px, the same on every machine."""
    return f"{round(value, 1) + 0:g}"
