"""Rules with a schedule: they have their turns on the clock, which the tests put forward.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.local_events.support import REGION, Account, Queue


class Scheduled:
    """A rule with a schedule whose events go to a queue."""

    def __init__(self, account: Account, queue: Queue) -> None:
        self.account = account
        self.queue = queue
        queue.let_in(account.rule_arn)
        account.target(Arn=queue.arn, RoleArn=None)

    def put(self, expression: str, **more: Any) -> None:
        self.account.events.put_rule(Name=self.account.rule, ScheduleExpression=expression, **more)
        self.account.settle()

    def after(self, seconds: float) -> list[Any]:
        """Return the events of the next seconds."""
        self.account.pass_time(seconds)
        return sorted(self.queue.events(), key=lambda event: str(event["time"]))


@pytest.fixture
def scheduled(account: Account) -> Any:
    with Queue(account) as queue:
        yield Scheduled(account, queue)


def test_a_rate_counts_from_when_the_rule_is_made(scheduled: Scheduled) -> None:
    scheduled.put("rate(5 minutes)")
    assert scheduled.after(299) == []
    (event,) = scheduled.after(2)
    now = scheduled.account.cloud.clock.time()
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == [scheduled.account.rule_arn]
    assert (event["region"], event["account"]) == (REGION, scheduled.account.cloud.account)
    assert now - 3 <= datetime.fromisoformat(event["time"]).timestamp() <= now
    assert len(scheduled.after(900)) == 3


def test_a_cron_expression_is_followed_in_utc(scheduled: Scheduled) -> None:
    now = datetime.fromtimestamp(scheduled.account.cloud.clock.time(), UTC)
    scheduled.put("cron(0 6 * * ? *)")
    events = scheduled.after(2 * 86_400)
    assert [event["time"][11:] for event in events] == ["06:00:00Z"] * 2
    assert events[0]["time"] > f"{now:%Y-%m-%dT%H:%M:%SZ}"


def test_a_change_takes_effect_at_once(scheduled: Scheduled) -> None:
    events = scheduled.account.events
    scheduled.put("rate(1 hour)")
    events.disable_rule(Name=scheduled.account.rule)
    assert scheduled.after(7200) == []
    events.enable_rule(Name=scheduled.account.rule)
    assert len(scheduled.after(3601)) == 1
    scheduled.put("rate(1 minute)")
    assert len(scheduled.after(61)) == 1
    scheduled.put("rate(1 minute)", Description="the same schedule goes on")
    assert len(scheduled.after(59)) == 1
    scheduled.account.target(Arn=scheduled.queue.arn, RoleArn=None, Input='{"another": 1, "time": ""}')
    assert scheduled.after(60) == [{"another": 1, "time": ""}]
    events.remove_targets(Rule=scheduled.account.rule, Ids=["t"])
    events.delete_rule(Name=scheduled.account.rule)
    assert scheduled.after(600) == []


def test_a_rule_with_a_pattern_too_gets_both_kinds_of_events(scheduled: Scheduled) -> None:
    pattern = f'{{"source": ["{scheduled.account.source}"]}}'
    scheduled.put("rate(1 minute)", EventPattern=pattern)
    scheduled.account.put()
    assert {event["source"] for event in scheduled.after(60)} == {"aws.events", scheduled.account.source}


def test_the_event_of_a_turn_is_not_put_on_the_bus(scheduled: Scheduled) -> None:
    scheduled.put("rate(1 minute)", EventPattern='{"source": ["aws.events"]}')
    assert len(scheduled.after(60)) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "rate(10 seconds)",
        "rate(1 minutes)",
        "rate(10 minute)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate(10 MINUTES)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "rate()",
        "cron(INVALID)",
        "cron(0 1 * * * *)",
        "at(2030-01-01T00:00:00)",
        "every day",
    ],
)
def test_what_is_no_schedule_is_refused(account: Account, expression: str) -> None:
    with pytest.raises(ClientError) as error:
        account.events.put_rule(Name=account.rule, ScheduleExpression=expression)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter ScheduleExpression is not valid.",
    }
