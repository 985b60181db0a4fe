"""What the docs name is there, and what is there has its line in the docs."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import re
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mayfly.checking import state_table
from mayfly.deploying.settings import SETTINGS
from mayfly.template import BOOTSTRAP, ORDERS, ROOT, load
from tests.documents import PAGES, Block, anchors, blocks, code, links, rows
from tests.unit.test_main_machine import MACHINE, all_states

DOCS = ROOT / "docs"
SETUP, SCRIPTS, TROUBLESHOOTING = DOCS / "setup.md", DOCS / "scripts.md", DOCS / "troubleshooting.md"
ENTRIES = [path for path in sorted(ROOT.glob("scripts/*.sh")) if path.name != "lib.sh"] + sorted(
    ROOT.glob("tests/*.sh")
)
BLOCKS = [block for page in PAGES for block in blocks(page)]
# Words of AWS's own that no source of ours happens to use.
OF_AWS = {"AccessDenied", "CannotPullContainerError", "ResourceInitializationError", "PendingConfirmation"}


class Parsed(Exception):  # noqa: N818 - it carries a parser out of a main()
    """A script has made its parser."""


def module_of(script: Path) -> str | None:
    """Return the module that a script runs; None for one that is all shell."""
    started = re.search(r"-m mayfly ([\w.]+)", script.read_text(encoding="utf-8").splitlines()[-1])
    return f"mayfly.{started[1]}" if started else None


def options_of(script: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the long options of a script, those of its subcommands too, as its own parser knows them."""
    module = module_of(script)
    if module is None:
        return set()

    def parse_known_args(parser: argparse.ArgumentParser, *_: Any) -> None:
        raise Parsed(parser)

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", parse_known_args)
        patch.setattr(signal, "signal", lambda *_: None)
        patch.setattr("sys.argv", [script.name])
        with pytest.raises(Parsed) as parsed:
            importlib.import_module(module).main()
    return set(long_options(parsed.value.args[0])) - {"--help"}


def long_options(parser: argparse.ArgumentParser) -> list[str]:
    found = []
    for action in parser._actions:
        found += [option for option in action.option_strings if option.startswith("--")]
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found += long_options(command)
    return found


def row_of(script: Path) -> list[str]:
    (row,) = [cells for cells in rows(SCRIPTS) if cells[0] == f"`{script.relative_to(ROOT)}`"]
    return row


@pytest.mark.parametrize("script", ENTRIES, ids=lambda script: script.name)
def test_every_script_has_a_row_with_its_options_and_no_others(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented = set(re.findall(r"--[a-z-]+", row_of(script)[2]))
    assert documented == options_of(script, monkeypatch)


@pytest.mark.parametrize("script", ENTRIES, ids=lambda script: script.name)
def test_every_exit_code_that_a_script_tells_of_is_in_its_row(script: Path) -> None:
    if module := module_of(script):
        source = (ROOT / "scripts" / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        told = re.search(r"Exit codes: (.+?)\.?\s*(?:\"|\n\n)", source, re.DOTALL)
        codes = set(re.findall(r"(?:^|[;,.] )(\d+)\b", told[1])) if told else {"1"}
        assert codes | {"0"} == set(re.findall(r"(?:^|; )(\d+) ", row_of(script)[3]))


def test_every_command_in_the_docs_takes_options_that_the_script_has(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = []
    for script in ENTRIES:
        known = options_of(script, monkeypatch) | {"--help"}
        used = re.compile(rf"\b{re.escape(script.name)}\b((?: (?:[\w./\"$=-]+|\[[\w -]+\]))*)")
        for page in PAGES:
            for text in code(page):
                named = {
                    option for call in used.findall(text) for option in re.findall(r" (--[a-z-]+)", call)
                }
                if module_of(script):
                    unknown += [f"{page.name}: {script.name} {option}" for option in named - known]
    assert unknown == []


def test_every_setting_is_in_the_setup_with_the_default_that_it_has() -> None:
    parameters = load(ORDERS)["Parameters"]
    documented = {cells[0].strip("`"): cells[1] for cells in rows(SETUP) if cells[0].strip("`") in SETTINGS}
    assert set(documented) == set(SETTINGS)
    for name, setting in SETTINGS.items():
        if setting.parameter:
            default = str(parameters[setting.parameter]["Default"])
            assert documented[name] == (f"`{default}`" if default else "none"), name


@pytest.mark.parametrize("name", ["PRODUCTS_FILE", "BASE_IMAGE"])
def test_a_default_that_is_no_parameter_is_that_of_the_example(name: str) -> None:
    example = (ROOT / "config" / "stage.env.example").read_text(encoding="utf-8")
    (default,) = re.findall(rf"^#{name}=(.+)$", example, re.MULTILINE)
    assert [f"`{name}`", f"`{default}`"] in [cells[:2] for cells in rows(SETUP)]


def test_the_base_image_of_the_docs_is_that_of_the_dockerfiles() -> None:
    (documented,) = [cells[1].strip("`") for cells in rows(SETUP) if cells[0] == "`BASE_IMAGE`"]
    for dockerfile in ROOT.glob("ecs/*/Dockerfile"):
        assert f"ARG BASE_IMAGE={documented}\n" in dockerfile.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "template", [ORDERS, BOOTSTRAP, ROOT / "infra" / "ci.yaml"], ids=lambda path: path.name
)
def test_every_output_of_a_stack_is_in_the_setup(template: Path) -> None:
    named = set(re.findall(r"`(\w+)`", SETUP.read_text(encoding="utf-8")))
    assert set(load(template)["Outputs"]) - named == set()


def test_the_page_of_states_is_made_from_the_machine() -> None:
    made = state_table.page(MACHINE)
    assert (DOCS / "states.md").read_text(encoding="utf-8") == made, "make it anew: see state_table.py"
    assert {name for name, _ in all_states(MACHINE)} == set(re.findall(r"^\| `(\w+)`", made, re.MULTILINE))


def test_every_error_that_the_machine_gives_a_name_is_in_the_troubleshooting() -> None:
    text = json.dumps(MACHINE)
    named = set(re.findall(r'"(?:error|Error)": "(\w+)"', text))
    named |= set(re.findall(r'"((?:AmazonECS|ECS|States)\.\w+)"', text)) - {"States.ALL", "States.TaskFailed"}
    assert {"InvalidInput", "ValidationError", "ECS.ServerException"} <= named
    explained = TROUBLESHOOTING.read_text(encoding="utf-8")
    assert [name for name in named if f"`{name}`" not in explained] == []


def test_every_alarm_has_its_section() -> None:
    alarms = [
        resource["Properties"]["AlarmName"]["Fn::Sub"].removesuffix("${Suffix}")
        for resource in load(ORDERS)["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert len(alarms) == 3
    assert {alarm.lower() for alarm in alarms} <= anchors(TROUBLESHOOTING)


def test_every_environment_variable_that_a_script_reads_is_documented() -> None:
    read = set()
    for module in (ROOT / "scripts" / "mayfly").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case (
                    ast.Call(
                        func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"), args=[name, *_]
                    )
                    | ast.Subscript(value=ast.Attribute(attr="environ"), slice=name, ctx=ast.Load())
                ) if isinstance(name, ast.Constant):
                    read.add(str(name.value))
    for script in ROOT.glob("scripts/*.sh"):
        read |= set(re.findall(r"\$\{([A-Z_]+):[-+]", script.read_text(encoding="utf-8")))
    documented = {name for cells in rows(SCRIPTS) for name in re.findall(r"`([A-Z_]+)`", cells[0])}
    assert {"AWS_ENDPOINT_URL", "LOCAL_AWS_PORT", "DOCKER"} <= read
    assert read - {"PATH", "PYTHONPATH"} - documented == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_files_that_are_there(page: Path) -> None:
    folders = "scripts|step_functions|ecs|iam|infra|data|docs|tests|local_aws|imgs|config"
    named = {
        name
        for text in code(page)
        for name in re.findall(rf"(?<![\w./-])(?:\./)?((?:{folders})/[\w./-]*\w)(?![\w*])", text)
    }
    settings = {name for name in named if re.fullmatch(r"config/\w+\.env", name)}  # a person makes them
    inside_a_module = {name for name in named if (ROOT / "tests" / "step_functions_local" / name).exists()}
    assert [name for name in named - settings - inside_a_module if not (ROOT / name).exists()] == []


@cache
def words_of_the_sources() -> set[str]:
    """Return every word of the sources, their files' names among them."""
    folders = ("step_functions", "infra", "iam", "ecs", "scripts", "local_aws", "tests", ".github")
    sources = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".json", ".yaml", ".yml", ".py", ".sh"} and path != Path(__file__)
    ]
    texts = (path.read_text(encoding="utf-8") for path in sources)
    return {path.stem for path in sources}.union(*(re.findall(r"\w+", text) for text in texts))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_name_in_a_page_is_one_that_the_sources_know(page: Path) -> None:
    named = {
        word
        for text in code(page)
        for word in re.findall(r"(?<![\w:.$-])[A-Z][a-z]+(?:[A-Z][A-Za-z]+)+(?![\w-])", text)
        if re.fullmatch(rf"[\w.]*{word}[\w.]*", text)
    }
    unknown = {word for word in named - OF_AWS if word not in words_of_the_sources()}
    assert unknown == set()


def test_the_architecture_names_states_that_are_there() -> None:
    flow = re.search(
        r"## The run of one file\n\n```\n(.*?)```", (DOCS / "architecture.md").read_text(), re.DOTALL
    )
    assert flow
    named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", flow[1])) | {"Cleanup"}
    assert named - {name for name, _ in all_states(MACHINE)} == set()


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_of_commands_is_a_script_without_faults(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "block.sh"
    script.write_text(block.text, encoding="utf-8")
    # Variables come from blocks before (SC2154), `...` is JMESPath's (SC2016), names have no space (SC2046).
    excluded = "--exclude=SC2016,SC2034,SC2046,SC2154"
    shellcheck = shutil.which("shellcheck") or str(ROOT / ".venv" / "bin" / "shellcheck")
    for command in (["bash", "-n"], [shellcheck, "--shell=bash", excluded]):
        done = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.not_run], ids=str)
def test_a_test_that_is_said_to_run_a_block_is_there(block: Block) -> None:
    named = re.findall(r"tests/[\w/]+\.py", block.not_run or "")
    assert [name for name in named if not (ROOT / name).is_file()] == []
