"""The images as an engine builds and runs them, confined as on Fargate. For scripts/test_long.sh."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local_aws.ecs.images import Images
from local_aws.server import LocalAws
from tests.e2e.pipeline import until
from tests.unit.ecs.support import CLEANED, INPUT, INVALID, REFERENCE, ROOT, VALID, Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

pytestmark = pytest.mark.timeout(900)  # a build downloads its base image and packages

DOCKER = os.environ.get("DOCKER", "docker")
NAMES = ("validator", "transformer")
CONFINED = [
    *("--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    *("--memory=512m", "--volume=/scratch"),
]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
REGION = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
BOTH = ["S3_INPUT_BUCKET", "S3_INPUT_KEY", "S3_INPUT_VERSION", "S3_CLEANED_BUCKET", "EXECUTION_ID"]
NEEDED = {
    "validator": [*BOTH, "REFERENCE_URI"],
    "transformer": [*BOTH, "ORDER_KPI_TABLE", "CATEGORY_KPI_TABLE", "LEDGER_TABLE"],
}


@dataclass(frozen=True)
class Built:
    """An image, and how long its build took."""

    tag: str
    seconds: float

    def inspect(self) -> dict[str, Any]:
        return inspect("image", self.tag)

    def run(self, environ: Mapping[str, str]) -> tuple[int, list[dict[str, Any]]]:
        """Run a container to its end; return the exit code and the log, beside which nothing may stand."""
        done = docker("run", "--rm", *CONFINED, *settings(environ), self.tag, check=False)
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Watched:
    """The local AWS's endpoint, with a list of what was asked of it."""

    def __init__(self, endpoint: Any) -> None:
        self.endpoint = endpoint
        self.paths: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.paths.append(environ["PATH_INFO"])
        answer: Iterable[bytes] = self.endpoint(environ, start_response)
        return answer


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([DOCKER, *arguments], capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0 or not check, f"docker {arguments[0]}: {done.stdout}{done.stderr}"
    return done


def inspect(kind: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(docker(kind, "inspect", name).stdout)[0]
    return document


def settings(environ: Mapping[str, str]) -> list[str]:
    """Return the environment as options; SCRATCH_DIR is the test's own folder, which no container has."""
    return [f"--env={name}={value}" for name, value in environ.items() if name != "SCRATCH_DIR"]


@pytest.fixture(scope="session")
def images() -> Iterator[dict[str, Built]]:
    built = {}
    for name in NAMES:
        tag, began = f"mayfly-{name}:test-{uuid.uuid4().hex[:8]}", time.monotonic()
        context = ROOT / "ecs"
        docker(
            "build", "--network=host", f"--file={context / name / 'Dockerfile'}", f"--tag={tag}", str(context)
        )
        built[name] = Built(tag, time.monotonic() - began)
    yield built
    docker("image", "rm", *(image.tag for image in built.values()))


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    aws = LocalAws(Images([]))
    monkeypatch.setattr(aws.cloud, "endpoint", Watched(aws.cloud.endpoint))
    with aws:
        yield aws


@pytest.fixture
def aws(local: LocalAws, tmp_path: Path) -> Aws:
    keys = {
        "region_name": "us-east-1",
        "endpoint_url": local.url,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    s3: S3Client = boto3.client("s3", **keys)  # type: ignore[call-overload]
    dynamodb: DynamoDBClient = boto3.client("dynamodb", **keys)  # type: ignore[call-overload]
    for bucket in (INPUT, CLEANED, REFERENCE):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    products = (ROOT / "data/products/sample_products.csv").read_bytes()
    s3.put_object(Bucket=REFERENCE, Key="products.csv", Body=products)
    create_table(dynamodb, "OrderKPIs", "order_date")
    create_table(dynamodb, "CategoryKPIs", "category", "order_date")
    create_table(dynamodb, "PipelineFiles", "pk", "sk")
    return Aws(s3, dynamodb, tmp_path)


def create_table(dynamodb: DynamoDBClient, name: str, *keys: str) -> None:
    kinds = dict(zip(keys, ("HASH", "RANGE"), strict=False))
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": "HASH" if kind == "HASH" else "RANGE"}
            for key, kind in kinds.items()
        ],
    )


def claimed(aws: Aws, local: LocalAws, body: bytes) -> dict[str, str]:
    """Upload and claim a version; return its containers' environment."""
    return {**aws.upload(body), **REGION, **CREDENTIALS, "AWS_ENDPOINT_URL": local.url}


@pytest.mark.parametrize("name", NAMES)
def test_an_image_runs_as_nobody_in_particular(
    images: dict[str, Built], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = images[name]
    document = image.inspect()
    with capsys.disabled():
        print(f"\n{name}: built in {image.seconds:.1f} s, {document['Size'] / 1e6:.0f} MB")
    assert document["Config"]["User"] not in {"", "0", "root"}
    assert document["Config"]["Volumes"] == {"/scratch": {}}
    script = "import os; print(os.getuid(), os.stat('/scratch').st_uid, os.access('/app', os.W_OK))"
    said = docker("run", "--rm", *CONFINED, "--entrypoint=python", image.tag, "-c", script).stdout
    assert said.split() == ["10001", "10001", "False"]


def test_a_valid_file_becomes_kpis(images: dict[str, Built], aws: Aws, local: LocalAws) -> None:
    environ = claimed(aws, local, VALID)
    code, log = images["validator"].run(environ)
    assert (code, log[-1]["message"]) == (0, "accepted")
    assert aws.read("cleaned/input/orders.csv").count(b"\n") == 17
    handoff = aws.handoff(environ)
    assert handoff["rows"] == 16
    assert handoff["input_version_id"] == environ["S3_INPUT_VERSION"]
    assert handoff["cleaned_key"] == "cleaned/input/orders.csv"

    code, log = images["transformer"].run(environ)
    assert (code, log[-1]["message"]) == (0, "committed")
    # By hand: 2 x 199.99 + 39.90 + 3 x 24.50 + 4 x 11.80 + 2 x 9.95 + 9.95; orders 1002 and 1006 came back.
    assert {name: aws.orders()["2025-07-01"][name] for name in ORDER_KPIS} == ORDER_KPIS
    categories = {category: item for (day, category), item in aws.categories().items() if day == "2025-07-01"}
    assert {
        category: (item["daily_revenue"], item["avg_order_value"], item["avg_return_rate"])
        for category, item in categories.items()
    } == {
        "Electronics": ("439.88", "219.94", "0.5"),
        "Books": ("73.5", "73.5", "0"),
        "Grocery": ("77.05", "25.683333", "0.333333"),
    }
    assert sorted(aws.orders()) == ["2025-07-01", "2025-07-02", "2025-07-03"]


ORDER_KPIS = {
    "total_orders": "6",
    "total_revenue": "590.43",
    "total_items_sold": "13",
    "return_rate": "0.333333",
    "unique_customers": "4",
}


def test_an_invalid_file_ends_in_65_with_its_report(
    images: dict[str, Built], aws: Aws, local: LocalAws
) -> None:
    environ = claimed(aws, local, INVALID)
    code, log = images["validator"].run(environ)
    assert (code, log[-1]["message"]) == (65, "rejected")
    report = aws.report(environ)
    assert report["rows_read"] == 12
    assert report["rows_rejected"] == log[-1]["rows_rejected"] > 0
    assert b"O-2002" in aws.rejected(environ, "csv")
    assert aws.keys("handoff/") == aws.keys("cleaned/") == []


@pytest.mark.parametrize("name", NAMES)
def test_missing_settings_end_in_78_with_each_named(images: dict[str, Built], name: str) -> None:
    code, log = images[name].run(REGION)
    assert code == 78
    assert [line["message"] for line in log] == [f"wrong setting: {one} is not set" for one in NEEDED[name]]


def test_a_waiting_transformer_ends_at_once_when_it_is_stopped(
    images: dict[str, Built], aws: Aws, local: LocalAws
) -> None:
    environ = claimed(aws, local, VALID)
    handoff = f"/{CLEANED}/handoff/{environ['EXECUTION_ID']}.json"
    watched: Any = local.cloud.endpoint
    container = docker(
        "run", "--detach", *CONFINED, *settings(environ), images["transformer"].tag
    ).stdout.strip()
    try:
        until(lambda: watched.paths.count(handoff) >= 2, "the transformer to look for its hand-off again")
        began = time.monotonic()
        docker("stop", "--time=30", container)
        assert time.monotonic() - began < 5
        state = inspect("container", container)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (143, False)
        last = json.loads(docker("logs", container).stdout.splitlines()[-1])
        assert last["message"].startswith("stopped")
    finally:
        docker("rm", "--force", "--volumes", container)
