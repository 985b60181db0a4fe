"""Reading paths and payload templates against what is known of a state's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from local_aws.lint.findings import Finding, closest, did_you_mean, finding
from local_aws.lint.shapes import ANY, SCALAR, Value, member_of
from local_aws.states.jsontext import Json
from local_aws.states.paths import PathError, Steps, path

# A path within an intrinsic function's arguments; quoted text is skipped.
_ARGUMENT = re.compile(
    r"'(?:[^'\\]|\\.)*'|(?P<path>\$(?:[^\s,()\[\]']|\[(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\]'\"])*\])*)"
)
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(slots=True)
class Reader:
    """What the expressions of one state can see; what they cannot is noted in `findings`."""

    name: str
    data: Value
    context: Value
    variables: dict[str, Value]
    findings: list[Finding] = field(default_factory=list)

    def read(self, text: Json, place: str, data: Value | None = None) -> Value:
        """Return what stands at a path, or what an intrinsic function gives; ANY after a finding."""
        if not isinstance(text, str) or "${" in text:
            return ANY
        if not text.startswith("$"):
            for inner in paths_in(text):
                self.read(inner, place, data)
            return ANY
        root, rest, what = self._root(text, self.data if data is None else data)
        steps = _steps(rest)
        if root is None:
            known = [f"${name}" for name in self.variables]
            close = closest(text, known)
            self._note("UNASSIGNED_VARIABLE", place, f"no state before assigns {what}", close)
            return ANY
        for index, step in enumerate(steps or ()):
            following = member_of(root, step)
            if following is None:
                self._missing(text, place, what, (steps or ())[:index], step, root)
                return ANY
            root = following
        return ANY if steps is None else root

    def template(self, value: Json, place: str, data: Value | None = None) -> Value:
        """Return what a payload template gives."""
        if isinstance(value, dict):
            return Value(
                members={
                    key.removesuffix(".$"): self.read(member, f"{place}/{key}", data)
                    if key.endswith(".$")
                    else self.template(member, f"{place}/{key}", data)
                    for key, member in value.items()
                }
            )
        if isinstance(value, list):
            items = (self.template(item, f"{place}[{index}]", data) for index, item in enumerate(value))
            return Value(array=tuple(items))
        return SCALAR

    def _root(self, text: str, data: Value) -> tuple[Value | None, str, str]:
        """Return where a path begins, the rest of it, and a name for where it begins."""
        if text.startswith("$$"):
            return self.context, text[1:], "the context object"
        if variable := _VARIABLE.match(text):
            return self.variables.get(variable[1]), "$" + text[variable.end() :], f"${variable[1]}"
        return data, text, f"what {self.name} reads"

    def _missing(self, text: str, place: str, what: str, before: Steps, step: str | int, at: Value) -> None:
        where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in before)
        holder = f"{what}, at {where[1:] if where.startswith('.') else where}," if before else what
        names = list({name.lower(): name for name in at.members or {}}.values())  # one of several spellings
        there = f"only {', '.join(names[:12])}{', ...' * (len(names) > 12)}" if names else "and is no object"
        note = (
            f"{text}: {holder} has no {step}, {there}"
            if isinstance(step, str)
            else f"{text}: {holder} has no element {step}"
        )
        close = closest(step, names) if isinstance(step, str) else None
        self._note("UNWRITTEN_PATH", place, note, close)

    def _note(self, code: str, place: str, what: str, close: str | None) -> None:
        self.findings.append(finding(code, place, what, did_you_mean(close, "")))


def paths_in(text: str) -> Iterator[str]:
    """Yield the paths in the arguments of an intrinsic function."""
    yield from (match["path"] for match in _ARGUMENT.finditer(text) if match["path"])


def _steps(text: str) -> Steps | None:
    """Return the steps of a path that names one place; None for one that selects, or is none."""
    try:
        return path(text).steps
    except PathError:
        return None
