"""The deployed pipeline as a test sees it: through AWS's API alone."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from local_aws.server import LocalAws
from mayfly.deploying.deploy import deploy
from mayfly.results import CATEGORY_COLUMNS, ORDER_COLUMNS, Inbox, left_in_ecs, object_exists, table_rows
from mayfly.stage import Stage

HEADER = "order_id,customer_id,order_date,category,product_id,quantity,unit_price,returned\n"
_days = itertools.count(1)


def fresh_day() -> str:
    """Return a date that no other test has filled."""
    number = next(_days)
    return f"20{30 + number // 300:02d}-{number % 12 + 1:02d}-{number % 25 + 1:02d}"


def orders(day: str, *rows: str) -> bytes:
    """Return a valid file of `quantity,unit_price,returned` rows of one day and category."""
    lines = [
        f"O-{number},C-{number},{day},Books,P-1,{row}\n"
        for number, row in enumerate(rows or ("2,10.50,false",), 1)
    ]
    return (HEADER + "".join(lines)).encode()


class Pipeline:
    """One deployed stage on a local AWS."""

    def __init__(self, aws: LocalAws, name: str, images: dict[str, str] | None = None) -> None:
        self.aws = aws
        self.stage = Stage.of_environment(name)
        self.outputs = deploy(self.stage, images or {})
        self.inbox = Inbox(self.stage, [self.outputs["SuccessTopicArn"], self.outputs["FailureTopicArn"]])

    def upload(self, key: str, body: bytes) -> str:
        """Upload an object to the input bucket; return its version id."""
        answer = self.client("s3").put_object(Bucket=self.outputs["InputBucket"], Key=key, Body=body)
        version: str = answer["VersionId"]
        return version

    def start(self, document: Any, name: str | None = None) -> str:
        """Start an execution by hand; return its ARN."""
        arguments = {"name": name} if name else {}
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], input=json.dumps(document), **arguments
        )
        arn: str = answer["executionArn"]
        return arn

    def started_for(self, key: str, count: int = 1) -> list[str]:
        """Wait until `count` executions about `key` have been started; return their ARNs, oldest first."""
        states = self.client("stepfunctions")

        def about() -> list[str]:
            pages = states.get_paginator("list_executions").paginate(
                stateMachineArn=self.outputs["StateMachineArn"]
            )
            arns = [item["executionArn"] for page in pages for item in page["executions"]]
            inputs = {arn: json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns}
            return [
                arn
                for arn in reversed(arns)
                if isinstance(inputs[arn], dict) and inputs[arn].get("key") == key
            ]

        until(lambda: len(about()) >= count, f"{count} execution(s) about {key}")
        return about()

    def end_of(self, arn: str, hurry: float = 0) -> dict[str, Any]:
        """Wait for an execution's end and return its description.

        `hurry` is for tests about back-offs and timeouts while a task's process runs, which holds the clock
        at real speed: whenever nothing has happened for half a second, it puts the clock forward by so many
        seconds ten times a second.
        """
        states = self.client("stepfunctions")
        quiet, newest = 0, None

        def ended() -> bool:
            nonlocal quiet, newest
            last = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)["events"]
            quiet, newest = (quiet + 1 if last == newest else 0), last
            if quiet >= 5:
                self.aws.cloud.clock.skip(hurry)
            return bool(states.describe_execution(executionArn=arn)["status"] != "RUNNING")

        until(ended, f"the end of {arn}")
        description: dict[str, Any] = states.describe_execution(executionArn=arn)
        return description

    def process(self, key: str, body: bytes, hurry: float = 0) -> dict[str, Any]:
        """Upload a file and return the description of the execution it has started, when it has ended."""
        self.upload(key, body)
        return self.end_of(self.started_for(key)[-1], hurry)

    def states_entered(self, arn: str) -> list[str]:
        """Return the names of the states an execution has entered, in order."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def has(self, bucket: str, key: str) -> bool:
        """Tell whether an object is there; `bucket` is an output's name."""
        return object_exists(self.stage, self.outputs[bucket], key)

    def read(self, key: str) -> bytes:
        """Return an object of the cleaned bucket."""
        body: bytes = (
            self.client("s3").get_object(Bucket=self.outputs["CleanedBucket"], Key=key)["Body"].read()
        )
        return body

    def order_kpis(self, *days: str) -> list[dict[str, Any]]:
        """Return the OrderKPIs of the days named, or of all."""
        rows = table_rows(self.stage, self.outputs["OrderTable"], ORDER_COLUMNS)
        return [row for row in rows if not days or row["order_date"] in days]

    def category_kpis(self, *days: str) -> list[dict[str, Any]]:
        """Return the CategoryKPIs of the days named, or of all."""
        rows = table_rows(self.stage, self.outputs["CategoryTable"], CATEGORY_COLUMNS)
        return [row for row in rows if not days or row["order_date"] in days]

    def ledger(self, key: str) -> list[dict[str, Any]]:
        """Return the ledger's claims of a key's versions."""
        items = self.client("dynamodb").scan(TableName=self.outputs["LedgerTable"])["Items"]
        return [item for item in items if item["sk"]["S"].startswith("v#") and item["key"]["S"] == key]

    def left(self) -> dict[str, int]:
        """Return what ECS still holds."""
        return left_in_ecs(self.stage)

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        return self.stage.client(service)


def until(done: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Return as soon as `done` says so; fail when it has not within `seconds`."""
    pause = Event()
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        pause.wait(0.1)


NOTHING_LEFT = {"clusters": 0, "tasks": 0, "task_definitions": 0}
