"""What a run costs on AWS, reckoned from what it used.

Prices of us-east-1 in US dollars, as read on 2026-11-21: docs/performance.md has their sources. Look at
AWS's own pages before you count on them. Free tiers and what is stored are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PRICES_OF: Final = "us-east-1, 2026-11-21"
VCPU_HOUR, GB_HOUR = 0.04048, 0.004445  # Fargate, Linux on x86, by the second
SHORTEST_TASK: Final = 60  # seconds that are paid at least
TRANSITION: Final = 0.025 / 1_000  # Step Functions, Standard
WRITE_UNIT: Final = 0.625 / 1_000_000  # DynamoDB on demand; a write in a transaction takes two a KB
PUT_REQUEST, GET_REQUEST = 0.005 / 1_000, 0.0004 / 1_000  # S3; a copy is a PUT


@dataclass(frozen=True)
class Task:
    """A Fargate task: seconds from the pull of its image to its end, and its size."""

    seconds: float
    vcpu: float
    gb: float

    @property
    def dollars(self) -> float:
        """Return what it costs."""
        hours = max(self.seconds, SHORTEST_TASK) / 3_600
        return hours * (self.vcpu * VCPU_HOUR + self.gb * GB_HOUR)


@dataclass(frozen=True)
class Usage:
    """What a run used; ``items`` are those written to DynamoDB in transactions, each of at most one KB."""

    tasks: tuple[Task, ...]
    transitions: int
    items: int
    puts: int
    gets: int


def cost(usage: Usage) -> dict[str, float]:
    """Return the dollars by service."""
    return {
        "Fargate": sum(task.dollars for task in usage.tasks),
        "Step Functions": usage.transitions * TRANSITION,
        "DynamoDB": usage.items * 2 * WRITE_UNIT,
        "S3": usage.puts * PUT_REQUEST + usage.gets * GET_REQUEST,
    }
