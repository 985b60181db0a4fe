"""The way a chart takes when all goes well."""

from __future__ import annotations

from collections import deque

from local_aws.graph.chart import Chart, Way


def happy_path(chart: Chart) -> list[str]:
    """Return the states from the start to the successful end that lies farthest, without a Catch.

    Where a Choice leaves several ways to that end, the one whose state stands first in the definition is
    taken: that is how a definition is read. Empty when no way succeeds.
    """
    order = {name: at for at, name in enumerate(chart.nodes)}
    onward: dict[str, list[str]] = {name: [] for name in chart.nodes}
    for edge in chart.edges:
        if edge.way is not Way.CATCH:
            onward[edge.source].append(edge.target)
    depths = _depths(chart.start, onward)
    ends = [name for name in depths if chart.nodes[name].ends]
    if not ends:
        return []
    end = max(ends, key=lambda name: (depths[name], -order[name]))
    path: list[str] = []
    _descend(
        chart.start, end, {name: sorted(onward[name], key=order.__getitem__) for name in onward}, path, set()
    )
    return path


def _depths(start: str, onward: dict[str, list[str]]) -> dict[str, int]:
    depths, waiting = {start: 0}, deque([start])
    while waiting:
        name = waiting.popleft()
        for target in onward[name]:
            if target not in depths:
                depths[target] = depths[name] + 1
                waiting.append(target)
    return depths


def _descend(name: str, end: str, onward: dict[str, list[str]], path: list[str], seen: set[str]) -> bool:
    """Extend `path` from `name` to `end`, depth first; False when no way is left."""
    seen.add(name)
    path.append(name)
    if name == end or any(
        target not in seen and _descend(target, end, onward, path, seen) for target in onward[name]
    ):
        return True
    path.pop()
    return False
