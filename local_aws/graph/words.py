"""What a picture says in words: its tooltips and its summary."""

from __future__ import annotations

from local_aws.graph.chart import Chart, Edge, Node


def about_state(node: Node) -> str:
    """Return the tooltip of a state."""
    retries = [
        f"tried again up to {one.attempts} times on {one.errors}" for one in node.retries if one.attempts
    ]
    never = [f"not tried again on {one.errors}" for one in node.retries if not one.attempts]
    head = f"{node.name} ({node.kind}{f' {node.work}' if node.work else ''})"
    return "\n".join([part for part in (head, node.comment, *never, *retries) if part])


def attempts(node: Node) -> str:
    """Return how often a state is tried again at most, a number a retrier; empty when it never is."""
    return ", ".join(str(one.attempts) for one in node.retries if one.attempts)


def about_edge(edge: Edge) -> str:
    """Return the tooltip of a way between two states."""
    return f"{edge.source} to {edge.target} {edge.reason}".strip()


def summary(chart: Chart, path: list[str]) -> str:
    """Return what somebody who does not see the picture should know of it."""
    states = f"{count(chart)} states, beginning with {chart.start}."
    return f"{states} When all goes well: {', '.join(path)}." if path else states


def count(chart: Chart) -> int:
    """Return how many states a chart has, those within states included."""
    return len(chart.nodes) + sum(count(inner) for node in chart.nodes.values() for inner in node.inner)
