"""A file judged block by block is judged as a slow and simple reference judges it."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.contract import Contract, parse_contract
from common.records import write_record
from common.stages import Stages
from tests.unit.ecs.hostile import CATEGORIES, hostile_file
from tests.unit.ecs.reference_judge import Found, ReferenceJudge, plain_header
from tests.unit.ecs.support import GOOD_ROW, HEADER, ROOT, FakeClock, orders_csv, row_with
from validator.blocks import Blocks, ReadAhead
from validator.cleaning import write_cleaned
from validator.inspection import Inspector
from validator.judge import Judge
from validator.look import Inspection
from validator.twins import Twins

SCHEMA: dict[str, Any] = json.loads((ROOT / "data/contracts/orders.schema.json").read_bytes())
ORDERS = parse_contract((ROOT / "data/contracts/orders.schema.json").read_bytes())
#: Blocks of a row or two, with many a row that is longer; blocks of some rows; one for the whole file.
BLOCKS = (100, 700, 1024 * 1024)
SMALL = 10**9


def inspect(
    folder: Path, body: bytes, contract: Contract = ORDERS, *, small: int = 0, block: int = 700
) -> Inspection:
    names = frozenset(CATEGORIES) if contract.reference else None
    inspector = Inspector(
        Judge(contract, names), folder, Stages(FakeClock()), seed=7, small=small, block=block
    )
    return inspector.inspect(lambda: io.BytesIO(body), len(body))


def found_in(inspection: Inspection) -> list[Found]:
    return [Found(f.rule, f.line, f.record, f.column) for f in inspection.tally.first]


def cleaned(body: bytes, block: int) -> bytes:
    out = io.BytesIO()
    write_cleaned(Blocks(io.BytesIO(body).read, block), ORDERS.names, out)
    return out.getvalue()


def assert_judged_as_the_reference_does(
    folder: Path, body: bytes, *, small: int = 0, block: int = 700
) -> Inspection:
    expected = ReferenceJudge(SCHEMA, CATEGORIES).file(body)
    inspection = inspect(folder, body, small=small, block=block)
    assert plain_header(found_in(inspection)) == plain_header(expected.findings)[:1000]
    assert inspection.tally.total == len(expected.findings) or not expected.rows
    assert (inspection.rows, inspection.rows_rejected) == (expected.rows, expected.rows_rejected)
    if not expected.findings:
        clean = write_record(ORDERS.names) + b"".join(map(write_record, expected.good))
        assert inspection.is_clean == (body == clean)
        assert cleaned(body, block) == clean
    return inspection


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("seed", range(8))
def test_a_hostile_file_is_judged_as_the_reference_judges_it(tmp_path: Path, seed: int, block: int) -> None:
    assert_judged_as_the_reference_does(tmp_path, hostile_file(seed, 120), block=block)


@pytest.mark.parametrize("seed", range(8))
def test_a_small_file_is_judged_as_the_reference_judges_it(tmp_path: Path, seed: int) -> None:
    assert_judged_as_the_reference_does(tmp_path, hostile_file(seed, 120), small=SMALL)


@pytest.mark.parametrize("count", [4_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_many_hostile_rows_are_judged_as_the_reference_judges_them(tmp_path: Path, count: int) -> None:
    size = 1_600  # so few that every finding is among the first thousand, which are compared one by one
    sifted = rows = 0
    for seed in range(1000, 1000 + count // size):
        inspection = assert_judged_as_the_reference_does(tmp_path, hostile_file(seed, size), block=64 * 1024)
        assert inspection.tally.total <= 1000
        sifted += inspection.rows_sifted
        rows += inspection.rows
    assert 0.1 < sifted / rows < 0.6, "the sieve must be sure of some, and may not be of all"


FRAGMENTS = st.sampled_from(
    [
        *(GOOD_ROW.encode(), GOOD_ROW.replace("O-1", "O-2").encode(), row_with("returned", "x").encode()),
        *(b'"O-1"', b"C-1", b"2024-02-29", b"Books", b"P-1", b"2", b"10.50", b"false", b"0.99"),
        *(
            b",",
            b",",
            b'"',
            b'""',
            b"\n",
            b"\n",
            b"\r\n",
            b"\r",
            b"\n\n",
            b" ",
            b"\0",
            b"\xff",
            b"\xef\xbb\xbf",
        ),
        *(b'"a\nb"', b'"two\r\nlines"', b'a"b', "\u00fc".encode(), b"\x85", b"\x1c"),
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FRAGMENTS, max_size=30), st.integers(1, 300))
@example([b"\xef\xbb\xbf", GOOD_ROW.encode(), b"\n"], 300)
@example([b'"never closed,', GOOD_ROW.encode(), b"\n", GOOD_ROW.encode(), b"\n"], 100)
@example([GOOD_ROW.encode(), b"\r\r\n", GOOD_ROW.encode(), b"\r"], 300)
def test_any_bytes_are_judged_as_the_reference_judges_them(
    tmp_path: Path, fragments: list[bytes], block: int
) -> None:
    body = HEADER.encode() + b"\n" + b"".join(fragments)
    assert_judged_as_the_reference_does(tmp_path, body, block=block)
    assert_judged_as_the_reference_does(tmp_path, body, small=SMALL)


def rows(count: int, row: str = GOOD_ROW) -> list[str]:
    return [row.replace("O-1", f"O-{n}") for n in range(count)]


@pytest.mark.parametrize(
    "body",
    [
        orders_csv(*rows(100)),
        orders_csv(*rows(100)).replace(b"\n", b"\r\n"),
        orders_csv(*rows(100, ",".join(f'"{cell}"' for cell in GOOD_ROW.split(",")))),
        orders_csv(*rows(100, row_with("unit_price", "0.99"))),
        orders_csv(*rows(100, row_with("customer_id", "M\u00fcller"))),
        orders_csv(*rows(100, row_with("order_date", "2024-02-29"))),
        orders_csv(
            *rows(100, ",".join(reversed(GOOD_ROW.split(",")))), header=",".join(reversed(HEADER.split(",")))
        ),
    ],
    ids=["clean", "CRLF", "all quoted", "price under 1", "not ASCII, but often", "leap day", "other order"],
)
def test_what_everyday_files_hold_is_sifted(
    tmp_path: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validator.sieve._FEW", 1)
    inspection = inspect(tmp_path, body, block=10**6)
    assert inspection.tally.total == 0
    # The record behind each block, here the first one's first, is judged by itself.
    assert inspection.rows_sifted >= 98


def test_the_sieve_is_sure_of_every_day_of_the_calendar_and_of_nothing_else(tmp_path: Path) -> None:
    days = [f"{y}-{m:02}-{d:02}" for y in (2000, 2023, 2024, 2100) for m in range(14) for d in range(33)]
    body = orders_csv(*(row_with("order_date", day).replace("O-1", f"O-{i}") for i, day in enumerate(days)))
    inspection = assert_judged_as_the_reference_does(tmp_path, body, block=10**6)
    assert inspection.rows - inspection.rows_rejected == 366 + 365 + 366 + 365
    assert inspection.rows_sifted >= 1400


def test_many_values_of_a_kind_that_no_expression_knows_are_judged_one_by_one(tmp_path: Path) -> None:
    body = orders_csv(*(GOOD_ROW.replace("O-1", f"O-{n}").replace("C-1", f"\u00fc{n}") for n in range(2000)))
    inspection = assert_judged_as_the_reference_does(tmp_path, body, block=20_000)
    assert inspection.rows_sifted < 1000


@pytest.mark.parametrize("block", BLOCKS)
def test_an_id_that_stands_twice_is_found_however_far_apart(tmp_path: Path, block: int) -> None:
    body = orders_csv(*rows(500), *rows(1), row_with("quantity", "0"), row_with("order_id", "O-499"))
    found = found_in(assert_judged_as_the_reference_does(tmp_path, body, block=block))
    assert [(f.rule, f.line) for f in found] == [
        ("duplicate_order_id", 502),
        ("duplicate_order_id", 503),
        ("bad_quantity", 503),
        ("duplicate_order_id", 504),
    ]


@pytest.mark.parametrize("body", [orders_csv(*rows(300)), orders_csv(*rows(150), *rows(150))])
def test_texts_with_one_hash_are_told_apart(
    tmp_path: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_alike(texts: Any, _seed: int) -> Any:
        return np.full(len(texts), 7, np.uint64)

    monkeypatch.setattr("validator.sieve.hashes_of", all_alike)
    monkeypatch.setattr("validator.twins.hashes_of", all_alike)
    assert_judged_as_the_reference_does(tmp_path, body)


def test_twins_are_found_where_the_steps_of_the_search_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validator.twins._STEP", 4)
    monkeypatch.setattr("validator.twins._ROOM", 3)
    rng = random.Random(5)  # noqa: S311 - the same every time, on purpose
    for _ in range(200):
        hashes = [rng.randrange(30) for _ in range(rng.randrange(40))]
        twins = Twins(seed=1)
        for start in range(0, len(hashes), 7):
            twins.add(np.array(hashes[start : start + 7], np.uint64))
        assert set(twins.find().tolist()) == {h for h, times in Counter(hashes).items() if times > 1}


def test_a_row_longer_than_a_block_is_judged_like_any_other(tmp_path: Path) -> None:
    long = '"' + 'two\n""lines' * 60 + '"'
    body = orders_csv(
        GOOD_ROW, *(row_with("customer_id", long).replace("O-1", f"O-{n}") for n in range(2, 9))
    )
    assert_judged_as_the_reference_does(tmp_path, body, block=100)


@pytest.mark.parametrize("small", [0, SMALL])
def test_a_row_over_a_mebibyte_is_a_finding_and_the_rest_is_judged(tmp_path: Path, small: int) -> None:
    contract = parse_contract(
        (ROOT / "data/contracts/orders.schema.json").read_bytes().replace(b"128", b"9999999")
    )
    body = orders_csv(GOOD_ROW, row_with("customer_id", "x" * 2**20), row_with("order_id", "O-3"))
    inspection = inspect(tmp_path, body, small=small, block=4 * 2**20, contract=contract)
    assert [(f.rule, f.line) for f in inspection.tally.first] == [("record_too_long", 3)]
    assert (inspection.rows, inspection.left_out) == (3, 1)


def test_another_contract_is_sifted_as_well(tmp_path: Path) -> None:
    columns = {
        "sku": {"pattern": "^[A-Z]{2}[0-9, ]+$(?!\\n)"},
        "day": {"format": "date"},
        "note": {"maxLength": 5},
    }
    contract = parse_contract(json.dumps(contract_of(columns)).encode())
    good = "".join(f"AB{n},2025-01-31,n{n}\n" for n in range(300))
    bad = 'AB1 ,2025-02-29,\n"AB1,2",2025-02-28,"a,b"\nAB,2025-02-28,\nAB7,2025-02-28,longer\n'
    inspection = inspect(tmp_path, f"sku,day,note\n{good}{bad}".encode(), block=10**6, contract=contract)
    found = [(f.column, f.record) for f in inspection.tally.first]
    assert found == [("day", 301), ("sku", 303), ("note", 304)]
    assert inspection.rows_sifted == 300


@pytest.mark.parametrize("before", [[], ["note"]])
def test_an_id_is_found_twice_wherever_its_column_stands(tmp_path: Path, before: list[str]) -> None:
    document = contract_of({name: {"maxLength": 9} for name in [*before, "id"]})
    document["properties"]["id"]["x-unique"] = {"x-rule": "twice", "x-advice": "As on {first_line}."}
    contract = parse_contract(json.dumps(document).encode())
    cells = [*(f"id{n}" for n in range(40)), "id7", '"id8"', '"id,"', "ü", "ü", '"id,"', "id,"]
    body = "".join(",".join([*before, cell]) + "\n" for cell in ["id", *cells])
    inspection = inspect(tmp_path, body.encode(), block=100, contract=contract)
    found = [(f.rule, f.record) for f in inspection.tally.first]
    assert found == [("twice", 41), ("twice", 42), ("twice", 45), ("twice", 46), ("field_count", 47)]
    assert inspection.rows_sifted > 20


def contract_of(columns: dict[str, Any]) -> dict[str, Any]:
    rule = {"x-rule": "bad", "x-advice": "Mend it."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "any",
        "x-version": "1",
        "type": "object",
        "properties": {
            name: {"type": "string", "description": "A column", "allOf": [{**check, **rule}]}
            for name, check in columns.items()
        },
        "required": list(columns),
        "additionalProperties": False,
    }


def test_a_small_file_does_not_pay_for_the_import_of_the_sieve() -> None:
    code = """
import sys
from validator import validator
assert "validator.inspection" in sys.modules
assert not {"polars", "numpy"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "ecs", check=True, timeout=60)


class Body(io.BytesIO):
    """A body that breaks after so many bytes."""

    def __init__(self, found: bytes, breaks: bool = False) -> None:
        super().__init__(found)
        self.breaks = breaks

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if self.breaks and not found:
            raise ConnectionResetError("by the test")
        return found


def test_what_is_read_ahead_is_what_is_there_and_ends() -> None:
    found = bytes(range(256)) * 40
    ahead = ReadAhead(Body(found), piece=1000)
    pieces = []
    while piece := ahead.read(300):
        pieces.append(piece)
    assert b"".join(pieces) == found
    assert ahead.read(300) == b""


def test_what_breaks_ahead_is_raised_where_it_would_have_been_read() -> None:
    ahead = ReadAhead(Body(b"some", breaks=True), piece=1000)
    assert ahead.read(10) == b"some"
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            ahead.read(10)


def test_a_body_that_is_closed_early_is_read_no_further() -> None:
    body = Body(b"x" * 100_000)
    threads = threading.active_count()
    ahead = ReadAhead(body, piece=10)
    assert ahead.read(5) == b"xxxxx"
    ahead.close()
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and threading.active_count() > threads:
            thread.join(5)
    assert threading.active_count() <= threads
    assert body.closed
