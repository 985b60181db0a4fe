"""Prints the page docs/states.md: every state of the orders machine, with its type and why it is there.

The words are the Comments of step_functions/MainStepFn.json. After a change of the machine:
PYTHONPATH=scripts .venv/bin/python -m mayfly.checking.state_table > docs/states.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mayfly.template import ROOT

MACHINE = ROOT / "step_functions" / "MainStepFn.json"
HEAD = """\
# The states

Made from the Comments of `step_functions/MainStepFn.json` by `scripts/mayfly/checking/state_table.py`; a test
fails when the two differ. The picture is [imgs/stepfunctions.svg](../imgs/stepfunctions.svg).
"""


def page(machine: dict[str, Any]) -> str:
    """Return the page for a machine: a table for it, and one for each state that holds others."""
    return "\n".join([HEAD, f"{machine['Comment']}\n", *tables("The machine", [machine])])


def tables(title: str, workflows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a table of the states of `workflows`, then those of the states inside them."""
    states = [item for workflow in workflows for item in workflow["States"].items()]
    rows = [f"| `{name}` | {state['Type']} | {escaped(state['Comment'])} |" for name, state in states]
    yield "\n".join([f"## {title}\n", "| state | type | why it is there |", "| --- | --- | --- |", *rows, ""])
    for name, state in states:
        if inner := [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from tables(f"In `{name}`", inner)


def escaped(text: str) -> str:
    """Return a text as Markdown shows it in a table's cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(page(json.loads(MACHINE.read_text(encoding="utf-8"))), end="")
