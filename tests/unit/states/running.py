"""Running the machines of this folder without AWS: time jumps, tasks give the results they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_aws.clock import Clock
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.replay.execution import Outcome, run

MACHINES = Path(__file__).parent / "machines"
REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/machine"


def text_of(name: str) -> str:
    return (MACHINES / f"{name}.json").read_text(encoding="utf-8")


def throws(state: str, error: str, cause: str = "") -> dict[str, Any]:
    return {"state": state, "throws": {"error": error, "cause": cause}}


def returns(state: str, result: Any) -> dict[str, Any]:
    return {"state": state, "returns": result}


def outcome_of(name: str, given: Any, *results: dict[str, Any]) -> Outcome:
    definition = json.loads(text_of(name))
    return run({"definition": definition, "input": given, "task_results": list(results)})


def types(outcome: Outcome) -> list[str]:
    return [event["type"] for event in outcome.events]


def parameters(outcome: Outcome) -> list[Any]:
    details = [event.get("taskScheduledEventDetails") for event in outcome.events]
    return [json.loads(one["parameters"]) for one in details if one]


def seconds(outcome: Outcome) -> float:
    """Return how long the execution took, on its own clock."""
    elapsed = outcome.events[-1]["timestamp"] - outcome.events[0]["timestamp"]
    return float(elapsed.total_seconds())


@contextmanager
def cloud_at(scale: float = 1_000) -> Iterator[Cloud]:
    cloud = Cloud(Images([]), Clock(scale), seed=1)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()
