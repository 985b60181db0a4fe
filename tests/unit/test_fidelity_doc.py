"""docs/fidelity.md names tests and sources that are there, and what is not modelled as the code has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from local_aws.ecs.service import EcsService
from local_aws.ecs.validation import ACCEPTED_WITHOUT_EFFECT, HONOURED
from local_aws.events.targets import KINDS as TARGETS
from local_aws.iam import conditions
from local_aws.over_moto import events, functions, sns
from local_aws.over_moto.resources import KINDS
from local_aws.over_moto.template import FUNCTIONS, SECTIONS
from local_aws.states import integrations
from local_aws.states import service as states
from local_aws.states.distributed import parsing as distributed
from local_aws.wire import Service, service_model
from mayfly.template import ROOT
from tests.documents import rows

PAGE = ROOT / "docs" / "fidelity.md"
TEXT = PAGE.read_text(encoding="utf-8")
BEHAVIOURS = [cells for cells in rows(PAGE) if len(cells) == 6 and cells[0] != "behaviour"]


def answered(service: type[Service]) -> set[str]:
    return {name for name in service_model(service.name).operation_names if hasattr(service, name)}


def refused(service: type[Service], operation: str) -> set[str]:
    """Return the parameters of an operation that are refused by name."""
    shape = service_model(service.name).operation_model(operation).input_shape
    assert shape
    return set(shape.members) - set(getattr(service, operation).honours)


def container_members() -> set[str]:
    request = service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
    assert request
    return set(request.members["containerDefinitions"].member.members)  # type: ignore[attr-defined]  # a list's


STEP_FUNCTIONS: Final = set(service_model("stepfunctions").operation_names)
# What a row of "What is not modelled" holds, by its section and its first cell.
HELD: Final[dict[tuple[str, str], set[str]]] = {
    ("Of Step Functions", "operations"): STEP_FUNCTIONS - answered(states.StatesService),
    ("Of Step Functions", "parameters of CreateStateMachine and UpdateStateMachine"): refused(
        states.StatesService, "CreateStateMachine"
    )
    | refused(states.StatesService, "UpdateStateMachine"),
    ("Of Step Functions", "parameters of CreateActivity"): refused(states.StatesService, "CreateActivity"),
    ("Of Step Functions", "optimized integrations with"): set(integrations._LACKING),
    ("Of Step Functions", "an ItemReader's InputType"): set(distributed._LACKING),
    ("Of ECS", "operations, all but"): answered(EcsService),
    ("Of ECS", "parameters of CreateCluster"): refused(EcsService, "CreateCluster"),
    ("Of ECS", "parameters of RegisterTaskDefinition"): refused(EcsService, "RegisterTaskDefinition"),
    ("Of ECS", "parameters of RunTask"): refused(EcsService, "RunTask"),
    ("Of ECS", "parameters of ListTasks"): refused(EcsService, "ListTasks"),
    ("Of ECS", "members of a container definition"): container_members()
    - HONOURED
    - set(ACCEPTED_WITHOUT_EFFECT),
    ("Of EventBridge", "operations, all but"): events._MOTOS
    | {"PutEvents", "PutRule", "PutTargets", "TestEventPattern"},
    ("Of Lambda", "operations of functions, all but"): set(functions._MOTOS) | {"Invoke"},
    ("Of CloudFormation", "resource types, all but"): set(KINDS),
    ("Of CloudFormation", "sections of a template, all but"): set(SECTIONS),
    ("Of CloudFormation", "functions, all but"): set(FUNCTIONS) | {"Ref"},
}


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"docs/fidelity.md has no section {title!r}"
    return found[1]


def cells_of(text: str) -> dict[str, str]:
    """Return the second cell of each row of the tables in a text by its first one."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): cells[1].strip() for cells in lines}


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def named_tests() -> Iterator[tuple[str, Path]]:
    """Yield each test of the tables, and the file that the page says it is in."""
    for cells in BEHAVIOURS:
        named = re.findall(r"\[`(\w+)`\]\(\.\./([\w/.]+)\)", cells[5])
        assert named, f"no test is named for: {cells[0]}"
        yield from ((name, ROOT / path) for name, path in named)


def test_every_test_that_is_named_is_in_its_file() -> None:
    assert len(BEHAVIOURS) > 80
    missing = []
    for name, path in named_tests():
        if path.suffix == ".json":  # a case of tests/conformance, which has the name of its file
            there = {path.stem} if path.is_file() else set()
        else:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        missing += [name] if name not in there else []
    assert missing == []


def test_every_behaviour_of_aws_has_its_source() -> None:
    sources = ("https://docs.aws.amazon.com/", "https://states-language.net/", "recorded")
    assert [cells[0] for cells in BEHAVIOURS if not any(source in cells[1] for source in sources)] == []


def test_no_cell_is_left_empty() -> None:
    assert [cells[0] for cells in BEHAVIOURS if not all(cells)] == []


@pytest.mark.parametrize(("title", "row"), HELD, ids=str)
def test_what_is_refused_by_name_is_as_in_the_code(title: str, row: str) -> None:
    assert quoted(cells_of(section(title))[row]) == HELD[title, row]


def test_what_is_accepted_without_effect_is_as_in_the_code_with_its_reason() -> None:
    told = {name.strip("`"): why for name, why in cells_of(section("Of ECS")).items() if name.startswith("`")}
    assert told == ACCEPTED_WITHOUT_EFFECT


def test_the_condition_keys_are_those_of_the_code() -> None:
    found = re.search(r"Condition keys that are known: (.+?),\s+and the tags", section("IAM"), re.DOTALL)
    assert found
    assert quoted(found[1]) == conditions._KEYS


def test_the_protocols_that_are_refused_are_those_of_the_code() -> None:
    found = re.search(r"subscriptions of the protocols (.+?) are", section("Of SNS, S3 and DynamoDB"))
    assert found
    assert quoted(found[1]) == sns._LACKING


def test_every_kind_of_target_is_in_the_page() -> None:
    told = cells_of(section("Of EventBridge"))["targets, all but"].split(", ")
    kinds = ["functions", "log groups", "queues", "state machines", "standard topics"]
    assert (told, len(TARGETS)) == (kinds, len(kinds))
