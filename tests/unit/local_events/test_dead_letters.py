"""What becomes of an event that cannot be delivered.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.local_events.support import REGION, Account

WELCOME = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}


class DeadLetters:
    """A queue for what an account's rule cannot deliver."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.name = f"lost-{account.cloud.new_id()}"
        self.url = account.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{account.cloud.account}:{self.name}"
        self.rule_arn = f"arn:aws:events:{REGION}:{account.cloud.account}:rule/{account.rule}"
        self.let_in({"ArnEquals": {"aws:SourceArn": self.rule_arn}})

    def let_in(self, condition: Any) -> None:
        statement = WELCOME | {"Resource": self.arn, "Condition": condition}
        self.policy({"Version": "2012-10-17", "Statement": [statement]})

    def policy(self, policy: Any) -> None:
        self.account.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})

    def fail(self, **target: Any) -> Any:
        """Put an event that this target cannot take; return its id."""
        self.account.target(**target, DeadLetterConfig={"Arn": self.arn})
        (entry,) = self.account.put({"a": "ü"})["Entries"]
        self.account.settle()
        return entry["EventId"]

    def messages(self) -> list[Any]:
        answer = self.account.sqs.receive_message(
            QueueUrl=self.url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        return list(answer.get("Messages", []))

    def codes(self) -> list[str]:
        return [message["MessageAttributes"]["ERROR_CODE"]["StringValue"] for message in self.messages()]


@pytest.fixture
def lost(account: Account) -> Iterator[DeadLetters]:
    lost = DeadLetters(account)
    yield lost
    account.sqs.delete_queue(QueueUrl=lost.url)


def test_an_event_that_cannot_be_delivered_goes_to_the_queue_with_what_went_wrong(lost: DeadLetters) -> None:
    event = lost.fail(Arn=lost.account.machine + "-gone")

    (message,) = lost.messages()
    assert json.loads(message["Body"])["id"] == event
    assert json.loads(message["Body"])["detail"] == {"a": "ü"}
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told.pop("ERROR_MESSAGE").startswith("State Machine Does Not Exist")
    assert told == {
        "RULE_ARN": lost.rule_arn,
        "TARGET_ARN": lost.account.machine + "-gone",
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"InputTransformer": {"InputTemplate": "no JSON"}}, "INVALID_JSON"),
        ({"RoleArn": "arn:aws:iam::123456789012:role/gone"}, "FAILED_TO_ASSUME_ROLE"),
    ],
)
def test_the_error_code_tells_why(lost: DeadLetters, target: dict[str, Any], code: str) -> None:
    lost.fail(**target)
    assert lost.codes() == [code]


def test_a_duplicate_of_an_execution_that_ended_goes_to_the_queue(lost: DeadLetters) -> None:
    account = lost.account
    account.target(DeadLetterConfig={"Arn": lost.arn})
    bus = account.cloud.events(REGION)
    event = bus.event(account.source, "Test", {})
    for _ in range(2):
        bus.publish(event)
        assert [one["status"] for one in account.executions()] == ["SUCCEEDED"]
    assert lost.codes() == ["RESOURCE_ALREADY_EXISTS"]


def test_an_event_that_is_delivered_leaves_no_dead_letter(lost: DeadLetters) -> None:
    lost.fail()
    assert len(lost.account.executions()) == 1
    assert lost.messages() == []


def test_without_the_queues_leave_the_event_is_lost_with_a_warning(
    lost: DeadLetters, caplog: pytest.LogCaptureFixture
) -> None:
    lost.let_in({"ArnEquals": {"aws:SourceArn": lost.rule_arn + "-other"}})
    with caplog.at_level(logging.WARNING):
        lost.fail(Arn=lost.account.machine + "-gone")
    assert lost.messages() == []
    assert f"it is lost: the policy of {lost.arn}" in caplog.text


def test_when_the_queue_is_gone_the_event_is_lost_with_a_warning(
    lost: DeadLetters, caplog: pytest.LogCaptureFixture
) -> None:
    lost.arn += "-gone"
    with caplog.at_level(logging.WARNING):
        lost.fail(Arn=lost.account.machine + "-gone")
    assert f"it is lost: {lost.arn} did not take it" in caplog.text


def test_the_targets_failure_settings_are_described_back(lost: DeadLetters) -> None:
    retries = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}
    lost.account.target(RetryPolicy=retries, DeadLetterConfig={"Arn": lost.arn})
    (target,) = lost.account.events.list_targets_by_rule(Rule=lost.account.rule)["Targets"]
    assert (target["RetryPolicy"], target["DeadLetterConfig"]) == (retries, {"Arn": lost.arn})
