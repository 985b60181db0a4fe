"""Sizes of tasks on Fargate.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from __future__ import annotations

import re
from typing import Final

from local_aws.wire import AwsError

# vCPU units: the memory sizes in MiB.
_FARGATE_SIZES: Final[dict[int, list[int]]] = {
    256: [512, 1024, 2048],
    512: list(range(1024, 4096 + 1, 1024)),
    1024: list(range(2048, 8192 + 1, 1024)),
    2048: list(range(4096, 16384 + 1, 1024)),
    4096: list(range(8192, 30720 + 1, 1024)),
    8192: list(range(16384, 61440 + 1, 4096)),
    16384: list(range(32768, 122880 + 1, 8192)),
}


def check_fargate_size(cpu: str, memory: str) -> None:
    """Raise AwsError ClientException unless Fargate has tasks of this size."""
    if mebibytes(memory) not in _FARGATE_SIZES.get(cpu_units(cpu), []):
        raise AwsError(
            "ClientException",
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.",
        )


def cpu_units(text: str) -> int:
    """Return a task's size in CPU units, 1,024 a vCPU; raise AwsError ClientException."""
    return _number(text, "vCPU")


def mebibytes(text: str) -> int:
    """Return a task's memory in MiB; raise AwsError ClientException."""
    return _number(text, "GB")


def _number(text: str, unit: str) -> int:
    """Return a size, given as it is or with its `unit` of 1,024 (`0.5 GB`)."""
    found = re.fullmatch(rf"\s*([0-9]*\.?[0-9]+)\s*({unit})?\s*", str(text), re.IGNORECASE)
    if not found:
        raise AwsError("ClientException", f"Invalid size '{text}' for a task.")
    return round(float(found[1]) * (1024 if found[2] else 1))
