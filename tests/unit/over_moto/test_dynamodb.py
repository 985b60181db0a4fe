from __future__ import annotations

import threading
from typing import Any

import pytest

from local_aws.server import LocalAws
from tests.unit.over_moto.support import refused


def put(pk: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "T", "Item": {"pk": {"S": pk}, "n": {"N": "1"}}, **more}}


def add(pk: str, amount: str, **more: Any) -> dict[str, Any]:
    values = {":a": {"N": amount}}
    key = {"pk": {"S": pk}}
    expression = {"UpdateExpression": "SET n = n + :a", "ExpressionAttributeValues": values}
    return {"Update": {"TableName": "T", "Key": key, **expression, **more}}


def contents(dynamodb: Any) -> dict[str, str]:
    return {item["pk"]["S"]: item["n"]["N"] for item in dynamodb.scan(TableName="T")["Items"]}


def test_a_transaction_does_all_of_its_actions(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a"), put("b"), put("c")])
    check = {
        "TableName": "T",
        "Key": {"pk": {"S": "c"}},
        "ConditionExpression": "n = :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }

    dynamodb.transact_write_items(
        TransactItems=[
            add("a", "4"),
            {"Delete": {"TableName": "T", "Key": {"pk": {"S": "b"}}}},
            {"ConditionCheck": check},
        ]
    )

    assert contents(dynamodb) == {"a": "5", "c": "1"}


def test_a_refused_transaction_leaves_nothing_and_says_why_in_order(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a"), put("b")])

    unless = {"ConditionExpression": "attribute_not_exists(pk)"}
    with refused(
        "TransactionCanceledException", "[None, ConditionalCheckFailed, None, ValidationError]"
    ) as answer:
        dynamodb.transact_write_items(
            TransactItems=[
                put("new"),
                put("a", **unless, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
                add("b", "1"),
                add("absent", "1"),
            ]
        )

    reasons = answer["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == [
        "None",
        "ConditionalCheckFailed",
        "None",
        "ValidationError",
    ]
    assert reasons[1]["Item"] == {"pk": {"S": "a"}, "n": {"N": "1"}}
    assert contents(dynamodb) == {"a": "1", "b": "1"}


def test_the_old_item_is_told_only_when_asked_for(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a")])
    with refused("TransactionCanceledException") as answer:
        dynamodb.transact_write_items(
            TransactItems=[put("a", ConditionExpression="attribute_not_exists(pk)")]
        )
    assert "Item" not in answer["CancellationReasons"][0]


def test_a_condition_check_changes_nothing_and_refuses_all(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a")])
    check = {"TableName": "T", "Key": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)"}

    with refused("TransactionCanceledException", "[ConditionalCheckFailed, None]"):
        dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": check}, put("b")])

    assert contents(dynamodb) == {"a": "1"}


@pytest.mark.parametrize(
    ("items", "code", "words"),
    [
        ([put("a"), put("a")], "ValidationException", "multiple operations on one item"),
        ([put(str(i)) for i in range(101)], "ValidationException", "less than or equal to 100"),
        ([{**put("a"), **add("b", "1")}], "ValidationException", "can only contain one of"),
        ([{"Put": {"TableName": "Absent", "Item": {}}}], "ResourceNotFoundException", "not found"),
        (
            [put("a"), add("b", "1", ConditionExpression="n ==== :a")],
            "ValidationException",
            "Invalid expression",
        ),
        ([put(str(i), Item={"pk": {"S": str(i)}, "x": {"S": "x" * 390_000}}) for i in range(11)],
         "ValidationException", "4 MB"),
    ],
    ids=["one item twice", "101 actions", "two in one", "no such table", "a bad expression", "over 4 MB"],
)  # fmt: skip
def test_a_transaction_that_cannot_be_is_refused_whole(
    dynamodb: Any, items: list[dict[str, Any]], code: str, words: str
) -> None:
    with refused(code, words):
        dynamodb.transact_write_items(TransactItems=items)
    assert contents(dynamodb) == {}


def test_an_expression_with_an_undefined_name_is_refused(dynamodb: Any) -> None:
    with refused("ValidationException", "Invalid expression", "#absent"):
        dynamodb.update_item(TableName="T", Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE #absent")
    assert contents(dynamodb) == {}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"n": {"N": "1"}}, "Missing the key pk"),
        ({"pk": {"N": "1"}}, "Type mismatch for key pk"),
        ({"pk": {"S": "a"}, "x": {"S": "x" * 410_000}}, "Item size has exceeded"),
    ],
    ids=["no key", "a key of another type", "over 400 KB"],
)
def test_an_item_that_cannot_be_cancels_its_transaction(dynamodb: Any, item: Any, words: str) -> None:
    with refused("TransactionCanceledException", "[None, ValidationError]") as answer:
        dynamodb.transact_write_items(TransactItems=[put("ok"), {"Put": {"TableName": "T", "Item": item}}])
    assert words in answer["CancellationReasons"][1]["Message"]
    assert contents(dynamodb) == {}


def test_keys_that_are_the_same_number_are_one_item(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="Numbers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    items = [{"Put": {"TableName": "Numbers", "Item": {"k": {"N": number}}}} for number in ("1", "1.0")]
    with refused("ValidationException", "multiple operations on one item"):
        dynamodb.transact_write_items(TransactItems=items)


def test_a_token_makes_a_transaction_happen_once_for_ten_minutes(aws: LocalAws, dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a")])

    for _ in range(3):
        dynamodb.transact_write_items(TransactItems=[add("a", "1")], ClientRequestToken="once")
    assert contents(dynamodb) == {"a": "2"}
    with refused("IdempotentParameterMismatchException"):
        dynamodb.transact_write_items(TransactItems=[add("a", "7")], ClientRequestToken="once")

    aws.cloud.clock.skip(601)
    dynamodb.transact_write_items(TransactItems=[add("a", "1")], ClientRequestToken="once")
    assert contents(dynamodb) == {"a": "3"}


def test_a_cancelled_transaction_may_come_again_with_its_token(dynamodb: Any) -> None:
    with refused("TransactionCanceledException"):
        dynamodb.transact_write_items(TransactItems=[add("a", "1")], ClientRequestToken="again")
    dynamodb.transact_write_items(TransactItems=[put("a")])
    dynamodb.transact_write_items(TransactItems=[add("a", "1")], ClientRequestToken="again")
    assert contents(dynamodb) == {"a": "2"}


def test_no_write_is_lost_when_many_come_at_once(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("t"), put("u")])

    def work() -> None:
        for _ in range(10):
            dynamodb.transact_write_items(TransactItems=[add("t", "1"), add("u", "1")])
            single = add("t", "1")["Update"]
            dynamodb.update_item(**single)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert contents(dynamodb) == {"t": "81", "u": "41"}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("1" * 39, "38 significant digits"),
        ("1E126", "overflow"),
        ("1E-131", "underflow"),
        ("one", "cannot be converted"),
        ("NaN", "cannot be converted"),
    ],
)
def test_a_number_that_cannot_be_stored_is_refused_everywhere(dynamodb: Any, number: str, words: str) -> None:
    item = {"pk": {"S": "a"}, "deep": {"L": [{"M": {"x": {"N": number}}}]}}
    with refused("ValidationException", words):
        dynamodb.put_item(TableName="T", Item=item)
    with refused("ValidationException", words):
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "T", "Item": item}}])
    with refused("ValidationException", words):
        dynamodb.update_item(
            TableName="T",
            Key={"pk": {"S": "a"}},
            UpdateExpression="ADD s :s",
            ExpressionAttributeValues={":s": {"NS": [number]}},
        )


@pytest.mark.parametrize(
    "number", ["1" * 38, "100000000000000000000000000000000000000000000", "-0.10", "1E125"]
)
def test_a_number_of_38_digits_is_stored(dynamodb: Any, number: str) -> None:
    dynamodb.put_item(TableName="T", Item={"pk": {"S": "a"}, "n": {"N": number}})


def test_a_refused_update_leaves_no_item_behind(dynamodb: Any) -> None:
    with refused("ValidationException", "exceeded"):
        dynamodb.update_item(
            TableName="T",
            Key={"pk": {"S": "a"}},
            UpdateExpression="SET small = :s, big = :b",
            ExpressionAttributeValues={":s": {"S": "s"}, ":b": {"S": "x" * 410_000}},
        )
    assert "Item" not in dynamodb.get_item(TableName="T", Key={"pk": {"S": "a"}})


def test_what_a_transaction_would_have_to_report_is_refused_by_name(dynamodb: Any) -> None:
    with refused("NotImplemented", "ReturnConsumedCapacity"):
        dynamodb.transact_write_items(TransactItems=[put("a")], ReturnConsumedCapacity="TOTAL")
