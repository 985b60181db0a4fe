"""What the validator rejects: every kind of bad file has its rule, its place and its advice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.ecs.support import GOOD_ROW, HEADER, INPUT, INVALID, REFERENCE, Aws, orders_csv, row_with


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


MIB = 1024 * 1024


def findings_of(aws: Aws, body: bytes) -> list[dict[str, Any]]:
    """Return the findings of a file that must be rejected, with nothing of it published."""
    environ = aws.upload(body)
    assert aws.validate(environ) == 65
    assert aws.keys("cleaned/") == aws.keys("handoff/") == []
    found: list[dict[str, Any]] = aws.report(environ)["findings"]
    return found


def rules_of(aws: Aws, body: bytes) -> list[tuple[str, int | None]]:
    """Return the rules a file breaks, each with its line."""
    return [(finding["rule"], finding["line"]) for finding in findings_of(aws, body)]


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"\n\r\n\n"])
def test_a_file_with_nothing_in_it_is_empty(aws: Aws, body: bytes) -> None:
    assert rules_of(aws, body) == [("empty_file", None)]


@pytest.mark.parametrize("body", [HEADER.encode(), orders_csv(), orders_csv("", "")])
def test_a_header_alone_has_no_rows(aws: Aws, body: bytes) -> None:
    assert rules_of(aws, body) == [("no_rows", None)]


def test_a_version_that_is_gone_is_named_so(aws: Aws) -> None:
    environ = aws.upload(orders_csv(GOOD_ROW))
    aws.s3.delete_object(Bucket=INPUT, Key="input/orders.csv", VersionId=environ["S3_INPUT_VERSION"])
    assert aws.validate(environ) == 65
    assert aws.report(environ)["counts"]["by_rule"] == {"object_gone": 1}


def header_findings(aws: Aws, header: str) -> list[tuple[str, str | None, str | None]]:
    found = findings_of(aws, orders_csv(GOOD_ROW, header=header))
    return [(finding["rule"], finding["column"], finding["value"]) for finding in found]


def test_a_missing_column_is_named(aws: Aws) -> None:
    header = HEADER.replace(",quantity", "")
    assert header_findings(aws, header) == [("missing_column", "quantity", None)]


def test_an_extra_column_is_named(aws: Aws) -> None:
    assert header_findings(aws, HEADER + ",remark") == [("unknown_column", None, "remark")]


def test_a_column_that_stands_twice_is_named_once(aws: Aws) -> None:
    assert header_findings(aws, HEADER + ",quantity") == [("duplicate_column", "quantity", "quantity")]


@pytest.mark.parametrize(
    "name", ["Order_ID", "orderid", "order id", " order_id", "\u200border_id", "ordr_id"]
)
def test_a_renamed_column_gets_the_name_that_was_meant(aws: Aws, name: str) -> None:
    assert header_findings(aws, HEADER.replace("order_id", name)) == [("renamed_column", "order_id", name)]


def test_the_advice_on_a_renamed_column_asks_whether_it_was_meant(aws: Aws) -> None:
    body = orders_csv(GOOD_ROW, header=HEADER.replace("unit_price", "price"))
    assert findings_of(aws, body)[0]["advice"].startswith("Did you mean unit_price?")


def test_all_faults_of_a_header_are_named_at_once(aws: Aws) -> None:
    header = "order_id,order_id,Customer,order_date,category,product_id,quantity,unit_price,remark"
    assert {rule for rule, _, _ in header_findings(aws, header)} == {
        "duplicate_column",
        "renamed_column",
        "unknown_column",
        "missing_column",
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_told_to_be_saved_as_utf8(aws: Aws, encoding: str) -> None:
    body = orders_csv(GOOD_ROW).decode().encode(encoding)
    assert rules_of(aws, body) == [("wrong_encoding", 1)]


def test_lines_that_end_in_cr_alone_are_no_lines(aws: Aws) -> None:
    body = orders_csv(GOOD_ROW, GOOD_ROW)
    assert rules_of(aws, body.replace(b"\n", b"\r")) == [("bare_carriage_return", 1)]


def test_a_cr_inside_a_row_is_found_where_it_is(aws: Aws) -> None:
    body = orders_csv(GOOD_ROW, GOOD_ROW.replace("O-1", "O-2") + "\r" + GOOD_ROW)
    assert rules_of(aws, body) == [("bare_carriage_return", 3)]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (b"O-2,C-\xff,2025-07-01,Books,P-1,2,10.50,false", "invalid_utf8"),
        (b"O-2,C-\xc3,2025-07-01,Books,P-1,2,10.50,false", "invalid_utf8"),
        (b"O-2,C-\xed\xa0\x80,2025-07-01,Books,P-1,2,10.50,false", "invalid_utf8"),
        (b"O-2,C-\0,2025-07-01,Books,P-1,2,10.50,false", "nul_character"),
        (b"O-2,C-1,2025-07-01,Books,P-1,2,10.50", "field_count"),
        (b"O-2,C-1,2025-07-01,Books,P-1,2,10.50,false,", "field_count"),
        (b"O-2,C-1,2025-07-01,Books,P-1,2,10.50,false,more", "field_count"),
        (b" ", "field_count"),
        (b'O-2,a"b,2025-07-01,Books,P-1,2,10.50,false', "bad_quotes"),
        (b'O-2,"a"b,2025-07-01,Books,P-1,2,10.50,false', "bad_quotes"),
        (b'O-2, "a",2025-07-01,Books,P-1,2,10.50,false', "bad_quotes"),
        (b'O-2,"a" ,2025-07-01,Books,P-1,2,10.50,false', "bad_quotes"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_no_other(aws: Aws, row: bytes, rule: str) -> None:
    last = GOOD_ROW.replace("O-1", "O-3").replace("false", "perhaps").encode()
    body = orders_csv(GOOD_ROW) + row + b"\n" + last + b"\n"
    assert rules_of(aws, body) == [(rule, 3), ("bad_boolean", 4)]


def test_lines_are_counted_through_quoted_line_ends_and_empty_lines(aws: Aws) -> None:
    rows = [GOOD_ROW.replace("C-1", '"a\nb\nc"'), "", GOOD_ROW.replace("O-1", "O-2").replace("Books", "Boks")]
    found = findings_of(aws, orders_csv(*rows))
    assert [(f["rule"], f["line"], f["record"]) for f in found] == [("unknown_category", 6, 2)]


def test_an_unclosed_quote_is_named_by_the_line_it_opens_on(aws: Aws) -> None:
    body = orders_csv(GOOD_ROW, GOOD_ROW.replace("C-1", '"C-1'), GOOD_ROW, GOOD_ROW)
    assert rules_of(aws, body) == [("unclosed_quote", 3)]


def test_an_unclosed_quote_in_the_header_is_named(aws: Aws) -> None:
    assert rules_of(aws, b'"' + orders_csv(GOOD_ROW)) == [("unclosed_quote", 1)]


def test_a_field_of_5_mb_is_too_long_and_the_row_after_it_is_judged(aws: Aws) -> None:
    rows = GOOD_ROW.replace("C-1", "x" * (5 * MIB)), GOOD_ROW.replace("Books", "Boks")
    assert rules_of(aws, orders_csv(*rows)) == [("record_too_long", 2), ("unknown_category", 3)]


def test_a_quoted_field_of_5_mb_with_lines_in_it_is_too_long_and_the_row_after_it_is_judged(aws: Aws) -> None:
    lines = ("x" * 1019 + '""y,\n') * (5 * 1024)
    rows = GOOD_ROW.replace("C-1", f'"{lines}"'), GOOD_ROW.replace("Books", "Boks")
    assert rules_of(aws, orders_csv(*rows)) == [("record_too_long", 2), ("unknown_category", 3 + 5 * 1024)]


@pytest.mark.parametrize(
    ("column", "values", "rule"),
    [
        (
            "quantity",
            ["0", "-1", "1e3", " 5", "5 ", "+5", "1_000", "NaN", "\uff15", "1.0", "01", "1000000000", "x"],
            "bad_quantity",
        ),
        (
            "unit_price",
            [
                "1e3",
                " 5",
                "+5",
                "-5",
                "1_000",
                "NaN",
                "Infinity",
                "\uff15",
                "05",
                ".5",
                "5.",
                "1000000000000",
                "$5",
            ],
            "bad_price",
        ),
        ("unit_price", ["0", "0.0", "0.000000"], "price_not_positive"),
        ("unit_price", ["1.0000000", "0.1234567"], "too_many_decimals"),
        (
            "order_date",
            ["2025-02-30", "2025-13-01", "2025-7-1", "01.07.2025", "2025/07/01", "20250701"],
            "bad_date",
        ),
        (
            "order_date",
            ["1969-12-31", "2200-01-01", "2025-07-01T00:00:00", "\uff12\uff10\uff12\uff15-07-01", "today"],
            "bad_date",
        ),
        ("category", ["Boks", "books", "Books ", "Unheard Of"], "unknown_category"),
        ("returned", ["yes", "0", "true ", "f", "\uff54rue"], "bad_boolean"),
        ("order_id", ["x" * 129, "ü" * 129], "too_long"),
        ("customer_id", ["x" * 129], "too_long"),
        ("product_id", ["x" * 129], "too_long"),
        *(
            (column, ["", " ", "\t", "\u00a0", "\u3000 ", "\x1c", "\x85", "\ufeff "], "empty_value")
            for column in HEADER.split(",")
        ),
    ],
)
def test_a_value_outside_of_its_grammar_is_found(aws: Aws, column: str, values: list[str], rule: str) -> None:
    rows = [row_with(column, value).replace("O-1", f"O-{n}") for n, value in enumerate(values)]
    found = findings_of(aws, orders_csv(*rows))
    expected = [(rule, column, n + 2, n + 1) for n in range(len(values))]
    assert [(f["rule"], f["column"], f["line"], f["record"]) for f in found] == expected


def test_a_cell_with_a_line_end_after_its_digits_is_no_number(aws: Aws) -> None:
    assert rules_of(aws, orders_csv(row_with("quantity", '"2\n"'))) == [("bad_quantity", 2)]


def test_a_misspelt_category_gets_the_one_that_was_meant(aws: Aws) -> None:
    found = findings_of(aws, orders_csv(row_with("category", "electronic")))
    assert found[0]["advice"].startswith("Did you mean Electronics?")


def test_a_category_that_resembles_none_gets_no_suggestion(aws: Aws) -> None:
    found = findings_of(aws, orders_csv(row_with("category", "Zzz")))
    assert found[0]["advice"].startswith("Categories must be")


def test_a_second_order_of_one_id_names_the_line_of_the_first(aws: Aws) -> None:
    rows = GOOD_ROW, GOOD_ROW.replace("O-1", "O-2"), GOOD_ROW, GOOD_ROW.replace("O-1", "o-1")
    found = findings_of(aws, orders_csv(*rows))
    assert [(f["rule"], f["line"]) for f in found] == [("duplicate_order_id", 4)]
    assert "on line 2" in found[0]["advice"]


def test_all_faults_of_a_row_are_found_at_once(aws: Aws) -> None:
    row = "O-1,C-1,2025-02-30,Boks,P-1,0,0,maybe"
    rules = [rule for rule, _ in rules_of(aws, orders_csv(row))]
    assert rules == ["bad_date", "unknown_category", "bad_quantity", "price_not_positive", "bad_boolean"]


SHELVES = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "shelves",
    "x-version": "3",
    "type": "object",
    "properties": {
        "shelf": {
            "type": "string",
            "description": "A shelf",
            "allOf": [{"pattern": "^[A-Z]$(?!\\n)", "x-rule": "bad_shelf", "x-advice": "Write one letter."}],
            "x-unique": {"x-rule": "shelf_twice", "x-advice": "It stands on line {first_line} already."},
        },
        "room": {
            "type": "string",
            "description": "Where it stands",
            "allOf": [{"enum": ["Hall", "Kitchen"], "x-rule": "bad_room", "x-advice": "One of {expected}."}],
        },
    },
    "required": ["shelf", "room"],
    "additionalProperties": False,
}


def shelves(aws: Aws, body: bytes) -> dict[str, str]:
    """Upload a file that another contract judges, which asks for no reference list."""
    aws.s3.put_object(Bucket=REFERENCE, Key="shelves.json", Body=json.dumps(SHELVES).encode())
    environ = {**aws.upload(body), "CONTRACT_URI": f"s3://{REFERENCE}/shelves.json"}
    del environ["REFERENCE_URI"]
    return environ


def test_another_file_is_rejected_by_another_contract_alone(aws: Aws) -> None:
    environ = shelves(aws, b"room,shelf\nHall,A\nCellar,b\nKitchen,A\n")
    assert aws.validate(environ) == 65
    report = aws.report(environ)
    assert (report["contract"]["name"], report["contract"]["version"]) == ("shelves", "3")
    assert report["reference"] is None
    assert [(f["rule"], f["line"], f["advice"]) for f in report["findings"]] == [
        ("bad_shelf", 3, "Write one letter."),
        ("bad_room", 3, "One of Hall, Kitchen."),
        ("shelf_twice", 4, "It stands on line 2 already."),
    ]


def test_another_file_is_accepted_by_another_contract_and_cleaned_into_its_order_of_columns(aws: Aws) -> None:
    environ = shelves(aws, b'room,shelf\r\n"Hall",A\r\nKitchen,B\r\n')
    assert aws.validate(environ) == 0
    assert aws.read("cleaned/input/orders.csv") == b"shelf,room\nA,Hall\nB,Kitchen\n"


def test_the_invalid_sample_is_rejected_for_what_is_wrong_on_each_line(aws: Aws) -> None:
    assert rules_of(aws, INVALID) == [
        ("unknown_category", 3),
        ("bad_date", 4),
        ("bad_quantity", 5),
        ("empty_value", 6),
        ("bad_price", 7),
        ("duplicate_order_id", 8),
        ("bad_boolean", 9),
        ("field_count", 10),
        ("bad_quantity", 11),
        ("bad_price", 11),
        ("bad_boolean", 11),
    ]
