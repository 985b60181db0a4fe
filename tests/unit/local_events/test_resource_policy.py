"""Whether a resource's policy lets EventBridge in; a queue's, for one.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.events.resource_policy import lets_rule
from local_aws.iam.policies import Need

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:lost"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/trigger"
SEND = Need("sqs:SendMessage", QUEUE)
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}


def verdict(*statements: dict[str, Any]) -> bool:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return lets_rule(policy, SEND, RULE, "123456789012")


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}},
        {"Action": ["sqs:ReceiveMessage", "SQS:Send*"]},
        {"Resource": "arn:aws:sqs:*:123456789012:lo?t"},
        {"Resource": "*"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": RULE}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:*:*:rule/*"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": ["1", "123456789012"]}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_a_statement_about_eventbridge_this_queue_and_this_rule_allows(statement: dict[str, Any]) -> None:
    assert verdict(ALLOW | statement)


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Action": "sqs:ReceiveMessage"},
        {"Resource": QUEUE + "-other"},
        {"Resource": "arn:aws:sqs:*"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": RULE + "-other"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:events:*"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": RULE}, "DateGreaterThan": {"aws:CurrentTime": "2020"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"NotAction": "sqs:ReceiveMessage"},
    ],
)
def test_what_is_about_another_or_not_understood_does_not_allow(statement: dict[str, Any]) -> None:
    assert not verdict(ALLOW | statement)


def test_no_policy_allows_nothing() -> None:
    assert not lets_rule("", SEND, RULE, "123456789012")
    assert not verdict()


@pytest.mark.parametrize(
    "condition",
    [{}, {"Bool": {"aws:SecureTransport": "true"}}, {"StringNotEquals": {"aws:SourceAccount": "1"}}],
)
def test_a_denial_that_applies_or_is_not_understood_wins(condition: dict[str, Any]) -> None:
    assert not verdict(ALLOW, DENY | {"Condition": condition})


def test_a_denial_of_plain_http_does_not_keep_eventbridge_out() -> None:
    assert verdict(ALLOW, DENY | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})
