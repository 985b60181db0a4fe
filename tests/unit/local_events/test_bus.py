"""From PutEvents to an execution, through boto3.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.events.models import events_backends

from tests.unit.local_events.support import REGION, Account

STREAM = f"arn:aws:kinesis:{REGION}:123456789012:stream/s"
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:q"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:t"


def test_an_event_starts_an_execution_with_the_event_as_its_input(account: Account) -> None:
    account.target()
    (entry,) = account.put({"a": "ü"}, Resources=["arn:x"])["Entries"]
    (execution,) = account.executions()
    event = json.loads(execution["input"])
    assert event["id"] == entry["EventId"]
    assert event["detail"] == {"a": "ü"}
    assert (event["source"], event["detail-type"], event["resources"]) == (account.source, "Test", ["arn:x"])
    assert (event["region"], event["account"], event["version"]) == (REGION, account.cloud.account, "0")
    assert event["time"].endswith("Z")


def test_the_execution_is_named_by_the_event(account: Account) -> None:
    account.target()
    (entry,) = account.put()["Entries"]
    (execution,) = account.executions()
    assert execution["name"].startswith(entry["EventId"] + "_")
    assert len(execution["name"]) <= 80


def test_an_event_delivered_twice_starts_one_execution(account: Account) -> None:
    account.target()
    bus = account.cloud.events(REGION)
    event = bus.event(account.source, "Test", {})
    bus.publish(event)
    bus.publish(event)
    assert len(account.executions()) == 1


def test_an_input_transformer_makes_the_input(account: Account) -> None:
    paths = {"key": "$.detail.object.key", "object": "$.detail.object"}
    template = '{"key": <key>, "object": <object>}'
    account.target(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    told = {"key": 'input/a "b"+ü.csv', "size": 1}
    account.put({"object": told})
    (execution,) = account.executions()
    assert json.loads(execution["input"]) == {"key": told["key"], "object": told}


def test_a_change_of_the_rule_takes_effect_at_once(account: Account) -> None:
    """AWS asks for a short while, how long it does not say: APIReference/API_PutRule.html."""
    account.target()
    account.events.disable_rule(Name=account.rule)
    account.put()
    assert account.executions() == []
    account.events.enable_rule(Name=account.rule)
    account.put()
    assert len(account.executions()) == 1
    account.events.put_rule(Name=account.rule, EventPattern='{"source": ["other"]}')
    account.put()
    assert len(account.executions()) == 1


def test_an_event_meets_the_rules_as_they_are_when_it_happens(account: Account) -> None:
    account.target()
    busy = threading.Event()
    account.cloud.loop.call_soon_threadsafe(busy.wait)
    account.events.disable_rule(Name=account.rule)
    account.put({"seen": "no"})
    account.events.enable_rule(Name=account.rule)
    account.put({"seen": "yes"})
    account.events.disable_rule(Name=account.rule)
    busy.set()
    (execution,) = account.executions()
    assert json.loads(execution["input"])["detail"] == {"seen": "yes"}


def test_a_failed_delivery_is_a_warning_and_harms_no_other(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    account.target()
    account.target(Id="gone", Arn=account.machine + "-gone")
    account.target(Id="bad", InputTransformer={"InputTemplate": "no JSON"})
    with caplog.at_level(logging.WARNING):
        account.put()
        assert len(account.executions()) == 1
    assert f"{account.machine}-gone" in caplog.text
    assert "InvalidJson" in caplog.text


def test_a_rule_that_came_past_us_and_cannot_be_followed_is_a_warning(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    store = events_backends[account.cloud.account][REGION]  # where CloudFormation puts rules
    store.put_rule(account.rule, event_pattern=json.dumps({"source": [{"like": "x"}]}))
    with caplog.at_level(logging.WARNING):
        account.put()
        account.settle()
    assert "Unrecognized match type like" in caplog.text


def test_listeners_hear_what_they_ask_for(account: Account) -> None:
    async def listen() -> Any:
        bus = account.cloud.events(REGION)
        waiting = asyncio.create_task(bus.wait_for(lambda event: event["detail"] == {"n": 2}))
        with bus.listen(lambda event: event["source"] == account.source) as queue:
            for number in (1, 2):
                bus.publish(bus.event(account.source, "Test", {"n": number}))
            await bus_is_quiet(queue, 2)
        bus.publish(bus.event(account.source, "Test", {"n": 3}))
        return await waiting, [queue.get_nowait()["detail"]["n"] for _ in range(queue.qsize())]

    async def bus_is_quiet(queue: asyncio.Queue[Any], size: int) -> None:
        while queue.qsize() < size:
            await asyncio.sleep(0)

    found, heard = account.cloud.run(listen())
    assert found["detail"] == {"n": 2}
    assert heard == [1, 2]


def test_one_refused_entry_does_not_keep_the_others_back(account: Account) -> None:
    good = {"Source": account.source, "DetailType": "Test", "Detail": "{}"}
    answer = account.events.put_events(
        Entries=[good, good | {"Detail": "[1]"}, good | {"Source": "aws.s3"}, {"Source": account.source}]
    )
    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
    ]


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ({"Arn": STREAM}, "NotImplemented", "arn:aws:kinesis"),
        ({"RoleArn": None}, "ValidationException", "RoleArn is required"),
        ({"DeadLetterConfig": {"Arn": QUEUE + ".fifo"}}, "ValidationException", "standard SQS queue"),
        (
            {"DeadLetterConfig": {"Arn": QUEUE.replace(REGION, "us-east-1")}},
            "ValidationException",
            "the rule's region, eu-west-1",
        ),
        ({"DeadLetterConfig": {"Arn": TOPIC}}, "ValidationException", "arn:aws:sns"),
        ({"RetryPolicy": {"MaximumRetryAttempts": 186}}, "ValidationException", "less than or equal to 185"),
        (
            {"RetryPolicy": {"MaximumEventAgeInSeconds": 86401}},
            "ValidationException",
            "less than or equal to 86400",
        ),
        ({"Id": "a b"}, "ValidationException", "regular expression pattern"),
        ({"Input": "{}" * 5000}, "ValidationException", "length less than or equal to 8192"),
        ({"InputTransformer": {"InputTemplate": "<a>"}}, "ValidationException", "invalid placeholder a"),
        ({"Input": "{"}, "ValidationException", "JSON syntax error"),
        ({"Input": "{}", "InputPath": "$.detail"}, "ValidationException", "Only one of"),
        (
            {"InputTransformer": {"InputTemplate": "<a>", "InputPathsMap": {"a": "$.a[*]"}}},
            "NotImplemented",
            "wildcard",
        ),
    ],
)
def test_a_target_that_cannot_be_served_is_refused(
    account: Account, target: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message) as error:
        account.target(**target)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        ("put_rule", {"Name": "r"}, "ValidationException"),
        ("test_event_pattern", {"EventPattern": '{"a": ["b"]}', "Event": "{"}, "ValidationException"),
        ("put_rule", {"Name": "r", "EventPattern": '{"a": "b"}'}, "InvalidEventPatternException"),
        ("put_rule", {"Name": "r", "EventPattern": '{"a": ["b"]}', "EventBusName": "mine"}, "NotImplemented"),
        ("create_event_bus", {"Name": "mine"}, "NotImplemented"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(
    account: Account, call: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(account.events, call)(**arguments)
    assert error.value.response["Error"]["Code"] == code


def test_a_pattern_can_be_tried(account: Account) -> None:
    event = json.dumps(account.cloud.events(REGION).event("a", "b", {}))
    for source, result in (("a", True), ("b", False)):
        pattern = json.dumps({"source": [source]})
        assert account.events.test_event_pattern(EventPattern=pattern, Event=event)["Result"] is result
