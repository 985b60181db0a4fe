"""What a contract means is what the jsonschema library says of a row: verdict, column and rule."""

from __future__ import annotations

import io
import json
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from common.contract import Contract, parse_contract
from common.orders import COLUMNS
from common.records import read_records
from tests.unit.ecs.hostile import CATEGORIES, CELLS, hostile_file, hostile_rows
from tests.unit.ecs.reference_judge import Cut, ReferenceJudge, cut
from tests.unit.ecs.support import ROOT
from validator.judge import Judge

#: Drawing texts from expressions takes long on a busy machine; what they show does not depend on that.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DOCUMENTS = sorted((ROOT / "data/contracts").glob("*.json"))
SCHEMA: dict[str, Any] = json.loads((ROOT / "data/contracts/orders.schema.json").read_bytes())
ORDERS = parse_contract((ROOT / "data/contracts/orders.schema.json").read_bytes())
REFERENCE = ReferenceJudge(SCHEMA, CATEGORIES)
WHOLE_ROW = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def verdict_of(judge: Judge, row: list[str]) -> dict[str | None, str]:
    return {finding.column: finding.rule for finding in judge.row(row, 2, 1)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.name))
def test_a_published_schema_keeps_to_the_metaschema(path: Any) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_bytes()))


def test_a_row_is_valid_to_jsonschema_when_its_cells_are() -> None:
    for row in hostile_rows(9, 2000):
        errors = WHOLE_ROW.iter_errors(dict(zip(COLUMNS, row, strict=True)))
        broken = {str(error.path[0]) for error in errors}
        known = {name for name, rule in REFERENCE.cells(row).items() if rule != "unknown_category"}
        assert broken == known, row


def test_jsonschema_wants_every_column_and_no_other() -> None:
    row = dict(zip(COLUMNS, next(iter(hostile_rows(1, 1))), strict=True))
    assert WHOLE_ROW.is_valid(row)
    assert not WHOLE_ROW.is_valid({**row, "remark": ""})
    assert not any(WHOLE_ROW.is_valid({k: v for k, v in row.items() if k != name}) for name in COLUMNS)


@pytest.mark.parametrize("count", [2_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_rows_of_hostile_cells_are_judged_as_jsonschema_judges_them(count: int) -> None:
    judge = Judge(ORDERS, frozenset(CATEGORIES))
    rejected = 0
    for row in hostile_rows(count, count):
        expected = REFERENCE.cells(row)
        assert verdict_of(judge, row) == expected, row
        rejected += bool(expected)
    assert 0.2 < rejected / count < 0.6, "the rows say little when nearly all of them are bad, or good"


@pytest.mark.parametrize("column", COLUMNS)
def test_every_hostile_cell_is_judged_alike_in_every_column(column: str) -> None:
    judge = Judge(ORDERS, frozenset(CATEGORIES))
    good = next(row for row in hostile_rows(1, 100) if not REFERENCE.cells(row))
    for cell in CELLS:
        row = [cell if name == column else kept for name, kept in zip(COLUMNS, good, strict=True)]
        assert verdict_of(judge, row) == REFERENCE.cells(row), cell


TEXT = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="0123456789.-+_e \n\u0665\uff15", max_size=16),
    *(st.from_regex(c.checks[-1].patterns[0]) for c in ORDERS.columns if c.checks and c.checks[-1].patterns),
)


@settings(CALM, max_examples=150)
@given(st.lists(TEXT, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_text_is_judged_as_jsonschema_judges_it(row: list[str]) -> None:
    assert verdict_of(Judge(ORDERS, frozenset(CATEGORIES)), row) == REFERENCE.cells(row)


CERTAIN = {column.name: column.certain for column in ORDERS.columns if column.certain}


def test_the_columns_of_many_distinct_values_have_a_certain_expression() -> None:
    assert CERTAIN.keys() == {"order_id", "customer_id", "product_id", "quantity", "unit_price", "returned"}


@pytest.mark.parametrize("name", CERTAIN)
@settings(CALM, max_examples=200)
@given(st.data())
def test_a_cell_that_is_certain_to_be_valid_is_valid(name: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(CERTAIN[name] or "", fullmatch=True))
    assert Judge(ORDERS, frozenset(CATEGORIES)).is_fine(COLUMNS.index(name), text)


@pytest.mark.parametrize("name", CERTAIN)
def test_hardly_a_valid_cell_of_everyday_misses_its_certain_expression(name: str) -> None:
    at = COLUMNS.index(name)
    cells = [row[at] for row in hostile_rows(3, 400) if not REFERENCE.cells(row) and row[at].isascii()]
    missed = [cell for cell in cells if not re.fullmatch(CERTAIN[name] or "", cell)]
    assert not [cell for cell in missed if cell.isprintable() and not cell.startswith(("0.", " "))]


@pytest.mark.parametrize("name", CERTAIN)
def test_a_certain_expression_means_the_same_to_the_engine_that_sorts_cells_with_it(name: str) -> None:
    polars = pytest.importorskip("polars")
    rng = random.Random(4)  # noqa: S311 - the same every time, on purpose
    cells = [*CELLS, *(cell for row in hostile_rows(4, 500) for cell in row)]
    cells += [
        "".join(rng.choices("0123456789.eE truefalsTRUEFALS~!", k=rng.randint(1, 6))) for _ in range(2000)
    ]
    matched = polars.Series(cells).str.contains(f"^(?:{CERTAIN[name]})$").to_list()
    assert matched == [bool(re.fullmatch(CERTAIN[name] or "", cell)) for cell in cells]


def cut_by_ours(body: bytes) -> list[Cut]:
    return [
        Cut(r.line, r.raw if r.is_whole else b"", list(r.fields), r.fault.name if r.fault else None)
        for r in read_records(io.BytesIO(body))
    ]


def cut_by_reference(body: bytes) -> list[Cut]:
    """Leave out what nobody sees: the cells of what could not be read, and a record that has no end."""
    return [
        Cut(found.line, b"" if found.fault == "unclosed_quote" else found.raw, [], found.fault)
        if found.fault
        else found
        for found in cut(body)
    ]


@settings(CALM, max_examples=500)
@given(st.text(alphabet='a,"\n\r\0é', max_size=40), st.sampled_from([b"", b"\xff", b"\xef\xbb\xbf"]))
@example('a"x\ry"b', b"")
@example('"a"\rb"c"', b"")
def test_a_file_is_cut_into_the_same_records_by_a_machine_of_single_bytes(text: str, more: bytes) -> None:
    for body in (text.encode() + more, more + text.encode()):
        assert cut_by_ours(body) == cut_by_reference(body)


@pytest.mark.parametrize("seed", range(30))
def test_a_hostile_file_is_cut_into_the_same_records(seed: int) -> None:
    body = hostile_file(seed, 60)
    assert cut_by_ours(body) == cut_by_reference(body)


def test_hostile_files_come_in_every_kind() -> None:
    kinds = {found.rule for seed in range(150) for found in REFERENCE.file(hostile_file(seed, 15)).findings}
    assert kinds >= {
        *("field_count", "bad_quotes", "bare_carriage_return", "invalid_utf8", "nul_character"),
        *("unclosed_quote", "missing_column", "unknown_column", "duplicate_column"),
        *("empty_value", "too_long", "duplicate_order_id", "bad_date", "unknown_category", "bad_quantity"),
        *("bad_price", "too_many_decimals", "price_not_positive", "bad_boolean"),
    }
    assert any(not REFERENCE.file(hostile_file(seed, 1)).findings for seed in range(60))


def contract_of(*checks: dict[str, Any]) -> Contract:
    column = {"type": "string", "description": "A column", "allOf": list(checks)}
    return parse_contract(json.dumps(schema_of(column)).encode())


def schema_of(column: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "any",
        "x-version": "1",
        "type": "object",
        "properties": {"column": column},
        "required": ["column"],
        "additionalProperties": False,
    }


PATTERNS = st.sampled_from(
    [
        "^a+$",
        "a",
        "^[a-c]{2,4}$",
        "^(?:a|b)c?$",
        "b$",
        "^$",
        "[^a]",
        "^(?:a|bc|c{1,2})[ab]?$",
        "c.a",
        "^a|b$",
        "\\d",
    ]
)
CHECKS = st.one_of(
    PATTERNS.map(lambda p: {"pattern": p}),
    PATTERNS.map(lambda p: {"not": {"pattern": p}}),
    st.integers(0, 4).map(lambda n: {"minLength": n}),
    st.integers(0, 5).map(lambda n: {"maxLength": n}),
    st.lists(st.text("abc", max_size=4), min_size=1, max_size=4).map(lambda texts: {"enum": texts}),
    st.text("abc", max_size=3).map(lambda text: {"const": text}),
    st.just({"format": "date"}),
)


@settings(CALM, max_examples=200)
@given(st.lists(CHECKS, max_size=4), st.lists(st.text("abc\né1", max_size=6), max_size=8), st.data())
def test_any_contract_is_read_as_jsonschema_reads_it(
    found: list[dict[str, Any]], texts: list[str], data: st.DataObject
) -> None:
    checks = [{**check, "x-rule": f"rule_{i}", "x-advice": "Mend it."} for i, check in enumerate(found)]
    contract = contract_of(*checks)
    reference = ReferenceJudge(schema_of({"type": "string", "description": "A column", "allOf": checks}))
    if certain := contract.columns[0].certain:
        texts = [*texts, data.draw(st.from_regex(certain, fullmatch=True))]
        assert not reference.cells([texts[-1]]), (certain, texts[-1])
    for text in (*texts, "2025-02-28", "2025-02-30"):
        assert verdict_of(Judge(contract, None), [text]) == reference.cells([text]), text
