"""A chart as a Mermaid flowchart, which GitHub draws within Markdown.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise

from local_aws.graph.chart import Chart, Node, Way
from local_aws.graph.happy_path import happy_path
from local_aws.graph.words import attempts

_SHAPES = {"Choice": ('{{"', '"}}'), "Succeed": ('(["', '"])'), "Fail": ('(["', '"])')}
_ARROWS = {Way.NEXT: "-->", Way.RULE: "-->", Way.DEFAULT: "-->", Way.CATCH: "-.->"}
_CLASSES = """classDef good fill:#dafbe1,stroke:#1a7f37,color:#1f2328
classDef bad fill:#ffebe9,stroke:#cf222e,color:#1f2328
classDef choice fill:#fff8c5,stroke:#9a6700,color:#1f2328"""


def mermaid_of(chart: Chart, title: str) -> str:
    """Write a chart as a flowchart."""
    lines = [f"%% {title}", "flowchart TD", *_chart(chart, count(1), "  ")]
    return "\n".join([*lines, *(f"  {line}" for line in _CLASSES.splitlines())]) + "\n"


def _chart(chart: Chart, numbers: Iterator[int], margin: str) -> Iterator[str]:
    """Yield the lines of a chart. States get numbers for ids: a name may hold anything, `end` among it."""
    ids = {name: f"s{next(numbers)}" for name in chart.nodes}
    path = happy_path(chart)
    for name, node in chart.nodes.items():
        yield from _node(node, ids[name], numbers, margin)
        if node.kind == "Succeed" or (node.ends and name in path):
            yield f"{margin}class {ids[name]} good"
        elif node.kind in ("Fail", "Choice"):
            yield f"{margin}class {ids[name]} {'bad' if node.kind == 'Fail' else 'choice'}"
    steps = set(pairwise(path))
    for edge in chart.edges:
        happy = edge.way is not Way.CATCH and (edge.source, edge.target) in steps
        arrow = "==>" if happy else _ARROWS[edge.way]
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        yield f"{margin}{ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _node(node: Node, number: str, numbers: Iterator[int], margin: str) -> Iterator[str]:
    text = _escaped(node.name)
    if attempts(node):
        text += f"<br/>tried again: {attempts(node)}"
    if not node.inner:
        opening, closing = _SHAPES.get(node.kind, ('["', '"]'))
        yield f"{margin}{number}{opening}{text}{closing}"
        return
    yield f'{margin}subgraph {number}["{text}"]'
    for at, inner in enumerate(node.inner, 1):
        title = f"branch {at}" if node.kind == "Parallel" else "for each item"
        yield f'{margin}  subgraph {number}b{at}["{title}"]'
        yield from _chart(inner, numbers, margin + "    ")
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
