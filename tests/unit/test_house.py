"""The house as the design has it: what may know of what."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from mayfly.template import ROOT
from tests.unit.test_main_machine import MACHINE, all_states


def files(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def test_the_pipeline_does_not_know_of_the_local_aws() -> None:
    knowing = [
        path for path in files("ecs", "step_functions", "iam", "infra") if b"local_aws" in path.read_bytes()
    ]
    assert knowing == []


def test_the_local_aws_knows_no_pipeline() -> None:
    names = re.compile(r"mayfly|OrderKPIs|EphemeralECSPipeline|ecs-validator|ecs-transformer", re.IGNORECASE)
    knowing = [
        path.name
        for path in files("local_aws")
        if path.suffix == ".py" and any(names.search(text) for text in _strings_and_imports(path))
    ]
    assert knowing == []


def _strings_and_imports(path: Path) -> list[str]:
    """Return what a module's code says: docstrings may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [text for text in strings if text not in docstrings] + imports


@pytest.mark.parametrize("path", files("local_aws", "ecs", "scripts"), ids=str)
def test_a_module_is_one_idea(path: Path) -> None:
    if path.suffix == ".py":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 330


def test_every_setting_of_the_containers_is_given_by_the_machine() -> None:
    given = set()
    for _, state in all_states(MACHINE):
        for container in state.get("Parameters", {}).get("ContainerDefinitions", []):
            given |= {variable["Name"] for variable in container["Environment"]}
    source = (ROOT / "ecs" / "common" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z][A-Z0-9_]{4,})"', source))
    assert read == given


def test_the_policies_are_the_ones_that_the_templates_include() -> None:
    templates = "".join(path.read_text() for path in (ROOT / "infra").glob("*.yaml"))
    included = set(re.findall(r"\.\./iam/([\w-]+\.json)", templates))
    assert included == {path.name for path in (ROOT / "iam").glob("*.json")}
    for path in (ROOT / "iam").glob("*.json"):
        assert json.loads(path.read_text())["Version"] == "2012-10-17"
