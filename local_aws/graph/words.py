"""What a picture says in words: its tooltips and its summary."""

from __future__ import annotations

from local_aws.graph.chart import Chart, Edge, Node
from local_aws.graph.visits import Execution, Outcome, Visit


def about_state(node: Node, visit: Visit | None = None) -> str:
    """Return the tooltip of a state, and of the visit to it."""
    retries = [
        f"tried again up to {one.attempts} times on {one.errors}" for one in node.retries if one.attempts
    ]
    never = [f"not tried again on {one.errors}" for one in node.retries if not one.attempts]
    head = f"{node.name} ({node.kind}{f' {node.work}' if node.work else ''})"
    visited = about_visit(visit) if visit else ""
    return "\n".join([part for part in (head, visited, node.comment, *never, *retries) if part])


def attempts(node: Node) -> str:
    """Return how often a state is tried again at most, a number a retrier; empty when it never is."""
    return ", ".join(str(one.attempts) for one in node.retries if one.attempts)


def about_edge(edge: Edge) -> str:
    """Return the tooltip of a way between two states."""
    return f"{edge.source} to {edge.target} {edge.reason}".strip()


def about_visit(visit: Visit) -> str:
    """Return what became of a state: `failed, 2 times, 3 retries, 12.5 s`; a success goes without saying."""
    parts = [visit.outcome.value] * (visit.outcome is not Outcome.SUCCEEDED)
    parts += [f"{visit.times} times"] * (visit.times > 1)
    parts += [f"{visit.retries} {'retry' if visit.retries == 1 else 'retries'}"] * bool(visit.retries)
    return ", ".join([*parts, duration(visit.seconds)])


def duration(seconds: float) -> str:
    """Return a time in words, as exactly as one wants to know it: `0.4 s`, `75 s`, `12 min`, `3.5 h`."""
    if seconds < 10:
        return f"{round(seconds, 1):g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{round(seconds / 3_600, 1):g} h"


def summary(chart: Chart, path: list[str], execution: Execution | None = None) -> str:
    """Return what somebody who does not see the picture should know of it."""
    states = f"{count(chart)} states, beginning with {chart.start}."
    if execution is not None:
        error = f" with {execution.error}" if execution.error else ""
        end = f"An execution: {execution.status}{error} after {duration(execution.seconds)}"
        return f"{states} {end}, in {len(execution.visits)} of them."
    return f"{states} When all goes well: {', '.join(path)}." if path else states


def count(chart: Chart) -> int:
    """Return how many states a chart has, those within states included."""
    return len(chart.nodes) + sum(count(inner) for node in chart.nodes.values() for inner in node.inner)
