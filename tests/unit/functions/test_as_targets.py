"""Functions as targets of EventBridge's rules, by their own leave.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (Lambda permissions)
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.unit.functions.support import ACCOUNT, REGION, Lambda
from tests.unit.local_iam.support import allow
from tests.unit.over_moto.support import refused


class Rule:
    """A rule with a function as its target; what the function is told is in its log."""

    def __init__(self, functions: Lambda) -> None:
        self.functions = functions
        self.events = functions.of("events")
        self.name = f"r-{functions.cloud.new_id()}"
        self.arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.name}"
        self.events.put_rule(Name=self.name, EventPattern=json.dumps({"source": [self.name]}))
        self.function = functions.make("handlers.tell", Role=functions.role(allow("logs:*")))

    def target(self, **more: Any) -> None:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function}"
        self.events.put_targets(Rule=self.name, Targets=[{"Id": "t", "Arn": arn, **more}])

    def permit(self, rule: str) -> None:
        self.functions.client.add_permission(
            FunctionName=self.function,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )

    def put(self, detail: Any) -> list[Any]:
        """Put an event; return what the function has been told so far."""
        entry = {"Source": self.name, "DetailType": "Test", "Detail": json.dumps(detail)}
        self.events.put_events(Entries=[entry])

        async def delivered() -> None:
            bus = self.functions.cloud.events(REGION)
            await asyncio.sleep(0)
            while bus._deliveries:
                await asyncio.gather(*bus._deliveries)

        self.functions.cloud.run(delivered())
        self.functions.settle()
        groups = self.functions.of("logs").describe_log_groups(
            logGroupNamePrefix=f"/aws/lambda/{self.function}"
        )
        if not groups["logGroups"]:
            return []
        told = self.functions.logged(self.function)
        return [json.loads(line) for line in told if line.startswith(("{", '"'))]


@pytest.fixture
def rule(functions: Lambda) -> Rule:
    return Rule(functions)


def test_a_function_that_lets_the_rule_in_is_told_of_the_event(rule: Rule) -> None:
    rule.permit(rule.arn)
    rule.target()
    (event,) = rule.put({"a": "ü"})
    assert (event["source"], event["detail"], event["detail-type"]) == (rule.name, {"a": "ü"}, "Test")


def test_a_function_is_told_what_the_target_makes_of_the_event(rule: Rule) -> None:
    rule.permit(rule.arn)
    rule.target(InputPath="$.detail.a")
    assert rule.put({"a": "ü"}) == ["ü"]


def test_without_the_functions_leave_it_is_told_nothing(rule: Rule, caplog: pytest.LogCaptureFixture) -> None:
    rule.target()
    assert rule.put({}) == []
    rule.permit(rule.arn + "-other")
    assert rule.put({}) == []
    assert "does not let events.amazonaws.com do lambda:InvokeFunction" in caplog.text


def test_a_role_is_no_use_for_a_function(rule: Rule) -> None:
    with refused("ValidationException", "RoleArn is not supported for target"):
        rule.target(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r")


def test_a_topic_that_would_send_a_function_nothing_does_not_take_it(functions: Lambda) -> None:
    sns = functions.of("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{functions.make()}"
    with refused("NotImplemented", "subscriptions to a topic of the protocol lambda"):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []
