"""The exit codes of the containers: what the state machine decides on. Numbers are those of sysexits.h."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a container ended. Anything else, 1 above all, is a crash."""

    DONE = 0
    BAD_DATA = 65
    TRY_AGAIN = 75
    BAD_SETTINGS = 78
    STOPPED = 143


class WrongSettings(Exception):  # noqa: N818 - it is an outcome with an exit code of its own, not a fault in the code
    """The container was started with settings that cannot work; ``problems`` names each of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class TryAgain(Exception):  # noqa: N818 - likewise
    """Nothing is wrong with the file or the settings; the same run may succeed later."""
