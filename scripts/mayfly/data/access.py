"""The numbers of a stage and what is behind them, as the tools of this package reach them."""

from __future__ import annotations

import argparse
import io
import re
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from common.clients import Clients
from common.clock import Clock, SystemClock
from common.exit_codes import TryAgain, WrongSettings
from common.log import Log
from common.stages import Stages
from mayfly.console import CommandError, detail, warning
from mayfly.stage import Stage
from transformer.ledger import Ledger, Tables
from transformer.manifests import Manifest
from transformer.session import Session
from transformer.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

#: So many days are looked up at once: an answer takes about 20 ms, and a file may have thousands of days.
_AT_ONCE = 8
_READ = TypeDeserializer().deserialize


class _Told(Log):
    """The log of the transformer's modules, told to whoever runs a script."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(io.BytesIO(), clock, None)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:  # noqa: ARG002 - a Log's
        (detail if level == "INFO" else warning)(message)


@dataclass(frozen=True)
class Access:
    """The buckets and tables of a stage; ``option`` is what names the stage on a command line."""

    session: Session
    input_bucket: str
    option: str = ""

    @classmethod
    def of(cls, stage: Stage) -> Access:
        """Return the access to a stage; raise CommandError when it is not deployed."""
        outputs = stage.outputs()
        clients = Clients(stage.client("s3"), stage.client("dynamodb"))
        tables = Tables(outputs["OrderTable"], outputs["CategoryTable"], outputs["LedgerTable"])
        return cls(
            person_session(clients, SystemClock(), tables, outputs["CleanedBucket"]),
            outputs["InputBucket"],
            stage.option,
        )

    @property
    def s3(self) -> S3Client:
        """The client of S3."""
        return self.session.clients.s3

    @property
    def dynamodb(self) -> DynamoDBClient:
        """The client of DynamoDB."""
        return self.session.clients.dynamodb

    @property
    def tables(self) -> Tables:
        """The names of the tables."""
        return self.session.tables

    @property
    def ledger(self) -> Ledger:
        """The ledger, always its latest state."""
        return self.session.ledger

    @property
    def store(self) -> Store:
        """The objects of the cleaned bucket, by their versions."""
        return self.session.store

    def manifest(self, day: str) -> Manifest | None:
        """Return what a day is made of now; None when no file has ever filled it."""
        head, _ = self.ledger.day(day)
        return self.store.manifest(head.manifest) if head else None

    def manifests(self, days: Iterable[str]) -> list[Manifest]:
        """Return what these days are made of now, without those that no file has ever filled."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [manifest for manifest in pool.map(self.manifest, days) if manifest]

    def scan(self, table: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield a table's items, their numbers as exact Decimals."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True, **parameters
        )
        for page in pages:
            yield from map(plain, page["Items"])

    def head_days(self) -> list[str]:
        """Return every day that a file has ever filled, the earliest first."""
        heads = self.scan(
            self.tables.ledger,
            FilterExpression="sk = :head",
            ProjectionExpression="pk",
            ExpressionAttributeValues={":head": {"S": "head"}},
        )
        return sorted(head["pk"].removeprefix("day#") for head in heads)


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item's attributes as Python has them."""
    return {name: _READ(value) for name, value in item.items()}


def person_session(clients: Clients, clock: Clock, tables: Tables, bucket: str) -> Session:
    """Return a session of one run of a script, whose leases are its own."""
    return Session(
        owner=f"person-{uuid.uuid4()}",
        clients=clients,
        clock=clock,
        log=_Told(clock),
        stages=Stages(clock),
        tables=tables,
        bucket=bucket,
    )


@contextmanager
def told() -> Iterator[None]:
    """Turn what the transformer's modules raise into an error for people."""
    try:
        yield
    except WrongSettings as error:
        raise CommandError(
            "what is behind the numbers cannot be used",
            "; ".join(error.problems),
            "see that the stage is deployed as this release has it, and that your credentials may use it",
        ) from error
    except TryAgain as error:
        raise CommandError("it could not be finished", str(error), "run this again; it goes on") from error


def calendar_day(text: str) -> str:
    """Return a day as the ledger names it (argparse's type of --date)."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no day of the calendar written as YYYY-MM-DD")


def spans(days: Iterable[str], most: int = 6) -> str:
    """Return days for people: their number, and runs of days that follow each other, at most so many."""
    runs: list[tuple[date, date]] = []
    for day in sorted(map(date.fromisoformat, days)):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    count = sum((last - first).days + 1 for first, last in runs)
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in runs[:most]]
    more = [f"and {len(runs) - most} more such"] if len(runs) > most else []
    return f"{count} day{'' if count == 1 else 's'}" + (f": {', '.join(shown + more)}" if runs else "")
