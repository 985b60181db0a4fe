"""How a contract is read: what is understood, what is refused and how, and that another one needs no code."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from common.contract import ContractError, parse_contract
from common.exit_codes import WrongSettings
from tests.unit.ecs.reference_judge import ReferenceJudge
from tests.unit.ecs.support import ROOT
from validator.judge import Judge
from validator.reference import read_names

ORDERS = (ROOT / "data/contracts/orders.schema.json").read_bytes()


def check(rule: str, advice: str = "Mend it.", **constraints: Any) -> dict[str, Any]:
    return {**constraints, "x-rule": rule, "x-advice": advice}


def text(description: str, *checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, "allOf": list(checks), **more}


def contract(**columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "products",
        "x-version": "2026-11",
        "type": "object",
        "properties": columns,
        "required": list(columns),
        "additionalProperties": False,
    }


PRODUCTS = contract(
    product_id=text(
        "The product",
        check("bad_product_id", "Write P- and 4 digits.", pattern="^P-[0-9]{4}$(?!\\n)"),
        **{
            "x-unique": {"x-rule": "duplicate_product", "x-advice": "It stands on line {first_line} already."}
        },
    ),
    product_name=text(
        "Its name",
        check("empty_value", "A product has a name.", minLength=1),
        check("too_long", "A name has at most 40 characters, not {found}.", maxLength=40),
    ),
    category=text(
        "Its category", check("unknown_category", "Use one of {expected}.", enum=["Books", "Toys"])
    ),
    price=text("Its price", check("bad_price", pattern="^[0-9]+\\.[0-9]{2}$(?!\\n)")),
)


def problems_of(document: dict[str, Any] | bytes) -> list[str]:
    with pytest.raises(ContractError) as refused:
        parse_contract(document if isinstance(document, bytes) else json.dumps(document).encode())
    return refused.value.problems


def test_the_contract_of_orders_has_the_columns_in_their_order() -> None:
    orders = parse_contract(ORDERS)
    assert (orders.name, orders.version) == ("orders", "1")
    names = "order_id customer_id order_date category product_id quantity unit_price returned"
    assert orders.names == tuple(names.split())
    assert orders.unique == 0
    assert orders.reference is not None
    assert (orders.reference.column, orders.reference.rule.name) == ("category", "unknown_category")


def test_the_names_of_rules_stay_what_reports_call_them() -> None:
    rules = {check.rule.name for column in parse_contract(ORDERS).columns for check in column.checks}
    assert rules == {
        *("empty_value", "too_long", "bad_date", "bad_quantity", "bad_price"),
        *("too_many_decimals", "price_not_positive", "bad_boolean"),
    }
    assert [column.unique.name for column in parse_contract(ORDERS).columns if column.unique] == [
        "duplicate_order_id"
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["P-0001", "Maps", "Books", "24.50"], []),
        (["P-1", "", "Cars", "24,50"], ["bad_product_id", "empty_value", "unknown_category", "bad_price"]),
        (
            ["P-0001\n", "x" * 41, "books", "24.5"],
            ["bad_product_id", "too_long", "unknown_category", "bad_price"],
        ),
    ],
)
def test_another_file_is_judged_by_another_contract_alone(row: list[str], expected: list[str]) -> None:
    judge = Judge(parse_contract(json.dumps(PRODUCTS).encode()), None)
    assert [finding.rule for finding in judge.row(row, 2, 1)] == expected
    assert list(ReferenceJudge(PRODUCTS).cells(row).values()) == expected


def test_advice_tells_what_was_found_and_what_is_expected() -> None:
    judge = Judge(parse_contract(json.dumps(PRODUCTS).encode()), None)
    advice = [finding.advice for finding in judge.row(["P-0001", "x" * 41, "Cars", "1.00"], 2, 1)]
    assert advice == ["A name has at most 40 characters, not 41.", "Use one of Books, Toys."]


def test_a_finding_shows_the_beginning_of_a_long_value() -> None:
    judge = Judge(parse_contract(json.dumps(PRODUCTS).encode()), None)
    (finding,) = judge.row(["P-0001", "x" * 500, "Books", "1.00"], 7, 6)
    assert (finding.line, finding.record, finding.column) == (7, 6, "product_name")
    assert finding.value == "x" * 80 + "…"


def test_a_judge_remembers_a_bounded_number_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validator.judge._REMEMBERED", 100)
    judge = Judge(parse_contract(json.dumps(PRODUCTS).encode()), None)
    for number in range(1000):
        assert judge.is_fine(3, f"{number}.00")
        assert judge.is_fine(1, f"{number}" * 60) == (len(f"{number}" * 60) <= 40)
    assert max(len(known) for known in judge._remembered) <= 100


def test_a_judge_without_the_list_that_its_contract_asks_for_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the list"):
        Judge(parse_contract(ORDERS), None)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff{}", b'"orders"', b"[" * 100_000])
def test_what_is_no_json_object_is_no_contract(body: bytes) -> None:
    (problem,) = problems_of(body)
    assert problem.startswith("it is no JSON")


def test_a_key_that_stands_twice_is_refused_by_name() -> None:
    (problem,) = problems_of(ORDERS.replace(b'"customer_id": {', b'"order_id": {', 1))
    assert "a key stands twice: ['order_id']" in problem


def at(*path: str | int) -> Callable[[dict[str, Any]], Any]:
    def found(document: dict[str, Any]) -> Any:
        place: Any = document
        for step in path:
            place = place[step]
        return place

    return found


NAME, NAME_CHECK = at("properties", "product_name"), at("properties", "product_name", "allOf", 0)


@pytest.mark.parametrize(
    ("place", "change", "problem"),
    [
        (at(), {"$schema": "http://json-schema.org/draft-07/schema#"}, "contract: '$schema' must be"),
        (at(), {"type": "array"}, 'contract: \'type\' must be "object"; found "array"'),
        (at(), {"additionalProperties": True}, "contract: 'additionalProperties' must be false; found true"),
        (at(), {"additionalProperties": 0}, "contract: 'additionalProperties' must be false; found 0"),
        (at(), {"properties": {}}, "contract: 'properties' must name the columns"),
        (at(), {"required": ["price"]}, "contract: 'required' must list every column"),
        (at(), {"minProperties": 4}, "contract: the keyword 'minProperties' is not understood here"),
        (at(), {"x-version": 2}, "contract: 'x-version' must be text; found 2"),
        (at(), {"title": " "}, "contract: 'title' must be text"),
        (NAME, {"type": "number"}, "properties.product_name: 'type' must be \"string\""),
        (NAME, {"anyOf": []}, "properties.product_name: the keyword 'anyOf' is not understood here"),
        (NAME, {"pattern": "a"}, "properties.product_name: the keyword 'pattern' is not understood here"),
        (NAME, {"allOf": {}}, "properties.product_name: 'allOf' must be a list"),
        (NAME, {"allOf": ["a"]}, "properties.product_name.allOf[0]: must be an object"),
        (NAME, {"x-unique": True}, "properties.product_name.x-unique: must be an object"),
        (NAME, {"x-unique": check("twice")}, "contract: at most one column may have 'x-unique'"),
        (
            NAME,
            {"x-reference": check("not_there")},
            "properties.product_name.x-reference: 'column' is missing",
        ),
        (NAME_CHECK, {"multipleOf": 2}, "allOf[0]: the keyword 'multipleOf' is not understood here"),
        (NAME_CHECK, {"format": "email"}, 'allOf[0]: \'format\' must be "date"; found "email"'),
        (NAME_CHECK, {"pattern": "(["}, "allOf[0]: 'pattern' is no regular expression"),
        (NAME_CHECK, {"pattern": "a{99999999999999}"}, "allOf[0]: 'pattern' is no regular expression"),
        (NAME_CHECK, {"not": {"minLength": 3}}, "allOf[0]: 'not' must hold a 'pattern' and nothing else"),
        (NAME_CHECK, {"minLength": -1}, "allOf[0]: 'minLength' must be a whole number of characters"),
        (NAME_CHECK, {"maxLength": True}, "allOf[0]: 'maxLength' must be a whole number of characters"),
        (NAME_CHECK, {"enum": [1]}, "allOf[0]: 'enum' must hold text"),
        (NAME_CHECK, {"enum": []}, "allOf[0]: 'enum' must hold text"),
        (NAME_CHECK, {"const": None}, "allOf[0]: 'const' must hold text"),
        (NAME_CHECK, {"x-rule": "Bad Name"}, "allOf[0]: 'x-rule' must be small letters"),
        (NAME_CHECK, {"x-rule": "field_count"}, "and no rule about files and records; found 'field_count'"),
        (NAME_CHECK, {"x-advice": "{wat}"}, "allOf[0]: 'x-advice' may name {found} here; found {wat}"),
        (NAME_CHECK, {"x-advice": "{found.real}"}, "allOf[0]: 'x-advice' may name {found} here"),
        (NAME_CHECK, {"x-advice": "{found!r:>9}"}, "allOf[0]: 'x-advice' may name {found} here"),
        (NAME_CHECK, {"x-advice": "{"}, "allOf[0]: 'x-advice' has a brace that is not doubled"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    place: Callable[[dict[str, Any]], Any], change: dict[str, Any], problem: str
) -> None:
    document = json.loads(json.dumps(PRODUCTS))
    place(document).update(change)
    assert any(problem in found for found in problems_of(document)), problems_of(document)


@pytest.mark.parametrize("keyword", ["$schema", "title", "x-version", "type", "properties", "required"])
def test_what_is_missing_is_named(keyword: str) -> None:
    found = problems_of({name: value for name, value in PRODUCTS.items() if name != keyword})
    assert f"contract: {keyword!r} is missing" in found


def test_a_check_without_a_constraint_or_a_rule_is_refused() -> None:
    found = problems_of(contract(name=text("A name", {"$comment": "nothing"})))
    assert len(found) == 3
    assert any("'x-rule' is missing" in problem for problem in found)
    assert any("must hold one of ['const', 'enum'" in problem for problem in found)


@pytest.mark.parametrize("name", ["", "reason"])
def test_a_column_that_the_rows_to_mend_could_not_have_is_refused(name: str) -> None:
    assert any("cannot be named" in problem for problem in problems_of(contract(**{name: text("Any")})))


def test_all_problems_of_a_contract_are_named_at_once() -> None:
    document = contract(a=text("A", check("", pattern="(")), b={"type": "number"})
    document["extra"] = 1
    found = problems_of(document)
    assert len(found) == 5
    assert [problem.split(":")[0] for problem in found[:1]] == ["contract"]


def certain(*checks: dict[str, Any], **more: Any) -> str | None:
    found = parse_contract(json.dumps(contract(any=text("Any", *checks, **more))).encode())
    return found.columns[0].certain


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], "[ -~]{0,256}"),
        ([{"maxLength": 10}], "[ -~]{0,10}"),
        ([{"pattern": "[^\\s]"}, {"maxLength": 10}], "[!-~][ -~]{0,9}"),
        ([{"not": {"pattern": "\\s"}}, {"minLength": 2}, {"maxLength": 3}], "[!-~]{2,3}"),
        ([{"pattern": "^[a-f0-9]{4}$"}], "[0-9a-f]{4}"),
        ([{"pattern": "^(?:yes|no)$"}, {"not": {"pattern": "^n"}}], "yes"),
        ([{"enum": ["a.b", "c d", "é"]}], "(?:a\\.b|c d)"),
        ([{"pattern": "^(?:a|bb|ccc)$"}, {"maxLength": 2}], "(?:a|bb)"),
    ],
)
def test_an_expression_that_is_certain_follows_from_the_checks(
    checks: list[dict[str, Any]], expected: str
) -> None:
    assert certain(*(check("any", **found) for found in checks)) == expected


@pytest.mark.parametrize(
    "constraint",
    [
        {"format": "date"},
        {"pattern": "^(?=a)a$"},
        {"pattern": "(a)\\1"},
        {"pattern": "^[a-z]+\\b$"},
        {"pattern": "^é+$"},
        {"pattern": "^a", "not": {"pattern": "a"}},
        {"minLength": 300},
        {"pattern": "^(?:[a-z]{900}){900}$"},
    ],
)
def test_checks_that_are_too_clever_are_judged_one_by_one(constraint: dict[str, Any]) -> None:
    assert certain(check("any", **constraint)) is None


def test_a_column_with_a_reference_list_is_judged_one_by_one() -> None:
    assert certain(**{"x-reference": {"column": "name", **check("not_there")}}) is None


def test_an_expression_that_is_certain_uses_what_every_engine_agrees_on() -> None:
    for column in parse_contract(ORDERS).columns:
        assert not re.search(r"\\[a-zA-Z]|\(\?[^:]|\^|\$|[^ -~]", column.certain or "")


def names_on_a_list_of(count: int) -> frozenset[str]:
    lines = ["name,other", *(f"N-{number},x" for number in range(count)), "N-0,again", ",nameless"]
    return read_names(io.BytesIO("\n".join(lines).encode()), "name", "list.csv")


def test_a_reference_list_names_at_most_what_one_transaction_can_write() -> None:
    assert len(names_on_a_list_of(90)) == 90
    with pytest.raises(WrongSettings, match=r"names more than 90 .* one transaction of DynamoDB"):
        names_on_a_list_of(91)
