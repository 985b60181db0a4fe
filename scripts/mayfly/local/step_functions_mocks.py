"""What Step Functions Local is given of the orders machine: a definition that it knows, and mocked answers.

Made from `tests/step_functions_local/`: `input.json`, what the executions start with; `answers.json`, the
usual answer of every Task; `scenarios/`, the answers that differ, and what is expected; `replacements.json`,
what stands for the states in JSONata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayfly.console import CommandError
from mayfly.template import ROOT

ASL = ROOT / "step_functions" / "MainStepFn.json"
MACHINE = "EphemeralECSPipeline"
FOLDER = ROOT / "tests" / "step_functions_local"
REPLACEMENTS = FOLDER / "replacements.json"
SCENARIOS = tuple(sorted(path.stem for path in (FOLDER / "scenarios").glob("*.json")))


@dataclass(frozen=True)
class Generated:
    """What Step Functions Local is given: a definition that it knows, and the mocked answers."""

    definition: dict[str, Any]
    mocks: dict[str, Any]
    replaced: list[str]

    def write(self, folder: Path) -> None:
        """Write both as files; the same scenarios give the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (("MockConfigFile", self.mocks), (MACHINE, self.definition)):
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            (folder / f"{name}.json").write_text(text, encoding="utf-8")


def read(path: Path) -> Any:
    """Return a JSON file's content."""
    return json.loads(path.read_text(encoding="utf-8"))


def scenario(name: str) -> dict[str, Any]:
    """Return a scenario: the answers that are not the usual ones, and what is expected of the run."""
    content: dict[str, Any] = read(FOLDER / "scenarios" / f"{name}.json")
    return content


def generate(names: tuple[str, ...] = SCENARIOS) -> Generated:
    """Return definition and mocks for scenarios; raise CommandError when these do not fit the machine."""
    definition = substituted(ASL)
    replaced = replace_jsonata(definition)
    return Generated(definition, mock_configuration(definition, names), replaced)


def substituted(path: Path) -> dict[str, Any]:
    """Return a definition in which each ${Placeholder} is its own name: nothing is ever called with it."""
    text = re.sub(r"\$\{(\w+)\}", r"\1", path.read_text(encoding="utf-8"))
    definition: dict[str, Any] = json.loads(text)
    return definition


def blocks(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every object of States: the machine's own, and those of its branches and Maps."""
    yield definition["States"]
    for state in definition["States"].values():
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from blocks(inner)


def replace_jsonata(definition: dict[str, Any]) -> list[str]:
    """Put replacements.json's states in the place of those in JSONata; return their names.

    Step Functions Local knows JSONPath only: https://github.com/localstack/localstack/issues/11712.
    """
    replacements = read(REPLACEMENTS)
    replaced = []
    for states in blocks(definition):
        for name, state in states.items():
            if state.get("QueryLanguage") != "JSONata":
                continue
            if name not in replacements:
                raise CommandError(
                    "a state cannot be shown to Step Functions Local",
                    f"{name} is in JSONata, and replacements.json has nothing for it",
                    f"write a Pass in JSONPath with the same output into {REPLACEMENTS.relative_to(ROOT)}",
                )
            way = {key: state[key] for key in ("Next", "End") if key in state}
            states[name] = {**replacements[name], **way}
            replaced.append(name)
    return replaced


def mock_configuration(definition: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the MockConfigFile of scenarios. Every Task has an answer, for one without would call AWS.

    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html
    """
    usual = read(FOLDER / "answers.json")
    tasks = {name for states in blocks(definition) for name in states if states[name]["Type"] == "Task"}
    refuse("answers.json leaves out Tasks of the machine", tasks - set(usual))
    refuse("answers.json answers for what is no Task", set(usual) - tasks)
    cases, responses = {}, dict(usual)
    for name in names:
        own = scenario(name)["answers"]
        refuse(f"{name}.json answers for what is no Task", set(own) - tasks)
        cases[name] = {state: f"{state}In{name}" if state in own else state for state in usual}
        responses |= {cases[name][state]: answers for state, answers in own.items()}
    return {"StateMachines": {MACHINE: {"TestCases": cases}}, "MockedResponses": responses}


def refuse(failed: str, states: set[str]) -> None:
    """Raise CommandError when there are such states."""
    if states:
        raise CommandError(failed, ", ".join(sorted(states)), f"mend it in {FOLDER.relative_to(ROOT)}/")
