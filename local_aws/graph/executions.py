"""The execution to draw: asked for by its ARN, or read from a file that holds its history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local_aws.graph.chart import Chart
from local_aws.graph.visits import Execution, execution_of


class NoExecutionError(Exception):
    """There is no such execution, or not of this machine: what was found, and what to do."""

    def __init__(self, found: str, do: str) -> None:
        super().__init__(found)
        self.found = found
        self.do = do


def read_execution(named: str, chart: Chart) -> Execution:
    """Return the execution with an ARN, or of the history in a file; raises NoExecutionError."""
    events = _asked_for(named) if named.startswith("arn:") else _saved(Path(named))
    try:
        execution = execution_of(events)
    except (ValueError, KeyError, TypeError) as error:
        raise NoExecutionError(
            f"{named} holds no history: {error}",
            "name an ARN, or the output of `aws stepfunctions get-execution-history`",
        ) from error
    unknown = execution.visits.keys() - names_in(chart)
    if unknown:
        raise NoExecutionError(
            f"the execution was in the state {min(unknown)}, which the machine has not",
            "name the definition that the execution ran with",
        )
    return execution


def names_in(chart: Chart) -> set[str]:
    """Return the names of all states, those within states included."""
    inner = (names_in(one) for node in chart.nodes.values() for one in node.inner)
    return set(chart.nodes).union(*inner)


def _saved(file: Path) -> list[dict[str, Any]]:
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoExecutionError(
            f"{file}: {error.strerror}", "name an ARN, or a file with a history"
        ) from error
    except ValueError as error:
        raise NoExecutionError(f"{file} is not JSON: {error}", "name a file with a history") from error
    events = answer.get("events") if isinstance(answer, dict) else None
    return events if isinstance(events, list) else []


def _asked_for(arn: str) -> list[dict[str, Any]]:
    # Loaded here, for most pictures need no AWS.
    import boto3  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        client = boto3.client("stepfunctions", region_name=arn.split(":")[3])
        pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [dict(event) for page in pages for event in page["events"]]
    except (BotoCoreError, ClientError, IndexError, ValueError) as error:
        raise NoExecutionError(
            str(error),
            'check the ARN; for the local AWS first: eval "$(./scripts/local_aws.sh env)"',
        ) from error
