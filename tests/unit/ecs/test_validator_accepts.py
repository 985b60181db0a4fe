"""What the validator accepts, and what it publishes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.ecs.faults import aws_error, break_s3, raising
from tests.unit.ecs.support import GOOD_ROW, HEADER, INPUT, VALID, Aws, orders_csv, row_with
from validator.inspection import SMALL_BYTES


def test_the_valid_sample_is_accepted_and_its_cleaned_form_is_the_file_itself(aws: Aws) -> None:
    environ = aws.upload(VALID)
    assert aws.validate(environ) == 0
    assert aws.read("cleaned/input/orders.csv") == VALID


def test_the_handoff_says_what_was_read_and_what_was_published(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    cleaned = aws.s3.head_object(Bucket="orders-cleaned", Key="cleaned/input/orders.csv")
    reference = aws.s3.head_object(Bucket="orders-reference", Key="products.csv")
    contract = aws.s3.head_object(Bucket="orders-reference", Key="orders.schema.json")
    uploaded = aws.s3.head_object(Bucket=INPUT, Key="input/orders.csv")
    assert aws.handoff(environ) == {
        "execution_id": "run-1",
        "input_bucket": INPUT,
        "input_key": "input/orders.csv",
        "input_version_id": environ["S3_INPUT_VERSION"],
        "input_last_modified": uploaded["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cleaned_key": "cleaned/input/orders.csv",
        "cleaned_version_id": cleaned["VersionId"],
        "cleaned_bytes": len(VALID),
        "rows": 16,
        "contract_uri": "s3://orders-reference/orders.schema.json",
        "contract_version_id": contract["VersionId"],
        "contract_version": "1",
        "reference_uri": "s3://orders-reference/products.csv",
        "reference_version_id": reference["VersionId"],
        "format": 2,
    }


def test_the_version_named_is_read_although_a_newer_one_is_there(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.s3.put_object(Bucket=INPUT, Key="input/orders.csv", Body=b"nonsense")
    assert aws.validate(environ) == 0
    assert aws.read("cleaned/input/orders.csv") == VALID


def test_a_deleted_object_is_read_as_long_as_its_version_is_there(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.s3.delete_object(Bucket=INPUT, Key="input/orders.csv")
    assert aws.validate(environ) == 0


def test_columns_may_stand_in_any_order_and_are_put_into_that_of_the_contract(aws: Aws) -> None:
    names, cells = HEADER.split(","), GOOD_ROW.split(",")
    body = orders_csv(",".join(reversed(cells)), header=",".join(reversed(names)))
    assert aws.validate(aws.upload(body)) == 0
    assert aws.read("cleaned/input/orders.csv") == orders_csv(GOOD_ROW)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + orders_csv(GOOD_ROW),
        orders_csv(GOOD_ROW).replace(b"\n", b"\r\n"),
        orders_csv(GOOD_ROW).removesuffix(b"\n"),
        orders_csv("", GOOD_ROW, "", ""),
        b"\n" + orders_csv(GOOD_ROW),
        b"\xef\xbb\xbf\r\n" + orders_csv(GOOD_ROW),
        orders_csv(*[",".join(f'"{cell}"' for cell in GOOD_ROW.split(","))]),
        orders_csv(GOOD_ROW, header=",".join(f'"{name}"' for name in HEADER.split(","))),
    ],
    ids=[
        "byte order mark",
        "CRLF",
        "no line end at the end",
        "empty lines hold no row",
        "an empty line before the header",
        "byte order mark, then an empty line",
        "needless quotes",
        "a quoted header",
    ],
)
def test_a_file_is_cleaned_of_what_makes_no_difference(aws: Aws, body: bytes) -> None:
    assert aws.validate(aws.upload(body)) == 0
    assert aws.read("cleaned/input/orders.csv") == orders_csv(GOOD_ROW)


@pytest.mark.parametrize(
    "customer",
    [
        '"Last, First"',
        '"two\nlines"',
        '"two\r\nlines"',
        '"a ""b"" c"',
        "ü€😀",
        " C-1 ",
        "=1+1",
        "x" * 128,
        "😀" * 128,
    ],
)
def test_a_value_comes_through_as_it_is(aws: Aws, customer: str) -> None:
    row = GOOD_ROW.replace("C-1", customer)
    assert aws.validate(aws.upload(orders_csv(row))) == 0
    assert aws.read("cleaned/input/orders.csv") == orders_csv(row)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("quantity", "1"),
        ("quantity", "999999999"),
        ("unit_price", "0.000001"),
        ("unit_price", "999999999999.999999"),
        ("unit_price", "7"),
        ("order_date", "1970-01-01"),
        ("order_date", "2199-12-31"),
        ("order_date", "2024-02-29"),
        ("returned", "TRUE"),
        ("returned", "False"),
        ("category", "Grocery"),
    ],
)
def test_a_value_at_the_edge_of_its_grammar_is_accepted(aws: Aws, column: str, value: str) -> None:
    assert aws.validate(aws.upload(orders_csv(row_with(column, value)))) == 0


@pytest.mark.parametrize("key", ["input/a b.csv", "input/a+b.csv", "input/100%25.csv", "input/ü/ß.csv"])
def test_any_key_is_taken_as_it_is(aws: Aws, key: str) -> None:
    environ = aws.upload(VALID, key)
    assert aws.validate(environ) == 0
    assert aws.read(f"cleaned/{key}") == VALID
    assert aws.handoff(environ)["input_key"] == key


@pytest.mark.parametrize("key", ["input/orders.csv", "input/a b+c 100%25 ü.csv"])
def test_a_clean_file_is_copied_by_s3_and_does_not_pass_through_here_again(aws: Aws, key: str) -> None:
    environ = aws.upload(VALID, key)
    aws.s3.put_object(Bucket=INPUT, Key=key, Body=b"a newer version")
    copies: list[Any] = []

    def copy(real: Callable[..., Any], arguments: Any) -> Any:
        copies.append(arguments)
        return real(**arguments)

    break_s3(aws, "copy_object", copy)
    assert aws.validate(environ) == 0
    assert len(copies) == 1
    cleaned = aws.s3.get_object(Bucket="orders-cleaned", Key=f"cleaned/{key}")
    assert cleaned["Body"].read() == VALID
    assert cleaned["VersionId"] == aws.handoff(environ)["cleaned_version_id"]
    assert cleaned["ContentType"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize(
    "body",
    [
        orders_csv(GOOD_ROW),
        orders_csv(GOOD_ROW.replace("C-1", '"Last, First"')),
        orders_csv(GOOD_ROW.replace("C-1", '"a ""b"", c"')),
        orders_csv(GOOD_ROW.replace("C-1", '"two\r\nlines"')),
    ],
)
def test_a_file_is_copied_if_its_bytes_are_clean_already(aws: Aws, body: bytes) -> None:
    break_s3(aws, "copy_object", raising(aws_error("Strange", "CopyObject")))
    with pytest.raises(ClientError, match="Strange"):
        aws.validate(aws.upload(body))


def test_what_was_found_is_noted_in_the_ledger(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.clock.seconds = 60
    aws.validate(environ)
    ((_, claim),) = aws.ledger().items()
    found = {name: claim[name] for name in claim if name not in {"owner", "execution"}}
    assert found == {
        "status": "RUNNING",
        "rows": "16",
        "rows_rejected": "0",
        "contract": "orders",
        "contract_version": "1",
        "validated_at": "2025-07-05T12:01:00Z",
        "validate_seconds": "0.000",
    }


def test_the_ledger_is_told_of_a_rejection_where_its_report_is(aws: Aws) -> None:
    environ = aws.upload(orders_csv(GOOD_ROW, row_with("quantity", "0").replace("O-1", "O-2")))
    assert aws.validate(environ) == 65
    ((_, claim),) = aws.ledger().items()
    assert (claim["rows"], claim["rows_rejected"]) == ("2", "1")
    assert json.loads(aws.read(claim["report"]))["rows_rejected"] == 1


def test_a_claim_that_another_execution_took_over_is_left_as_it_is(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.claim("input/orders.csv", environ["S3_INPUT_VERSION"], "run-9")
    before = aws.ledger()
    assert aws.validate(environ) == 0
    assert aws.ledger() == before
    assert "claimed by another execution" in aws.messages()


def test_the_last_log_line_tells_where_the_time_went(aws: Aws) -> None:
    aws.validate(aws.upload(VALID))
    last = aws.log[-1]
    assert last["message"] == "accepted"
    assert set(last["stages"]) == {"terms", "read", "judge", "write", "hand over"}
    assert (last["rows"], last["bytes"], last["seconds"]) == (16, len(VALID), 0)
    assert last["peak_memory_bytes"] > 10_000_000


def test_a_big_file_is_judged_as_a_small_one_with_a_thread_that_reads_ahead_or_without(aws: Aws) -> None:
    rows = [GOOD_ROW.replace("O-1", f"O-{n}").replace("C-1", "Ü" if n == 7 else "C") for n in range(30_000)]
    body = orders_csv(*rows)
    assert len(body) > SMALL_BYTES
    for clients in (aws.clients, replace(aws.clients, read_ahead=False)):
        aws.clients = clients
        assert aws.validate(aws.upload(body)) == 0
        assert aws.read("cleaned/input/orders.csv") == body
        sifted = next(line for line in reversed(aws.log) if line["message"] == "judged")
        assert (sifted["rows"], sifted["rows_sifted"]) == (30_000, 29_999)
    environ = aws.upload(body + body.splitlines(keepends=True)[100])
    assert aws.validate(environ) == 65
    assert [(f["rule"], f["line"]) for f in aws.report(environ)["findings"]] == [
        ("duplicate_order_id", 30_002)
    ]


def test_a_second_attempt_lets_the_verdict_of_the_first_stand(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    first = aws.handoff(environ)
    aws.s3.put_object(Bucket="orders-reference", Key="products.csv", Body=b"category\nGarden\n")
    assert aws.validate(environ) == 0
    assert aws.handoff(environ) == first


def test_nothing_is_left_in_scratch(aws: Aws) -> None:
    aws.validate(aws.upload(VALID))
    assert list(aws.scratch.iterdir()) == []
