"""The commands as a shell starts them, but in this process."""

from __future__ import annotations

from pathlib import Path

from local_aws.__main__ import arguments_of

MACHINES = Path(__file__).parent / "machines"
CASES = Path(__file__).parents[2] / "conformance" / "cases"


def started(*words: str | Path) -> int:
    """Run a command line of `python -m local_aws` and return its exit code."""
    arguments = arguments_of([str(word) for word in words])
    code: int = arguments.run(arguments)
    return code
