"""A chart as a Mermaid flowchart, which GitHub draws within Markdown.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise

from local_aws.graph.chart import Chart, Node, Way
from local_aws.graph.happy_path import happy_path
from local_aws.graph.visits import Execution
from local_aws.graph.words import about_visit, attempts, summary

_SHAPES = {"Choice": ('{{"', '"}}'), "Succeed": ('(["', '"])'), "Fail": ('(["', '"])')}
_ARROWS = {Way.NEXT: "-->", Way.RULE: "-->", Way.DEFAULT: "-->", Way.CATCH: "-.->"}
_CLASSES = """classDef good fill:#dafbe1,stroke:#1a7f37,color:#1f2328
classDef bad fill:#ffebe9,stroke:#cf222e,color:#1f2328
classDef choice fill:#fff8c5,stroke:#9a6700,color:#1f2328"""
_OUTCOME_CLASSES = """classDef succeeded fill:#dafbe1,stroke:#1a7f37,color:#1f2328
classDef caught fill:#fff1e5,stroke:#bc4c00,color:#1f2328
classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328
classDef aborted fill:#f6f8fa,stroke:#59636e,color:#1f2328,stroke-dasharray:4 3
classDef running fill:#ddf4ff,stroke:#0969da,color:#1f2328
classDef unvisited fill:#ffffff,stroke:#d1d9e0,color:#818b98"""


def mermaid_of(chart: Chart, title: str, execution: Execution | None = None) -> str:
    """Write a chart as a flowchart, and over it what an execution did."""
    head = [f"%% {title}"] + [f"%% {summary(chart, [], execution)}"] * (execution is not None)
    classes = _CLASSES if execution is None else _OUTCOME_CLASSES
    lines = [*head, "flowchart TD", *_chart(chart, count(1), "  ", execution)]
    return "\n".join([*lines, *(f"  {line}" for line in classes.splitlines())]) + "\n"


def _chart(chart: Chart, numbers: Iterator[int], margin: str, execution: Execution | None) -> Iterator[str]:
    """Yield the lines of a chart. States get numbers for ids: a name may hold anything, `end` among it."""
    ids = {name: f"s{next(numbers)}" for name in chart.nodes}
    path = happy_path(chart)
    for name, node in chart.nodes.items():
        yield from _node(node, ids[name], numbers, margin, execution)
        look = _look(node, name in path) if execution is None else _outcome(node, execution)
        if look:
            yield f"{margin}class {ids[name]} {look}"
    steps = {(*step, False) for step in pairwise(path)} if execution is None else execution.steps
    for edge in chart.edges:
        stands_out = (edge.source, edge.target, edge.way is Way.CATCH) in steps
        arrow = "==>" if stands_out else _ARROWS[edge.way]
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        yield f"{margin}{ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _look(node: Node, happy: bool) -> str:
    if node.kind == "Succeed" or (node.ends and happy):
        return "good"
    return {"Fail": "bad", "Choice": "choice"}.get(node.kind, "")


def _outcome(node: Node, execution: Execution) -> str:
    visit = execution.visits.get(node.name)
    return visit.outcome.value if visit else "unvisited"


def _node(
    node: Node, number: str, numbers: Iterator[int], margin: str, execution: Execution | None
) -> Iterator[str]:
    text = _escaped(node.name)
    visit = execution.visits.get(node.name) if execution else None
    if visit:
        text += f"<br/>{about_visit(visit)}"
    elif attempts(node) and execution is None:
        text += f"<br/>tried again: {attempts(node)}"
    if not node.inner:
        opening, closing = _SHAPES.get(node.kind, ('["', '"]'))
        yield f"{margin}{number}{opening}{text}{closing}"
        return
    yield f'{margin}subgraph {number}["{text}"]'
    for at, inner in enumerate(node.inner, 1):
        title = f"branch {at}" if node.kind == "Parallel" else "for each item"
        yield f'{margin}  subgraph {number}b{at}["{title}"]'
        yield from _chart(inner, numbers, margin + "    ", execution)
        yield f"{margin}  end"
    yield f"{margin}end"


def _escaped(text: str) -> str:
    """Return a text for a quoted label; Mermaid's entities are HTML's with `#` for `&`."""
    for sign, entity in (
        ("#", "#35;"),
        ("&", "#amp;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(sign, entity)
    return " ".join(text.split())
