"""Kills a script's work in the middle: after a given call it can make no other, not even to clean up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mayfly.stage import Stage

READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Scan|Query)")


class KilledError(BaseException):
    """The process is gone: nothing may catch this, and nothing it does on its way out reaches AWS."""


class Kill:
    """Lets a stage's work go on for `calls` calls that change something, and for none after that."""

    def __init__(self, stage: Stage, calls: int) -> None:
        self.left = calls
        self.made = 0
        stage.session.events.register("before-call", self._before)
        stage.session.events.register("after-call", self._after)

    def _before(self, **_: Any) -> None:
        if self.left <= 0:
            raise KilledError

    def _after(self, model: Any, **_: Any) -> None:
        if not READS.match(model.name):
            self.left -= 1
            self.made += 1
        if self.left <= 0:
            raise KilledError


def killed_after(calls: int, stage: Stage, work: Callable[[Stage], Any]) -> bool:
    """Do `work`, killed right after so many calls that change something; return whether it came to that."""
    Kill(stage, calls)
    try:
        work(stage)
    except KilledError:
        return True
    return False


def changing_calls(stage: Stage, work: Callable[[Stage], Any]) -> int:
    """Do `work` undisturbed; return how many calls that change something it has made."""
    counter = Kill(stage, 1_000_000)
    work(stage)
    return counter.made
