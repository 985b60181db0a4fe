"""The kinds of targets, and by which permission EventBridge reaches each.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.wire import AwsError, Json
from tests.unit.local_events.support import REGION, Account, Queue

EVENTS = {"Service": "events.amazonaws.com"}


@pytest.fixture
def queue(account: Account) -> Iterator[Queue]:
    with Queue(account) as queue:
        yield queue


def test_a_queue_gets_the_event_as_a_message(account: Account, queue: Queue) -> None:
    queue.let_in(account.rule_arn)
    account.target(Arn=queue.arn, RoleArn=None)
    account.put({"a": "ü"})
    (event,) = queue.events()
    assert (event["source"], event["detail"]) == (account.source, {"a": "ü"})


def test_a_fifo_queue_gets_it_in_the_targets_group(account: Account) -> None:
    with Queue(account, fifo=True) as queue:
        queue.let_in(account.rule_arn)
        with pytest.raises(ClientError, match="SqsParameters must be specified for target: t"):
            account.target(Arn=queue.arn, RoleArn=None)
        account.target(Arn=queue.arn, RoleArn=None, SqsParameters={"MessageGroupId": "g"}, Input='"same"')
        account.put()
        account.put()  # the same content within five minutes
        (message,) = queue.messages()
        assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ('"same"', "g")


def test_without_the_queues_leave_it_gets_nothing(account: Account, queue: Queue) -> None:
    queue.let_in(account.rule_arn + "-other")
    with Queue(account) as lost:
        lost.let_in(account.rule_arn)
        account.target(Arn=queue.arn, RoleArn=None, DeadLetterConfig={"Arn": lost.arn})
        account.put()
        assert lost.attribute("ERROR_CODE") == "NO_PERMISSIONS"
    assert queue.messages() == []


def test_a_role_that_may_send_does_instead_of_the_queues_leave(account: Account, queue: Queue) -> None:
    account.target(Arn=queue.arn, RoleArn=account.role("sqs:SendMessage", queue.arn))
    account.target(Id="other", Arn=queue.arn, RoleArn=account.role("sqs:ReceiveMessage", queue.arn))
    account.put()
    assert len(queue.events()) == 1


def test_a_topic_publishes_the_event(account: Account, queue: Queue) -> None:
    sns = account.cloud.client("sns", REGION)
    topic = sns.create_topic(Name=f"t-{account.cloud.new_id()}")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    account.target(Arn=topic, RoleArn=None)
    account.put({"n": 1})
    assert queue.events() == []  # a topic's own policy lets its account in, not EventBridge
    allow = {"Effect": "Allow", "Principal": EVENTS, "Action": "sns:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    account.put({"n": 2})
    (event,) = queue.events()
    assert event["detail"] == {"n": 2}


def test_a_log_group_gets_the_event_at_its_time(account: Account) -> None:
    group = LogGroup(account)
    account.target(Arn=group.arn, RoleArn=None)
    account.put({"n": 1}, Time=1_750_000_000)
    account.settle()
    assert group.events() == []
    group.let_in()
    account.put({"n": 2}, Time=group.now)
    account.settle()
    (logged,) = group.events()
    assert (json.loads(logged["message"])["detail"], logged["timestamp"]) == ({"n": 2}, group.now * 1000)


def test_a_transformer_can_make_the_log_event(account: Account) -> None:
    group = LogGroup(account)
    group.let_in()
    paths = {"time": "$.time", "n": "$.detail.n"}
    template = '{"timestamp": <time>, "message": "n is <n>"}'
    account.target(
        Arn=group.arn,
        RoleArn=None,
        InputTransformer={"InputPathsMap": paths, "InputTemplate": template},
    )
    account.put({"n": 3}, Time=group.now)
    account.settle()
    (logged,) = group.events()
    assert (logged["message"], logged["timestamp"]) == ("n is 3", group.now * 1000)


def test_a_log_group_takes_no_role(account: Account) -> None:
    with pytest.raises(ClientError, match="RoleArn is not supported"):
        account.target(Arn=LogGroup(account).arn)


def test_every_target_of_a_rule_gets_the_event_in_its_own_form(account: Account, queue: Queue) -> None:
    queue.let_in(account.rule_arn)
    account.target(InputPath="$.detail")
    account.target(Id="queue", Arn=queue.arn, RoleArn=None, Input='{"constant": 1}')
    account.put({"n": 1})
    (execution,) = account.executions()
    assert json.loads(execution["input"]) == {"n": 1}
    assert queue.events() == [{"constant": 1}]


def test_a_rule_has_at_most_five_targets(account: Account, queue: Queue) -> None:
    for number in range(5):
        account.target(Id=str(number), Arn=queue.arn, RoleArn=None)
    account.target(Id="4", Arn=queue.arn, RoleArn=None, Input="1")
    with pytest.raises(ClientError, match="exceeds the maximum number allowed") as error:
        account.target(Id="5", Arn=queue.arn, RoleArn=None)
    assert error.value.response["Error"]["Code"] == "LimitExceededException"


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:events:{REGION}:123456789012:event-bus/mine",
        f"arn:aws:kinesis:{REGION}:123456789012:stream/s",
        f"arn:aws:ecs:{REGION}:123456789012:cluster/c",
        f"arn:aws:sns:{REGION}:123456789012:t.fifo",
    ],
)
def test_other_kinds_are_refused_by_name(account: Account, arn: str) -> None:
    with pytest.raises(ClientError, match=arn) as error:
        account.target(Arn=arn, RoleArn=None)
    assert error.value.response["Error"]["Code"] == "NotImplemented"


def test_a_throttled_target_gets_the_event_later(account: Account, throttled: Callable[[int], None]) -> None:
    throttled(3)
    account.target()
    (entry,) = account.put()["Entries"]
    (execution,) = account.executions()
    assert execution["name"].startswith(entry["EventId"])


def test_when_the_retries_are_used_up_the_dead_letter_says_which_limit_it_was(
    account: Account, throttled: Callable[[int], None]
) -> None:
    throttled(9)
    with Queue(account) as lost:
        lost.let_in(account.rule_arn)
        account.target(RetryPolicy={"MaximumRetryAttempts": 2}, DeadLetterConfig={"Arn": lost.arn})
        account.put()
        (message,) = lost.messages()
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"], told["EXHAUSTED_RETRY_CONDITION"]) == (
        "THROTTLING",
        "2",
        "MaximumRetryAttempts",
    )


@pytest.fixture
def throttled(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Step Functions refuses so many StartExecution calls, as one does that is asked too often."""
    states = account.cloud.states(REGION)
    answer = states.answer

    def throttle(times: int) -> None:
        left = iter(range(times))

        async def refuse(name: str, request: dict[str, Json]) -> dict[str, Json]:
            if name == "StartExecution" and next(left, None) is not None:
                raise AwsError("ThrottlingException", "Rate exceeded")
            return await answer(name, request)

        monkeypatch.setattr(states, "answer", refuse)

    return throttle


class LogGroup:
    """A log group, and the account's policy that lets EventBridge write to it."""

    def __init__(self, account: Account) -> None:
        self.logs = account.cloud.client("logs", REGION)
        self.name = f"/aws/events/{account.cloud.new_id()}"
        self.logs.create_log_group(logGroupName=self.name)
        self.arn = f"arn:aws:logs:{REGION}:{account.cloud.account}:log-group:{self.name}"
        self.now = int(account.cloud.clock.time())

    def let_in(self) -> None:
        allow = {
            "Effect": "Allow",
            "Principal": EVENTS,
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": self.arn + ":*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.logs.put_resource_policy(policyName="events", policyDocument=policy)

    def events(self) -> list[Any]:
        return list(self.logs.filter_log_events(logGroupName=self.name)["events"])
