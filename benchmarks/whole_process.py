"""Runs the two containers' programs as whole processes against a local AWS: start, calls, all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from benchmarks.comparison import BenchmarkError, OrderFile, one_core
from benchmarks.orders_file import PRODUCTS
from common.names import file_id
from mayfly.local.local_server import LocalServer
from mayfly.template import ROOT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

INPUT, CLEANED, REFERENCE = "orders-input", "orders-cleaned", "orders-reference"
TABLES: Final = {
    "OrderKPIs": ("order_date",),
    "CategoryKPIs": ("category", "order_date"),
    "PipelineFiles": ("pk", "sk"),
}
REGION: Final = "us-east-1"
ACCESS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
MEMORY_MIB: Final = 512
VALIDATOR, TRANSFORMER = "validator", "transformer"
#: What no program of ours can save: the interpreter, boto3, and the clients.
START: Final = ("-c", "from common.clients import connect; connect()")


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its exit code, its seconds, and the log line that tells its figures."""

    code: int
    seconds: float
    told: dict[str, Any]


class Pipeline:
    """Buckets and tables on a local AWS, and the processes that work on them."""

    def __init__(self, url: str, scratch: Path) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        # The local AWS takes its time for a big object.
        patient = Config(read_timeout=600, retries={"total_max_attempts": 1})
        self._s3: S3Client = boto3.client("s3", endpoint_url=url, config=patient, **keys)  # type: ignore[call-overload]
        self.dynamodb: DynamoDBClient = boto3.client("dynamodb", endpoint_url=url, **keys)  # type: ignore[call-overload]
        self._scratch = scratch
        self._runs = 0
        self._environ = {**os.environ, **ACCESS, "AWS_ENDPOINT_URL": url, "PYTHONPATH": str(ROOT / "ecs")}
        self._make()

    def _make(self) -> None:
        for bucket in (INPUT, CLEANED, REFERENCE):
            self._s3.create_bucket(Bucket=bucket)
            self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        contract = ROOT / "data" / "contracts" / "orders.schema.json"
        for path in (PRODUCTS, contract):
            self._s3.put_object(Bucket=REFERENCE, Key=path.name, Body=path.read_bytes())
        for name, keys in TABLES.items():
            self.dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[
                    {"AttributeName": key, "KeyType": "RANGE" if place else "HASH"}
                    for place, key in enumerate(keys)
                ],
            )

    def upload(self, file: OrderFile) -> dict[str, str]:
        """Upload a file anew and claim it; return its containers' environment.

        Always under one key: a newer version replaces what the one before said, so each has as much to do.
        """
        self._runs += 1
        key, execution = "input/orders.csv", f"run-{self._runs}"
        with file.path.open("rb") as body:
            version = self._s3.put_object(Bucket=INPUT, Key=key, Body=body)["VersionId"]
        claim = {
            "pk": f"file#{file_id(INPUT, key)}",
            "sk": f"v#{version}",
            "execution": execution,
            "status": "RUNNING",
        }
        self.dynamodb.put_item(
            TableName="PipelineFiles", Item={name: {"S": value} for name, value in claim.items()}
        )
        return {
            "S3_INPUT_BUCKET": INPUT,
            "S3_INPUT_KEY": key,
            "S3_INPUT_VERSION": version,
            "S3_CLEANED_BUCKET": CLEANED,
            "ORDER_KPI_TABLE": "OrderKPIs",
            "CATEGORY_KPI_TABLE": "CategoryKPIs",
            "LEDGER_TABLE": "PipelineFiles",
            "EXECUTION_ID": execution,
            "CONTRACT_URI": f"s3://{REFERENCE}/orders.schema.json",
            "REFERENCE_URI": f"s3://{REFERENCE}/{PRODUCTS.name}",
            "MEMORY_MIB": str(MEMORY_MIB),
            "SCRATCH_DIR": str(self._scratch),
        }

    def run(self, container: str, environ: dict[str, str]) -> Ended:
        """Run a container's program to its end."""
        return self.python(("-m", f"{container}.{container}"), environ)

    def python(self, arguments: Sequence[str], environ: dict[str, str]) -> Ended:
        """Run Python on one core with the containers' modules."""
        began = time.perf_counter()
        done = subprocess.run(
            [*one_core(), sys.executable, *arguments],
            env={**self._environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.stderr:
            raise BenchmarkError(f"{' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        told: dict[str, Any] = next((line for line in reversed(lines) if "stages" in line), {})
        return Ended(done.returncode, seconds, told)

    def revenue(self) -> Decimal:
        """Return the total revenue of all days in the table."""
        items = self.dynamodb.scan(TableName="OrderKPIs", ConsistentRead=True)["Items"]
        return sum((Decimal(item["total_revenue"]["N"]) for item in items), Decimal(0))


@contextmanager
def pipeline(folder: Path) -> Iterator[Pipeline]:
    """Yield a pipeline on a local AWS that is a process of its own: what it holds is not ours to count."""
    with LocalServer.spawned(keep=False, meanwhile=lambda: None) as server:
        yield Pipeline(server.url, folder)


def measure(aws: Pipeline, file: OrderFile, repetitions: int) -> dict[str, Any]:
    """Run both containers' programs on a file, in turns with what any such process must do; return medians.

    Raises ``BenchmarkError`` when one ends otherwise than the file's rows ask for.
    """
    facts, ended = file.facts, dict[str, list[Ended]]()
    for _ in range(repetitions):
        environ = aws.upload(file)
        ended.setdefault("start", []).append(aws.python(START, environ))
        ended.setdefault(VALIDATOR, []).append(
            expect(65 if facts.bad_rows else 0, aws.run(VALIDATOR, environ), facts.rows)
        )
        if not facts.bad_rows:
            ended.setdefault(TRANSFORMER, []).append(expect(0, aws.run(TRANSFORMER, environ), facts.rows))
            if aws.revenue() != sum(day.total.revenue for day in facts.days.values()):
                raise BenchmarkError(f"the revenue in the table is {aws.revenue()}, which was not written")
    return {
        "rows": facts.rows,
        "bytes": facts.size,
        "bad": facts.bad_rows,
        "processes": {name: _middle(runs) for name, runs in ended.items()},
    }


def expect(code: int, ended: Ended, rows: int) -> Ended:
    """Return how a process has ended, if it is as expected."""
    if ended.code != code or ended.told.get("rows") != rows:
        due = f"{code} and {rows} rows were due"
        raise BenchmarkError(f"a container ended with {ended.code} where {due}; it told {ended.told}")
    return ended


def _middle(runs: Sequence[Ended]) -> dict[str, Any]:
    """Return the run that took a median time."""
    middle = sorted(runs, key=lambda run: run.seconds)[(len(runs) - 1) // 2]
    seconds = statistics.median(run.seconds for run in runs)
    peak = max((run.told.get("peak_memory_bytes", 0) for run in runs), default=0)
    return {"seconds": seconds, "stages": middle.told.get("stages", {}), "peak": peak or None}
