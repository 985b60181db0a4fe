"""What the validator accepts, and what it publishes of it."""

from __future__ import annotations

import hashlib

import pytest

from tests.unit.ecs.support import GOOD_ROW, HEADER, INPUT, VALID, Aws, orders_csv, row_with


def test_the_valid_sample_is_accepted_and_its_cleaned_form_is_the_file_itself(aws: Aws) -> None:
    environ = aws.upload(VALID)
    assert aws.validate(environ) == 0
    assert aws.read("cleaned/input/orders.csv") == VALID


def test_the_handoff_says_what_was_read_and_what_was_published(aws: Aws) -> None:
    environ = aws.upload(VALID)
    aws.validate(environ)
    cleaned = aws.s3.head_object(Bucket="orders-cleaned", Key="cleaned/input/orders.csv")
    reference = aws.s3.head_object(Bucket="orders-reference", Key="products.csv")
    uploaded = aws.s3.head_object(Bucket=INPUT, Key="input/orders.csv")
    assert aws.handoff(environ) == {
        "execution_id": "run-1",
        "input_bucket": INPUT,
        "input_key": "input/orders.csv",
        "input_version_id": environ["S3_INPUT_VERSION"],
        "input_last_modified": uploaded["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cleaned_key": "cleaned/input/orders.csv",
        "cleaned_version_id": cleaned["VersionId"],
        "cleaned_sha256": hashlib.sha256(VALID).hexdigest(),
        "rows": 16,
        "rejected": 0,
        "reference_uri": "s3://orders-reference/products.csv",
        "reference_version_id": reference["VersionId"],
        "grammar_version": 1,
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
