"""Where everything stands in the picture of a chart: graphlay places states and lines, charts nest in states.

What stands out is the happy path, or, where an execution is drawn over the machine, what it did.

In Amazon States Language no way leads into or out of a branch, so each chart is laid out by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

import graphlay

from local_aws.graph.chart import Chart, Edge, Node, Way
from local_aws.graph.happy_path import happy_path
from local_aws.graph.labels import Point, area_around, place_labels
from local_aws.graph.text import lines_of_label, lines_of_name, width_of
from local_aws.graph.visits import Execution
from local_aws.graph.words import about_visit

NAME_SIZE, SMALL_SIZE = 13, 10  # px of a state's name, and of all other text
NAME_LINE, SMALL_LINE = 16, 13  # px from line to line
_NAME_LIMIT, _LABEL_LIMIT, _LABEL_LINES = 16, 18, 3  # characters, characters, lines
_PADDING = 10  # px between a box's border and its text
MARGIN = 10  # px around a nested chart
_HAPPY_WEIGHT = 20  # how much straighter than any other the happy path is to be
_OPTIONS = {  # px
    "spacing": {"layer_gap": 26, "node_gap": 16, "dummy_gap": 14, "edge_label_margin": 8, "stub": 10},
    "routing": {"merge_edges": "joins", "lane_gap": 12},
}


@dataclass(frozen=True, slots=True)
class Box:
    """A state's place: its upper left corner and its size in px. `inner` are charts and their corners.

    `small` are the lines under its name.
    """

    node: Node
    corner: Point
    width: float
    height: float
    name: tuple[str, ...]
    small: tuple[str, ...]
    stands_out: bool
    inner: tuple[tuple[Point, Picture], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An edge's way, corner by corner, and the middle of its label."""

    edge: Edge
    points: tuple[Point, ...]
    label: tuple[str, ...]
    label_at: Point | None
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with a place for everything, from (0, 0) to (width, height)."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def laid_out(chart: Chart, execution: Execution | None = None) -> Picture:
    """Give every state and every edge of a chart its place."""
    path = happy_path(chart)
    names = path if execution is None else execution.visits.keys()
    steps = {(*step, False) for step in pairwise(path)} if execution is None else execution.steps
    boxes = [_sized(node, node.name in names, execution) for node in chart.nodes.values()]
    lines = [_labelled(edge, steps) for edge in chart.edges]
    graph = graphlay.Graph()
    for box in boxes:
        graph.node(box.node.name, width=box.width, height=box.height)
    for line in lines:
        size = _label_size(line.label)
        room = {"label_size": {"width": size[0], "height": size[1]}} if size else {}
        weight = _HAPPY_WEIGHT if (line.edge.source, line.edge.target) in pairwise(path) else 1
        graph.edge(line.edge.source, line.edge.target, weight=weight, **room)
    layout = graphlay.layout(graph, preset="process_map", options=_OPTIONS)
    return _moved(boxes, lines, layout)


def _moved(boxes: list[Box], lines: list[Line], layout: graphlay.Layout) -> Picture:
    """Put boxes and lines where the layout has them, with the upper left corner of all at (0, 0)."""
    centers = [_point(node["center"]) for node in layout.nodes]
    routes = [tuple(map(_point, edge["points"])) for edge in layout.edges]
    areas = [area_around(at, (box.width, box.height)) for box, at in zip(boxes, centers, strict=True)]
    sizes = [_label_size(line.label) for line in lines]
    labels = place_labels(routes, sizes, areas)
    areas += [area_around(at, size) for at, size in zip(labels, sizes, strict=True) if at and size]
    areas += [(x, y, x, y) for route in routes for x, y in route]
    lefts, tops, rights, bottoms = zip(*areas, strict=True)
    left, top = min(lefts), min(tops)

    def moved(at: Point) -> Point:
        return at[0] - left, at[1] - top

    return Picture(
        max(rights) - left,
        max(bottoms) - top,
        tuple(replace(box, corner=moved(area[:2])) for box, area in zip(boxes, areas, strict=False)),
        tuple(
            replace(line, points=tuple(map(moved, route)), label_at=moved(label) if label else None)
            for line, route, label in zip(lines, routes, labels, strict=True)
        ),
    )


def _point(at: dict[str, float]) -> Point:
    return at["x"], at["y"]


def _sized(node: Node, stands_out: bool, execution: Execution | None) -> Box:
    """Return a state's box, still at (0, 0), with what it holds."""
    pictures = [laid_out(chart, execution) for chart in node.inner]
    name = (node.name,) if pictures else tuple(lines_of_name(node.name, _NAME_LIMIT))
    visit = execution.visits.get(node.name) if execution else None
    small = tuple(line for line in (node.work, about_visit(visit) if visit else "") if line)
    words = [width_of(line, NAME_SIZE, bold=True) for line in name]
    width = max(words + [width_of(line, SMALL_SIZE) for line in small]) + 2 * _PADDING
    height: float = len(name) * NAME_LINE + len(small) * SMALL_LINE + 2 * _PADDING
    inner = []
    right = float(MARGIN)
    for picture in pictures:
        inner.append(((right + MARGIN, height + MARGIN), picture))
        right += picture.width + 3 * MARGIN
    if pictures:
        width = max(width, right)
        height += max(picture.height for picture in pictures) + 3 * MARGIN
    size = 2 * ceil(width / 2), 2 * ceil(height / 2)
    return Box(node, (0, 0), *size, name, small, stands_out, tuple(inner))


def _labelled(edge: Edge, steps: Collection[tuple[str, str, bool]]) -> Line:
    """Return an edge's line, still without a place."""
    label = tuple(lines_of_label(edge.label, _LABEL_LIMIT, _LABEL_LINES))
    return Line(edge, (), label, None, (edge.source, edge.target, edge.way is Way.CATCH) in steps)


def _label_size(label: tuple[str, ...]) -> Point | None:
    """Return a label's width and height in px, None for an empty one."""
    return (max(width_of(line, SMALL_SIZE) for line in label), len(label) * SMALL_LINE) if label else None
