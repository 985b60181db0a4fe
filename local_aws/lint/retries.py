"""Retriers and catchers that never answer, and catchers that lose what the states after them need.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from local_aws.lint.definition import WORK, MachineNode, Placed, StateNode, listed, states
from local_aws.lint.findings import Finding, finding
from local_aws.states.errors import ALL, RUNTIME, TASK_FAILED, TIMEOUT

# What the wildcard States.TaskFailed leaves to others.
_NOT_TASK_FAILED = frozenset({ALL, TIMEOUT, "States.HeartbeatTimeout"})


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield what is wrong with Retry and Catch, whatever the state calls."""
    for state in states(machine):
        if state.kind in WORK:
            for key in ("Retry", "Catch"):
                elements = state.elements(key)
                yield from _places_of_all(elements, key)
                yield from _never_reached(elements)
            yield from _loses_input(state)


def error_names(element: Placed) -> Iterator[tuple[str, str]]:
    """Yield each name of an element's ErrorEquals, with the path to it."""
    path, body = element
    for index, name in enumerate(listed(body.get("ErrorEquals"))):
        if isinstance(name, str):
            yield f"{path}/ErrorEquals[{index}]", name


def _places_of_all(elements: list[Placed], key: str) -> Iterator[Finding]:
    for element in elements:
        names = [name for _, name in error_names(element)]
        if ALL in names and (len(names) > 1 or element is not elements[-1]):
            what = "does not stand alone" if len(names) > 1 else f"is not the last element of {key}"
            yield finding("STATES_ALL_NOT_LAST", f"{element[0]}/ErrorEquals", f"States.ALL {what}")


def _never_reached(elements: list[Placed]) -> Iterator[Finding]:
    before: set[str] = set()
    for element in elements:
        for path, name in error_names(element):
            if name == RUNTIME:
                yield finding("UNCATCHABLE_ERROR", path, f"{RUNTIME} is never matched")
            elif name in before:
                yield finding(
                    "NEVER_REACHED_ERROR", path, f"{name} is matched by an element before", "remove it"
                )
            elif TASK_FAILED in before and name not in _NOT_TASK_FAILED:
                yield finding(
                    "NEVER_REACHED_ERROR",
                    path,
                    f"{name} is matched by {TASK_FAILED} in an element before",
                    f"move the element with {TASK_FAILED} behind this one",
                )
        before |= {name for _, name in error_names(element)}


def _loses_input(state: StateNode) -> Iterator[Finding]:
    if state.jsonata:
        return  # has variables for what must not be lost
    for path, catcher in state.elements("Catch"):
        if "ResultPath" not in catcher and not _only_fails(state, catcher.get("Next")):
            yield finding(
                "CATCH_LOSES_INPUT", path, f"the input of {state.name} is lost when this catcher answers"
            )


def _only_fails(state: StateNode, target: object) -> bool:
    """Tell whether the error goes to a Fail that reads it where it stands without a ResultPath."""
    following = state.machine.states.get(str(target))
    if following is None or following.kind != "Fail":
        return False
    texts = [str(following.body.get(key, "")) for key in ("ErrorPath", "CausePath")]
    return any(name in text for text in texts for name in ("$.Error", "$.Cause"))
