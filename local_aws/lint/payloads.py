"""Expressions that are written where nothing is evaluated.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from local_aws.lint.definition import MachineNode, Placed, StateNode, rules_of_choice, states
from local_aws.lint.findings import Finding, finding
from local_aws.states import intrinsics
from local_aws.states.choice import OPERATORS
from local_aws.states.expressions import ExpressionError, compile_path
from local_aws.states.jsontext import Json

TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")  # of JSONPath states
NESTED_TEMPLATES = (
    ("ItemReader", "Parameters"),
    ("ItemBatcher", "BatchInput"),
    ("ResultWriter", "Parameters"),
)
_QUERIES = ("Arguments", "Output", "Assign", "Items", "ItemSelector", "Condition")  # of JSONata states
_PATH = re.compile(r"\$\$?(\.\.?([^\W\d]|\*)|\[['\"\d*?])")
_INTRINSIC = re.compile(rf"States\.({'|'.join(intrinsics.FUNCTIONS)})\s*\(")
_JSONATA = re.compile(r"\s*\{%.*%\}\s*", re.DOTALL)
# Parameters that take a whole JSON document, for which a lone $ can only mean the input.
_DOCUMENTS = frozenset({"Payload", "Input", "Message", "MessageBody", "Detail"})
# Parameters of EventBridge that are JSONPaths for EventBridge to evaluate.
_PATHS_OF_AN_API = frozenset({"InputPath", "InputPathsMap"})


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield the expressions that are not evaluated."""
    variables = {name.removesuffix(".$") for state in states(machine) for name in _assigned(state)}
    for state in states(machine):
        if state.jsonata:
            for path, text in _texts_of(state, _QUERIES):
                if text.startswith("$states."):
                    yield _wrong_language(path, text, "a JSONata state evaluates only what stands in {% %}")
            continue
        yield from _templates_of(state, variables)
        yield from _literal_fields(state)
        yield from _static_result(state)


def templates(state: StateNode) -> Iterator[tuple[str, Json]]:
    """Yield the payload templates of a JSONPath state, with the path to each."""
    holders = [(state.path, state.body), *state.elements("Catch"), *state.elements("Choices")]
    for path, body in holders:
        yield from ((f"{path}/{key}", body[key]) for key in TEMPLATES if key in body)
    for key, inner in NESTED_TEMPLATES:
        holder = state.body.get(key)
        if isinstance(holder, dict) and inner in holder:
            yield f"{state.path}/{key}/{inner}", holder[inner]


def _assigned(state: StateNode) -> Iterator[str]:
    for _, body in [(state.path, state.body), *state.elements("Catch"), *state.elements("Choices")]:
        if isinstance(body.get("Assign"), dict):
            yield from body["Assign"]


def _templates_of(state: StateNode, variables: set[str]) -> Iterator[Finding]:
    for place, template in templates(state):
        for path, key, text in _literals(template, place, ""):
            if _JSONATA.fullmatch(text):
                yield _wrong_language(path, text, "a JSONPath state evaluates only keys that end in .$")
            elif is_expression(text, variables) or (text == "$" and key in _DOCUMENTS):
                yield finding(
                    "NO_DOLLAR",
                    path,
                    f'"{key}": "{_short(text)}" is text, not what the path leads to',
                    f'write "{key}.$"'
                    if key
                    else "give the array by a key that ends in .$, with States.Array",
                )


def _literals(value: Json, path: str, key: str) -> Iterator[tuple[str, str, str]]:
    """Yield the path, the key and the text of each string that is not evaluated; no key in arrays."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _literals(item, f"{path}[{index}]", "")
    elif isinstance(value, dict):
        for name, member in value.items():
            if not name.endswith(".$") and name not in _PATHS_OF_AN_API:
                yield from _literals(member, f"{path}/{name}", name)


def is_expression(text: str, variables: set[str]) -> bool:
    """Tell whether a text can only be meant as a path, an intrinsic function or one of the variables."""
    if _INTRINSIC.match(text):
        return True
    variable = re.match(r"\$(\w+)", text)
    if not _PATH.match(text) and not (variable and variable[1] in variables):
        return False
    try:
        compile_path(text)
    except ExpressionError:
        return False
    return True


def _literal_fields(state: StateNode) -> Iterator[Finding]:
    places: list[tuple[Placed, frozenset[str]]] = []
    if state.kind == "Fail":
        places.append(((state.path, state.body), frozenset({"Error", "Cause"})))
    comparisons = frozenset(name for name in OPERATORS if f"{name}Path" in OPERATORS)
    places += [
        (placed, comparisons)
        for path, rule in state.elements("Choices")
        for placed in rules_of_choice(path, rule)
    ]
    for (path, body), keys in places:
        for key in keys & body.keys():
            text = body[key]
            if isinstance(text, str) and is_expression(text, set()):
                yield finding(
                    "NO_PATH", f"{path}/{key}", f'{key} has the text "{_short(text)}"', f"write {key}Path"
                )


def _static_result(state: StateNode) -> Iterator[Finding]:
    if state.kind != "Pass" or "Result" not in state.body:
        return
    for key, text in _members(state.body["Result"], ""):
        if key.endswith(".$") or (isinstance(text, str) and is_expression(text, set())):
            yield finding(
                "PASS_RESULT_IS_STATIC", f"{state.path}/Result", f'Result holds "{key}" as it is written'
            )
            return


def _members(value: Json, key: str) -> Iterator[tuple[str, Json]]:
    yield key, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _members(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from _members(item, key)


def _texts_of(state: StateNode, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for path, body in [(state.path, state.body), *state.elements("Catch"), *state.elements("Choices")]:
        for key in keys:
            yield from ((place, text) for place, _, text in _literals(body.get(key), f"{path}/{key}", key))


def _wrong_language(path: str, text: str, what: str) -> Finding:
    return finding("WRONG_QUERY_LANGUAGE", path, f'"{_short(text)}" is text: {what}')


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
