"""Comparing with a recording in which some values are AWS's own: ids, dates and random numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_aws.states.jsontext import Json

Path = tuple[str | int, ...]  # the keys and indexes from the top of a case to a value


class Placeholders:
    """Knows which parts of a case stand for what AWS made up at run time."""

    def __init__(self, placeholders: Sequence[dict[str, Any]]) -> None:
        """Read `placeholders` of a case; one without `paths` stands for something wherever it is found."""
        self._anywhere: set[str] = set()
        self._at: dict[str, set[str]] = {}
        for one in placeholders:
            if one.get("from") != "environment":
                continue  # what a task returned is compared like everything else
            if not one.get("paths"):
                self._anywhere.add(one["token"])
            for path in one.get("paths") or ():
                self._at.setdefault(path, set()).add(one["token"])

    def same(self, recorded: Json, ours: Json, path: Path) -> bool:
        """Tell whether two JSON values agree; numbers do when they are written alike (1 is not 1.0)."""
        if isinstance(recorded, str):
            return self._same_text(recorded, ours, path)
        if isinstance(recorded, dict) and isinstance(ours, dict):
            return recorded.keys() == ours.keys() and all(
                self.same(value, ours[key], (*path, key)) for key, value in recorded.items()
            )
        if isinstance(recorded, list) and isinstance(ours, list):
            return len(recorded) == len(ours) and all(
                self.same(value, ours[index], (*path, index)) for index, value in enumerate(recorded)
            )
        return type(recorded) is type(ours) and bool(recorded == ours)

    def _same_text(self, recorded: str, ours: Json, path: Path) -> bool:
        tokens = [token for token in self._tokens(path) if token in recorded]
        if recorded in tokens:
            return True
        if not tokens:
            return bool(recorded == ours)
        parts = re.split("|".join(map(re.escape, tokens)), recorded)
        pattern = ".*".join(map(re.escape, parts))
        return isinstance(ours, str) and re.fullmatch(pattern, ours, re.DOTALL) is not None

    def _tokens(self, path: Path) -> set[str]:
        if not self._at:
            return self._anywhere
        pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
        return self._anywhere | self._at.get(pointer, set())
