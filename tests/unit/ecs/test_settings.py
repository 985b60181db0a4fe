"""Wrong settings: every one is named, and the exit code is 78."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from botocore.stub import Stubber

from tests.unit.ecs.support import REFERENCE, ROOT, VALID, Aws

BOTH = ["S3_INPUT_BUCKET", "S3_INPUT_KEY", "S3_INPUT_VERSION", "S3_CLEANED_BUCKET", "EXECUTION_ID"]
VALIDATOR = [*BOTH, "CONTRACT_URI", "LEDGER_TABLE"]
TRANSFORMER = [*BOTH, "ORDER_KPI_TABLE", "CATEGORY_KPI_TABLE", "LEDGER_TABLE", "MEMORY_MIB"]


def test_all_settings_the_validator_lacks_are_named_at_once(aws: Aws) -> None:
    assert aws.validate({"SCRATCH_DIR": str(aws.scratch)}) == 78
    assert aws.messages().splitlines() == [f"wrong setting: {name} is not set" for name in VALIDATOR]


def test_all_settings_the_transformer_lacks_are_named_at_once(aws: Aws) -> None:
    assert aws.transform({"SCRATCH_DIR": str(aws.scratch)}) == 78
    assert aws.messages().splitlines() == [f"wrong setting: {name} is not set" for name in TRANSFORMER]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_INPUT_BUCKET", "Not A Bucket"),
        ("S3_INPUT_KEY", "x" * 1001),
        ("S3_INPUT_KEY", "ü" * 501),
        ("S3_INPUT_VERSION", "null"),
        ("S3_CLEANED_BUCKET", "b"),
        ("EXECUTION_ID", "a/b"),
        ("EXECUTION_ID", "x" * 81),
        ("CONTRACT_URI", "orders-reference/orders.schema.json"),
        ("CONTRACT_URI", "s3://orders-reference/orders.schema.json?versionId="),
        ("LEDGER_TABLE", "x"),
        ("REFERENCE_URI", "orders-reference/products.csv"),
        ("REFERENCE_URI", "s3://orders-reference"),
        ("REFERENCE_URI", "s3://orders-reference/products.csv?versionId="),
        ("SCRATCH_DIR", "/nowhere/at/all"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_was_found(aws: Aws, name: str, value: str) -> None:
    assert aws.validate({**aws.upload(VALID), name: value}) == 78
    assert aws.log[-1]["message"].startswith(f"wrong setting: {name} ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_INPUT_BUCKET", "no-such-bucket"),
        ("S3_CLEANED_BUCKET", "no-such-bucket"),
        ("LEDGER_TABLE", "no-such-table"),
        ("CONTRACT_URI", "s3://no-such-bucket/orders.schema.json"),
        ("CONTRACT_URI", f"s3://{REFERENCE}/no-such-key.json"),
        ("CONTRACT_URI", f"s3://{REFERENCE}/orders.schema.json?versionId=gone"),
        ("REFERENCE_URI", "s3://no-such-bucket/products.csv"),
        ("REFERENCE_URI", f"s3://{REFERENCE}/no-such-key.csv"),
        ("REFERENCE_URI", f"s3://{REFERENCE}/no-such-key.csv?versionId=gone"),
        ("REFERENCE_URI", f"s3://{REFERENCE}/products.csv?versionId=gone"),
    ],
)
def test_what_the_validator_is_told_of_must_be_there(aws: Aws, name: str, value: str) -> None:
    assert aws.validate({**aws.upload(VALID), name: value}) == 78
    assert name in aws.log[-1]["message"]
    assert value in aws.log[-1]["message"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORDER_KPI_TABLE", "x"),
        ("LEDGER_TABLE", "a table"),
        ("MEMORY_MIB", "511"),
        ("MEMORY_MIB", "0512"),
        ("MEMORY_MIB", "1 GB"),
        ("SCRATCH_DIR", "/nowhere/at/all"),
    ],
)
def test_a_setting_of_the_transformer_that_cannot_work_is_named_likewise(
    aws: Aws, name: str, value: str
) -> None:
    assert aws.transform({**aws.upload(VALID), name: value}) == 78
    assert aws.log[-1]["message"].startswith(f"wrong setting: {name} ")


@pytest.mark.parametrize(
    "name", ["S3_CLEANED_BUCKET", "ORDER_KPI_TABLE", "CATEGORY_KPI_TABLE", "LEDGER_TABLE"]
)
def test_what_the_transformer_is_told_of_must_be_there(aws: Aws, name: str) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    assert aws.transform({**environ, name: "no-such-thing"}) == 78
    assert name in aws.log[-1]["message"]
    assert "no-such-thing" in aws.log[-1]["message"]
    assert aws.orders() == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"id,name\n1,x\n", b"category\n", b"category\n\n \n", b"id,category\n1\n", b"category\n\xff\n"],
)
def test_a_reference_that_is_no_list_of_categories_is_a_wrong_setting(aws: Aws, body: bytes) -> None:
    aws.s3.put_object(Bucket=REFERENCE, Key="products.csv", Body=body)
    assert aws.validate(aws.upload(VALID)) == 78
    assert "REFERENCE_URI" in aws.log[-1]["message"]


def test_a_reference_that_names_a_version_is_read_in_that_version(aws: Aws) -> None:
    first = aws.s3.head_object(Bucket=REFERENCE, Key="products.csv")["VersionId"]
    other = b"category\nsomething else\n"
    newer = aws.s3.put_object(Bucket=REFERENCE, Key="products.csv", Body=other)["VersionId"]
    uri = f"s3://{REFERENCE}/products.csv"

    pinned = {**aws.upload(VALID), "REFERENCE_URI": f"{uri}?versionId={first}"}
    assert aws.validate(pinned) == 0
    named = aws.handoff(pinned)
    assert (named["reference_uri"], named["reference_version_id"]) == (uri, first)

    newest = {**aws.upload(VALID), "REFERENCE_URI": uri}
    assert aws.validate(newest) == 65
    reported = aws.report(newest)["reference"]
    assert (reported["uri"], reported["version_id"]) == (uri, newer)


def test_a_version_id_of_the_reference_that_s3_calls_invalid_is_a_wrong_setting(aws: Aws) -> None:
    stubber = Stubber(aws.s3)
    stubber.add_client_error("get_object", "NoSuchKey", http_status_code=404)  # there is no hand-off yet
    body = {"Body": io.BytesIO((ROOT / "data/contracts/orders.schema.json").read_bytes())}
    stubber.add_response("get_object", body)
    stubber.add_client_error("get_object", "InvalidArgument", "Invalid version id specified", 400)
    environ = {**aws.upload(VALID), "REFERENCE_URI": f"s3://{REFERENCE}/products.csv?versionId=1"}
    with stubber:
        assert aws.validate(environ) == 78
    assert "REFERENCE_URI: '1' is no version id" in aws.log[-1]["message"]


def test_a_contract_that_is_none_is_a_wrong_setting_with_all_that_is_wrong_with_it(aws: Aws) -> None:
    aws.s3.put_object(Bucket=REFERENCE, Key="orders.schema.json", Body=b'{"type": "array"}')
    assert aws.validate(aws.upload(VALID)) == 78
    problems = [line["message"] for line in aws.log]
    assert len(problems) > 3
    assert all(problem.startswith("wrong setting: CONTRACT_URI: s3://") for problem in problems)


def test_a_contract_that_names_a_version_is_read_in_that_version(aws: Aws) -> None:
    first = aws.s3.head_object(Bucket=REFERENCE, Key="orders.schema.json")["VersionId"]
    aws.s3.put_object(Bucket=REFERENCE, Key="orders.schema.json", Body=b"nonsense")
    uri = f"s3://{REFERENCE}/orders.schema.json"
    environ = {**aws.upload(VALID), "CONTRACT_URI": f"{uri}?versionId={first}"}
    assert aws.validate(environ) == 0
    named = aws.handoff(environ)
    assert (named["contract_uri"], named["contract_version_id"]) == (uri, first)


def test_a_contract_that_asks_for_a_reference_list_needs_its_setting(aws: Aws) -> None:
    environ = aws.upload(VALID)
    del environ["REFERENCE_URI"]
    assert aws.validate(environ) == 78
    assert "REFERENCE_URI is not set" in aws.log[-1]["message"]


def test_a_contract_without_a_reference_list_needs_no_such_setting(aws: Aws) -> None:
    contract = json.loads((ROOT / "data/contracts/orders.schema.json").read_bytes())
    del contract["properties"]["category"]["x-reference"]
    aws.s3.put_object(Bucket=REFERENCE, Key="orders.schema.json", Body=json.dumps(contract).encode())
    environ = aws.upload(VALID.replace(b"Books", b"Boots"))
    del environ["REFERENCE_URI"]
    assert aws.validate(environ) == 0
    assert aws.handoff(environ)["reference_uri"] is None


def test_a_cleaned_bucket_without_versions_is_a_wrong_setting(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="unversioned")
    environ = {**aws.upload(VALID), "S3_CLEANED_BUCKET": "unversioned"}
    assert aws.validate(environ) == 78
    assert "not versioned" in aws.log[-1]["message"]


def test_a_scratch_folder_that_cannot_be_written_to_is_a_wrong_setting(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != closed)
    assert aws.validate({**aws.upload(VALID), "SCRATCH_DIR": str(closed)}) == 78


def test_nothing_is_published_with_wrong_settings(aws: Aws) -> None:
    aws.validate({**aws.upload(VALID), "REFERENCE_URI": f"s3://{REFERENCE}/no-such-key.csv"})
    assert aws.keys() == []
