"""An AWS in memory for the containers: buckets, tables, claimed versions, and a clock that they move."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.clients import Clients
from common.handoff import Handoff
from common.names import file_id, handoff_key
from transformer import transformer
from transformer.ledger import claim_key
from validator import validator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

ROOT = Path(__file__).resolve().parents[3]
VALID = (ROOT / "data/orders/valid_order.csv").read_bytes()
INVALID = (ROOT / "data/orders/invalid_order.csv").read_bytes()
INPUT, CLEANED, REFERENCE = "orders-input", "orders-cleaned", "orders-reference"
HEADER = "order_id,customer_id,order_date,category,product_id,quantity,unit_price,returned"
GOOD_ROW = "O-1,C-1,2025-07-01,Books,P-1,2,10.50,false"


class FakeClock:
    """A clock that stands until someone sleeps; ``during_sleep`` is what others do meanwhile."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self.oversleeps = 0.0
        self.during_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return datetime(2025, 7, 5, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds + self.oversleeps
        self.during_sleep()


class Aws:
    """The pipeline's buckets and tables, and its two containers run on them."""

    def __init__(self, s3: S3Client, dynamodb: DynamoDBClient, scratch: Path) -> None:
        self.s3, self.dynamodb, self.scratch = s3, dynamodb, scratch
        self.clock = FakeClock()
        self.out = io.BytesIO()
        self.clients = Clients(s3, dynamodb, random.Random(7), self.out)  # noqa: S311 - the same every time, on purpose
        self._executions = 0

    # Before a run.

    def upload(self, body: bytes, key: str = "input/orders.csv") -> dict[str, str]:
        """Upload a version and claim it for a new execution; return the environment of its containers."""
        version = self.s3.put_object(Bucket=INPUT, Key=key, Body=body)["VersionId"]
        return self.start(key, version)

    def start(self, key: str, version: str) -> dict[str, str]:
        """Claim a version for a new execution; return the environment of its containers."""
        self._executions += 1
        execution = f"run-{self._executions}"
        self.claim(key, version, execution)
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
            "REFERENCE_URI": f"s3://{REFERENCE}/products.csv",
            "MEMORY_MIB": "512",
            "SCRATCH_DIR": str(self.scratch),
        }

    def claim(self, key: str, version: str, execution: str, status: str = "RUNNING") -> None:
        item: dict[str, Any] = {
            "pk": f"file#{file_id(INPUT, key)}",
            "sk": f"v#{version}",
            "owner": f"arn:aws:states:eu-west-1:123456789012:execution:EphemeralECSPipeline:{execution}",
            "execution": execution,
            "status": status,
        }
        fields = {name: {"S": value} for name, value in item.items()}
        self.dynamodb.put_item(TableName="PipelineFiles", Item=fields)

    # Runs.

    def validate(self, environ: dict[str, str]) -> int:
        return validator.main(environ, self.clients, self.clock)

    def transform(self, environ: dict[str, str]) -> int:
        return transformer.main(environ, self.clients, self.clock)

    def process(self, body: bytes, key: str = "input/orders.csv") -> int:
        """Upload, validate, transform; return the transformer's exit code."""
        environ = self.upload(body, key)
        assert self.validate(environ) == 0
        return self.transform(environ)

    def hand_over(self, environ: dict[str, str], body: bytes, second: int = 0) -> None:
        """Do what the validator does with a clean file that S3 received in that second."""
        cleaned = self.s3.put_object(Bucket=CLEANED, Key=f"cleaned/{environ['S3_INPUT_KEY']}", Body=body)
        handoff = Handoff(
            execution_id=environ["EXECUTION_ID"],
            input_bucket=INPUT,
            input_key=environ["S3_INPUT_KEY"],
            input_version_id=environ["S3_INPUT_VERSION"],
            input_last_modified=f"2025-07-05T10:00:{second:02}Z",
            cleaned_key=f"cleaned/{environ['S3_INPUT_KEY']}",
            cleaned_version_id=cleaned["VersionId"],
            cleaned_bytes=len(body),
            rows=body.count(b"\n") - 1,
            contract_uri=environ["CONTRACT_URI"],
            contract_version_id=None,
            contract_version="1",
            reference_uri=environ["REFERENCE_URI"],
            reference_version_id=None,
        )
        key = handoff_key(environ["EXECUTION_ID"])
        self.s3.put_object(Bucket=CLEANED, Key=key, Body=handoff.to_json())

    def prepared_at(self, second: int, body: bytes, key: str = "input/orders.csv") -> dict[str, str]:
        """Upload a clean version and hand it over as if S3 had received it in that second."""
        environ = self.upload(body, key)
        self.hand_over(environ, body, second)
        return environ

    def process_at(self, second: int, body: bytes, key: str = "input/orders.csv") -> int:
        """Transform a clean version as if S3 had received it in that second; return the exit code."""
        return self.transform(self.prepared_at(second, body, key))

    def reprocess(self, environ: dict[str, str]) -> dict[str, str]:
        """Claim a version anew for another execution, as the machine does; return its environment."""
        self._executions += 1
        execution = f"run-{self._executions}"
        self.dynamodb.update_item(
            TableName="PipelineFiles",
            Key=claim_key(file_id(INPUT, environ["S3_INPUT_KEY"]), environ["S3_INPUT_VERSION"]),
            UpdateExpression="SET #status = :running, #execution = :execution",
            ExpressionAttributeNames={"#status": "status", "#execution": "execution"},
            ExpressionAttributeValues={":running": {"S": "RUNNING"}, ":execution": {"S": execution}},
        )
        return {**environ, "EXECUTION_ID": execution}

    # What came of it.

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().decode().splitlines()]

    def messages(self) -> str:
        return "\n".join(line["message"] for line in self.log)

    def keys(self, prefix: str = "") -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=CLEANED, Prefix=prefix)
        return [entry["Key"] for entry in listing.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=CLEANED, Key=key)["Body"].read()

    def handoff(self, environ: dict[str, str]) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.read(f"handoff/{environ['EXECUTION_ID']}.json"))
        return document

    def rejected(self, environ: dict[str, str], ending: str) -> bytes:
        prefix = f"rejected/{file_id(environ['S3_INPUT_BUCKET'], environ['S3_INPUT_KEY'])}"
        return self.read(f"{prefix}/{environ['EXECUTION_ID']}.{ending}")

    def report(self, environ: dict[str, str]) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.rejected(environ, "json"))
        return document

    def items(self, table: str) -> list[dict[str, str]]:
        """Return a table's items, each attribute as its text."""
        items = self.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
        return [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]

    def orders(self) -> dict[str, dict[str, str]]:
        return {item.pop("order_date"): item for item in self.items("OrderKPIs")}

    def categories(self) -> dict[tuple[str, str], dict[str, str]]:
        return {(item.pop("order_date"), item.pop("category")): item for item in self.items("CategoryKPIs")}

    def ledger(self) -> dict[tuple[str, str], dict[str, str]]:
        return {(item.pop("pk"), item.pop("sk")): item for item in self.items("PipelineFiles")}


def orders_csv(*rows: str, header: str = HEADER) -> bytes:
    """Return an order file of these rows."""
    return "\n".join((header, *rows, "")).encode()


def row_with(column: str, value: str) -> str:
    """Return the good row with another value in a column."""
    cells = dict(zip(HEADER.split(","), GOOD_ROW.split(","), strict=True))
    return ",".join({**cells, column: value}.values())
