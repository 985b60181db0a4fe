"""Recorded cases: executions, and verdicts on definitions. One JSON file each, in folders of any depth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.replay.files import UnreadableError, read_json

_VERDICTS = "validation"  # their category


@dataclass(frozen=True)
class Case:
    """One recorded execution or verdict."""

    category: str
    name: str
    content: dict[str, Any]
    is_verdict: bool


def read_cases(folder: Path) -> tuple[list[Case], list[UnreadableError]]:
    """Return the cases in a folder and the folders in it, and what is wrong with what is none."""
    failed, do = f"{folder} cannot be read", "name a folder of recorded cases"
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing of that name"
        return [], [UnreadableError(failed, found, do)]
    cases, unreadable = [], []
    for file in sorted(folder.rglob("*.json")):
        try:
            cases.append(read_case(file))
        except UnreadableError as error:
            unreadable.append(error)
    if not cases and not unreadable:
        unreadable.append(UnreadableError(failed, "no JSON file in it", do))
    return cases, unreadable


def read_case(file: Path) -> Case:
    """Read one case: an execution has a `definition`, a verdict a `definition_text`, both what is `expected`.

    An execution is of the category it names, or of its folder's name. Raises UnreadableError.
    """
    content = read_json(file)
    failed, do = f"{file} is no case", "mend it, or take it out of the folder"
    if not isinstance(content, dict):
        raise UnreadableError(failed, "no JSON object", do)
    is_verdict = isinstance(content.get("definition_text"), str)
    if not is_verdict and "definition" not in content:
        raise UnreadableError(failed, "neither definition nor definition_text", do)
    decided = "result" if is_verdict else "status"
    if not isinstance(content.get("expected"), dict) or decided not in content["expected"]:
        raise UnreadableError(failed, f"no expected.{decided}", do)
    category = _VERDICTS if is_verdict else content.get("category") or file.resolve().parent.name
    return Case(category, content.get("name") or file.stem, content, is_verdict)
