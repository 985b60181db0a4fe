"""The containers, run on what the template makes with what the machine gives them, and their calls."""

from __future__ import annotations

import ast
import io
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from common.clients import Clients
from mayfly.deploying.deploy import CONTRACT, PRODUCTS
from mayfly.template import ROOT
from tests.unit.ecs.support import VALID, FakeClock
from tests.unit.wiring.grants import Need, s3_needs
from tests.unit.wiring.machine import Machine
from tests.unit.wiring.stack import HERE, Stack
from transformer import transformer
from transformer.ledger import Ledger
from transformer.store import Store
from validator import validator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

IMAGES = {"validator": validator.main, "transformer": transformer.main}


class Settings(dict[str, str]):
    """An environment that knows what was read of it."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.asked_for: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked_for.add(name)
        return super().get(name, default)


class Runs:
    """Runs of both containers; `calls` has each call of AWS by image, operation and parameters."""

    def __init__(self, stack: Stack, s3: S3Client, dynamodb: DynamoDBClient, scratch: Path) -> None:
        self.stack, self.s3, self.dynamodb, self.scratch = stack, s3, dynamodb, scratch
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.asked_for: dict[str, set[str]] = {image: set() for image in IMAGES}
        self._image: str | None = None
        self._executions = 0
        for client in (s3, dynamodb):
            client.meta.events.register("provide-client-params", self._note)
        self._make()

    def start(self, body: bytes, key: str) -> Machine:
        """Upload a file and claim it; return the machine of its execution."""
        self._executions += 1
        machine = Machine(self.stack, f"run-{self._executions}", key)
        bucket = self.stack.name("InputBucket")
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        head = self.s3.head_object(Bucket=bucket, Key=key)
        machine.pinned |= {"VersionId": head["VersionId"], "ETag": head["ETag"]}
        self.dynamodb.update_item(**machine.parameters("ClaimFile"))
        return machine

    def run(self, image: str, machine: Machine) -> int:
        """Run a container with the environment of its task definition; return its exit code."""
        given = {**machine.environment(image)}
        given.update({"SCRATCH_DIR": str(self.scratch)} if "SCRATCH_DIR" in given else {})
        settings = Settings(given)
        clients = Clients(self.s3, self.dynamodb, random.Random(1), io.BytesIO())  # noqa: S311 - the same every time
        self._image = image
        try:
            return IMAGES[image](settings, clients, FakeClock())
        finally:
            self._image = None
            self.asked_for[image] |= settings.asked_for

    def hand_over_later(self, machine: Machine) -> None:
        """Make the version of an execution the newest of its file: S3 tells its time to the second only."""
        place: Any = {"Bucket": self.stack.name("CleanedBucket"), "Key": f"handoff/{machine.execution}.json"}
        document = json.loads(self.s3.get_object(**place)["Body"].read())
        document["input_last_modified"] = "2199-01-01T00:00:00Z"
        self.s3.put_object(**place, Body=json.dumps(document).encode())

    def take_back(self, machine: Machine) -> None:
        """Note on the claim of an execution's version that it must not count."""
        claim = machine.parameters("ClaimFile")
        self.dynamodb.update_item(
            TableName=claim["TableName"],
            Key=claim["Key"],
            UpdateExpression="SET withdrawn_at = :now",
            ExpressionAttributeValues={":now": {"S": "2025-07-05T12:00:00Z"}},
        )

    def take_back_a_day(self, machine: Machine) -> None:
        """Take a file back for one day, behind the back of its execution, which has not published it yet."""
        ledger = Ledger(self.dynamodb, self.stack.name("LedgerTable"))
        store = Store(self.s3, self.stack.name("CleanedBucket"))
        day = next(row.split(",")[2] for row in VALID.decode().splitlines()[1:])
        head, _ = ledger.day(day)
        assert head
        manifest = store.manifest(head.manifest)
        entries = tuple(replace(entry, part=None, rows=0) for entry in manifest.entries)
        pin = store.put(f"manifests/{day}/mark.json", replace(manifest, entries=entries).to_json())
        marked = replace(head, revision="mark", manifest=pin)
        self.dynamodb.put_item(TableName=ledger.table, Item=marked.item())
        claim = machine.parameters("ClaimFile")
        self.dynamodb.update_item(
            TableName=claim["TableName"], Key=claim["Key"], UpdateExpression="REMOVE completed_at"
        )

    def operations(self, image: str) -> set[str]:
        return {operation for caller, operation, _ in self.calls if caller == image}

    def needs(self, image: str) -> Iterator[Need]:
        """Yield what the calls of an image need of its task's role."""
        for caller, operation, parameters in self.calls:
            if caller != image:
                continue
            if "Bucket" in parameters:
                yield from s3_needs(operation, parameters, tells_missing=operation == "GetObject")
            elif operation == "TransactWriteItems":
                # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
                for item in parameters["TransactItems"]:
                    ((action, written),) = item.items()
                    yield Need(
                        f"dynamodb:{action}Item",
                        f"arn:aws:dynamodb:{HERE}:table/{written['TableName']}",
                        {} if action == "ConditionCheck" else {"dynamodb:EnclosingOperation": operation},
                    )
            else:
                leading = parameters.get("Key", {}).get("pk")
                yield Need(
                    f"dynamodb:{operation}",
                    f"arn:aws:dynamodb:{HERE}:table/{parameters['TableName']}",
                    {"dynamodb:LeadingKeys": leading["S"]} if leading else {},
                )

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self._image:
            self.calls.append((self._image, model.name, params))

    def _make(self) -> None:
        """Make the buckets and tables of the template, and what the machine names of the artifact bucket."""
        for name in ("InputBucket", "CleanedBucket"):
            properties = self.stack.properties(name)
            self.s3.create_bucket(Bucket=properties["BucketName"])
            versioning = properties["VersioningConfiguration"]
            self.s3.put_bucket_versioning(Bucket=properties["BucketName"], VersioningConfiguration=versioning)
        for properties in self.stack.of_type("AWS::DynamoDB::Table").values():
            made = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema")
            self.dynamodb.create_table(**{name: properties[name] for name in made})
        artifacts = self.stack.parameters["ArtifactBucket"]
        self.s3.create_bucket(Bucket=artifacts)
        self.s3.put_bucket_versioning(Bucket=artifacts, VersioningConfiguration={"Status": "Enabled"})
        for parameter, key, file in (
            ("ReferenceUri", "reference/0/products.csv", PRODUCTS),
            ("ContractUri", "contracts/0/orders.schema.json", CONTRACT),
        ):
            version = self.s3.put_object(Bucket=artifacts, Key=key, Body=file.read_bytes())["VersionId"]
            self.stack.parameters[parameter] = f"s3://{artifacts}/{key}?versionId={version}"


def operations_in(image: str, *clients: Any) -> set[str]:
    """Return the operations that an image's modules name: methods of clients, wherever they are called."""
    known = {
        xform_name(name): name for client in clients for name in client.meta.service_model.operation_names
    }
    called = {
        node.func.attr
        for module in _modules(f"{image}.{image}")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return {known[name] for name in called & known.keys()}


def _modules(entry: str) -> set[Path]:
    """Return the files of a module and of all it imports from ecs/."""
    found: set[Path] = set()
    left = [entry]
    while left:
        path = (ROOT / "ecs" / left.pop().replace(".", "/")).with_suffix(".py")
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                left += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
