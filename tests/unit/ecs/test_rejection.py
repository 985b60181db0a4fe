"""What is said about a rejected file: the report, the rows to mend and the summary."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest
from jsonschema import Draft202012Validator

from common.report import Rejection, Tally
from common.rules import WITHDRAWN
from common.settings import RunSettings
from tests.unit.ecs.support import (
    GOOD_ROW,
    HEADER,
    INPUT,
    INVALID,
    REFERENCE,
    ROOT,
    Aws,
    orders_csv,
    row_with,
)


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


SCHEMA = json.loads((ROOT / "data/contracts/rejection_report.schema.json").read_bytes())


def test_the_report_names_file_version_execution_and_reference(aws: Aws) -> None:
    environ = aws.upload(INVALID, "input/ü.csv")
    aws.validate(environ)
    report = aws.report(environ)
    assert report["verdict"] == "rejected"
    assert report["file"] == {
        "bucket": INPUT,
        "key": "input/ü.csv",
        "version_id": environ["S3_INPUT_VERSION"],
        "file_id": hashlib.sha256("orders-input/input/ü.csv".encode()).hexdigest()[:32],
    }
    assert report["execution_id"] == "run-1"
    assert report["contract"] == {
        "name": "orders",
        "version": "1",
        "uri": "s3://orders-reference/orders.schema.json",
        "version_id": aws.s3.head_object(Bucket=REFERENCE, Key="orders.schema.json")["VersionId"],
    }
    assert report["reference"] == {
        "uri": "s3://orders-reference/products.csv",
        "version_id": aws.s3.head_object(Bucket=REFERENCE, Key="products.csv")["VersionId"],
    }
    assert (report["rows_read"], report["rows_rejected"]) == (12, 9)


def test_the_report_counts_by_rule_and_by_column(aws: Aws) -> None:
    environ = aws.upload(INVALID)
    aws.validate(environ)
    report = aws.report(environ)
    assert report["findings_total"] == 11
    assert report["counts"]["by_rule"] == {
        "bad_quantity": 2,
        "bad_price": 2,
        "bad_boolean": 2,
        "unknown_category": 1,
        "bad_date": 1,
        "empty_value": 1,
        "duplicate_order_id": 1,
        "field_count": 1,
    }
    assert {"column": "customer_id", "rule": "empty_value", "count": 1} in report["counts"]["by_column"]
    assert {"column": None, "rule": "field_count", "count": 1} in report["counts"]["by_column"]
    assert report["capped"] is False
    assert report["capped_note"] is None


def test_a_capped_report_says_so_and_its_counts_are_complete(aws: Aws) -> None:
    rows = [row_with("quantity", "0").replace("O-1", f"O-{n}") for n in range(1500)]
    environ = aws.upload(orders_csv(*rows))
    aws.validate(environ)
    report = aws.report(environ)
    assert len(report["findings"]) == 1000
    assert report["counts"]["by_rule"] == {"bad_quantity": 1500}
    assert report["capped"] is True
    assert "first 1000 of 1500 findings" in report["capped_note"]
    assert "first 1000 of 1500 findings" in aws.rejected(environ, "summary.txt").decode()


@pytest.mark.parametrize(
    "body",
    [
        INVALID,
        b"",
        orders_csv(),
        orders_csv(GOOD_ROW, header=HEADER.replace("order_id", "id").replace("quantity", "returned")),
        orders_csv(GOOD_ROW).decode().encode("utf-16"),
        orders_csv(GOOD_ROW, GOOD_ROW),
        orders_csv(row_with("customer_id", "\U0001f600" * 500), "a,b", row_with("category", '"'), GOOD_ROW),
        orders_csv(GOOD_ROW) + b"O-2,\xff\0\n" + b"x" * (2 * 1024 * 1024) + b"\n",
        orders_csv(*(row_with("quantity", str(-n)).replace("O-1", f"O-{n}") for n in range(1200))),
    ],
    ids=["values", "empty", "no rows", "header", "encoding", "twice", "ragged", "bytes", "capped"],
)
def test_every_report_keeps_to_its_published_schema(aws: Aws, body: bytes) -> None:
    environ = aws.upload(body)
    assert aws.validate(environ) == 65
    report = aws.report(environ)
    Draft202012Validator(SCHEMA).validate(report)
    assert report["findings_total"] == sum(report["counts"]["by_rule"].values())
    assert report["findings_total"] == sum(entry["count"] for entry in report["counts"]["by_column"])
    assert len(report["findings"]) == min(report["findings_total"], 1000)


def test_the_report_of_a_version_that_was_taken_back_keeps_to_the_schema() -> None:
    tally = Tally()
    tally.add(WITHDRAWN.found())
    run = RunSettings("in", "orders.csv", "version", "cleaned", "run-1")
    report = json.loads(Rejection(run, tally, rows_read=7, rows_rejected=0).report())
    Draft202012Validator(SCHEMA).validate(report)
    assert report["contract"] is None


def test_a_report_with_anything_the_schema_does_not_know_would_be_noticed(aws: Aws) -> None:
    environ = aws.upload(INVALID)
    aws.validate(environ)
    report = aws.report(environ)
    places = (report, report["file"], report["contract"], report["counts"], report["findings"][0])
    for place in places:
        place["surprise"] = 1
        assert not Draft202012Validator(SCHEMA).is_valid(report)
        del place["surprise"]
    assert Draft202012Validator(SCHEMA).is_valid(report)


def test_a_long_value_is_shortened(aws: Aws) -> None:
    environ = aws.upload(orders_csv(row_with("customer_id", "x" * 5000)))
    aws.validate(environ)
    assert aws.report(environ)["findings"][0]["value"] == "x" * 80 + "…"


def test_the_rows_to_mend_are_as_they_were_with_a_reason_each(aws: Aws) -> None:
    bad = 'O-2,"Last, ""F""\nFirst",2025-07-01,Boks,P-1,0,10.50,false'
    environ = aws.upload(orders_csv(GOOD_ROW, bad))
    aws.validate(environ)
    text = aws.rejected(environ, "csv").decode()
    assert text.startswith(f"{HEADER},reason\n{bad},")
    header, row = csv.reader(io.StringIO(text))
    assert header[-1] == "reason"
    assert row[:2] == ["O-2", 'Last, "F"\nFirst']
    assert "unknown_category: Did you mean Books?" in row[-1]
    assert "quantity: bad_quantity" in row[-1]


def test_mended_rows_with_the_reason_removed_are_accepted(aws: Aws) -> None:
    environ = aws.upload(orders_csv(row_with("category", "Boks")))
    aws.validate(environ)
    rows = list(csv.reader(io.StringIO(aws.rejected(environ, "csv").decode())))
    mended = "\n".join(",".join(row[:-1]) for row in rows).replace("Boks", "Books").encode()
    assert aws.validate(aws.upload(mended)) == 0


def test_rows_to_mend_of_a_file_in_another_order_of_columns_with_crlf_come_back_as_a_good_file(
    aws: Aws,
) -> None:
    header = ",".join(reversed(HEADER.split(",")))
    bad = ",".join(reversed(row_with("quantity", '"0"').split(",")))
    environ = aws.upload(f"\ufeff{header}\r\n{bad}\r\n".encode())
    assert aws.validate(environ) == 65
    rows = list(csv.DictReader(io.StringIO(aws.rejected(environ, "csv").decode())))
    assert [row.pop("reason").split(":")[0] for row in rows] == ["quantity"]
    mended = "\n".join([header, *(",".join({**row, "quantity": "1"}.values()) for row in rows)])
    assert aws.validate(aws.upload(mended.encode())) == 0


def test_bytes_that_are_no_text_stay_as_they_were_among_the_rows_to_mend(aws: Aws) -> None:
    environ = aws.upload(orders_csv() + b"O-1,C-\xff,2025-07-01,Books,P-1,2,1,false\n")
    aws.validate(environ)
    assert b"\nO-1,C-\xff,2025-07-01,Books,P-1,2,1,false," in aws.rejected(environ, "csv")


def test_a_record_without_an_end_is_counted_as_left_out_of_the_rows_to_mend(aws: Aws) -> None:
    environ = aws.upload(orders_csv(row_with("category", "Boks"), '"', GOOD_ROW))
    aws.validate(environ)
    assert aws.report(environ)["bad_rows"]["rows"] == 1
    assert aws.report(environ)["bad_rows"]["left_out"] == 1
    assert "1 more could not be copied there" in aws.rejected(environ, "summary.txt").decode()


def test_a_fault_of_the_file_has_no_rows_to_mend(aws: Aws) -> None:
    environ = aws.upload(b"")
    aws.validate(environ)
    assert aws.report(environ)["bad_rows"] is None
    assert not [key for key in aws.keys("rejected/") if key.endswith(".csv")]


def test_the_summary_says_the_verdict_first_then_counts_findings_and_what_to_do(aws: Aws) -> None:
    environ = aws.upload(INVALID)
    aws.validate(environ)
    lines = aws.rejected(environ, "summary.txt").decode().splitlines()
    assert lines[0] == "REJECTED: input/orders.csv"
    assert lines[1].startswith("9 of 12 rows have faults.")
    assert "          2  bad_quantity" in lines
    assert any(
        line.startswith("  line 3, column category: unknown_category. found 'Electronic'.") for line in lines
    )
    assert any("upload the whole of it again under the same key" in line for line in lines[-3:])
    assert any("s3://orders-cleaned/rejected/" in line for line in lines[-5:])


@pytest.mark.parametrize("value", ["😀" * 200, "\x1b[31m" * 40, '"' + "\n" * 200 + '"'])
def test_the_summary_fits_an_email_and_keeps_its_end(aws: Aws, value: str) -> None:
    rows = [
        row_with("customer_id", value).replace("Books", value).replace("O-1", f"O-{n}") for n in range(50)
    ]
    environ = aws.upload(orders_csv(*rows), "input/" + "ü" * 490)
    aws.validate(environ)
    summary = aws.rejected(environ, "summary.txt")
    assert len(summary) <= 8192
    assert summary.decode().endswith("execution run-1.\n")
    assert b"\x1b" not in summary


def test_the_log_has_the_first_findings_and_one_line_of_counts_last(aws: Aws) -> None:
    rows = [row_with("quantity", "0").replace("O-1", f"O-{n}") for n in range(100)]
    aws.validate(aws.upload(orders_csv(*rows)))
    assert sum(line["level"] == "WARNING" for line in aws.log) == 20
    last = aws.log[-1]
    assert (last["level"], last["message"]) == ("ERROR", "rejected")
    assert last["counts"] == {"bad_quantity": 100}
    assert {line["execution_id"] for line in aws.log} == {"run-1"}
