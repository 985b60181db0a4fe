"""Checks the state machines, the policies and the event patterns without deploying anything.

Exit codes: 0 all is well; 1 something is wrong, and what, file by file.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local_aws.events.patterns import parse_pattern
from local_aws.lint.linter import lint
from local_aws.lint.source import Source
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.integrations import check
from local_aws.states.parsing import parse_definition
from local_aws.wire import AwsError
from mayfly.template import ORDERS, ROOT, load

STATEMENT_KEYS = {"Sid", "Effect", "Action", "Resource", "Condition"}
PLACEHOLDER = re.compile(r"\$\{([\w.:]+)\}")
PSEUDO = {"AWS::AccountId", "AWS::Partition", "AWS::Region"}


def machine_problems(path: Path) -> Iterator[str]:
    """Yield what the linter finds, what the local AWS lacks, and states without a Comment."""
    text = path.read_text(encoding="utf-8")
    yield from linted(text)
    yield from lacking(text)
    yield from (
        f"state {name} has no Comment that says why it is there" for name in uncommented(json.loads(text))
    )
    known = set(load(ORDERS)["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"])
    used = set(PLACEHOLDER.findall(text))
    yield from (
        f"${{{name}}} has no DefinitionSubstitution in {ORDERS.name}" for name in sorted(used - known)
    )
    yield from (
        f"DefinitionSubstitution {name} of {ORDERS.name} is not used" for name in sorted(known - used)
    )


def linted(text: str) -> Iterator[str]:
    """Yield the findings of docs/lint.md, each with its line and column."""
    source = Source(text)
    for found in lint(source):
        line, column = source.position(found.path)
        yield f"{line}:{column}: {found.code} at {found.path}: {found.what}; {found.fix}"


def lacking(text: str) -> Iterator[str]:
    """Yield what of a definition that AWS takes the local AWS cannot run."""
    try:
        parse_definition(text, check)
    except NotModelledError as error:
        yield f"the local AWS does not model {error}"
    except DefinitionError:
        return  # the linter tells the faults


def uncommented(value: Any) -> Iterator[str]:
    """Yield the names of states without a Comment, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from uncommented(item)
    elif isinstance(value, dict):
        if isinstance(states := value.get("States"), dict):
            yield from (name for name, state in states.items() if not state.get("Comment"))
        for item in value.values():
            yield from uncommented(item)


def policy_problems(path: Path) -> Iterator[str]:
    """Yield what is wrong with an IAM policy document and its placeholders."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("Version") != "2012-10-17":
        yield "Version is not 2012-10-17: placeholders of IAM and conditions would not work"
    sids: set[str] = set()
    for number, statement in enumerate(document.get("Statement", [])):
        name = statement.get("Sid", f"Statement[{number}]")
        yield from (
            f"{name}: {key} is missing"
            for key in ("Sid", "Effect", "Action", "Resource")
            if key not in statement
        )
        yield from (
            f"{name}: {key} is no key of an identity policy" for key in set(statement) - STATEMENT_KEYS
        )
        if name in sids:
            yield f"{name}: the Sid stands twice"
        sids.add(name)
        for action in listed(statement.get("Action", [])):
            if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]*", action):
                yield f"{name}: {action!r} is not one action, as in s3:GetObject"
    template = load(ORDERS)
    known = PSEUDO | set(template["Parameters"]) | set(template["Resources"])
    for placeholder in sorted(set(PLACEHOLDER.findall(path.read_text(encoding="utf-8")))):
        if placeholder.partition(".")[0] not in known:
            yield f"${{{placeholder}}} is nothing that {ORDERS.name} has"


def listed(value: Any) -> list[str]:
    """Return a list, where IAM takes a single string for a list of one."""
    return value if isinstance(value, list) else [value]


def template_problems(path: Path) -> Iterator[str]:
    """Yield what is wrong with the event patterns of a template."""
    for name, resource in load(path)["Resources"].items():
        if resource["Type"] != "AWS::Events::Rule" or "EventPattern" not in resource["Properties"]:
            continue
        pattern = json.loads(
            json.dumps(resource["Properties"]["EventPattern"]), object_hook=_without_references
        )
        try:
            parse_pattern(json.dumps(pattern))
        except AwsError as error:
            yield f"{name}: {error.message}"


def _without_references(value: dict[str, Any]) -> Any:
    """Put a string where CloudFormation puts one for Ref and the like."""
    return (
        "referenced"
        if len(value) == 1 and (next(iter(value)).startswith("Fn::") or "Ref" in value)
        else value
    )


CHECKS: tuple[tuple[str, Callable[[Path], Iterator[str]]], ...] = (
    ("step_functions/*.json", machine_problems),
    ("iam/*.json", policy_problems),
    ("infra/*.yaml", template_problems),
)


def main() -> int:
    """Run `validate_json.sh`; return the exit code."""
    argparse.ArgumentParser(
        prog="./scripts/validate_json.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    wrong = 0
    for pattern, problems_of in CHECKS:
        for path in sorted(ROOT.glob(pattern)):
            try:
                problems = list(problems_of(path))
            except ValueError as error:
                problems = [f"is not JSON: {error}"]
            wrong += len(problems)
            print(f"{path.relative_to(ROOT)}: {'ok' if not problems else f'{len(problems)} problem(s)'}")
            print("".join(f"  {problem}\n" for problem in problems), end="")
    return 1 if wrong else 0
