"""Rules with a schedule, and EventBridge Scheduler's schedules, as stacks make them."""

from __future__ import annotations

from tests.unit.over_moto.stack import HERE, Stack
from tests.unit.over_moto.support import refused

TEMPLATE = (HERE / "templates/schedules.yaml").read_text()


def test_a_stack_makes_schedules_changes_and_removes_them(stack: Stack) -> None:
    stack.create(TEMPLATE)
    scheduler = stack.of("scheduler")
    report = scheduler.get_schedule(Name="report", GroupName="nightly")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.describe()["Outputs"]}
    assert outputs["Schedule"] == report["Arn"]
    assert report["Description"] == "Asks for a report"
    assert report["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert report["EndDate"].year == 2199
    group = scheduler.get_schedule_group(Name="nightly")["Arn"]
    tags = scheduler.list_tags_for_resource(ResourceArn=group)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"purpose": "test", "stage": "test"}
    assert received(stack, 1) == ["from the schedule"]  # a rate begins at once
    stack.aws.cloud.clock.skip(301)
    assert received(stack, 1) == ['"from the rule"']

    stack.update(TEMPLATE, Rate="rate(30 days)", Input="changed")
    assert stack.status == "UPDATE_COMPLETE"
    assert [rule["ScheduleExpression"] for rule in stack.of("events").list_rules()["Rules"]] == [
        "rate(30 days)"
    ]
    stack.aws.cloud.clock.skip(3600)
    assert received(stack, 1) == ["changed"]

    stack.delete()
    assert scheduler.list_schedules()["Schedules"] == []
    assert stack.of("events").list_rules()["Rules"] == []
    with refused("ResourceNotFoundException"):
        scheduler.get_schedule_group(Name="nightly")


def received(stack: Stack, count: int) -> list[str]:
    """Wait until the queue has got so many messages; return them."""
    got: list[str] = []
    while len(got) < count:
        answer = stack.of("sqs").receive_message(QueueUrl=stack.physical()["Turns"], MaxNumberOfMessages=10)
        got += [message["Body"] for message in answer.get("Messages", [])]
    return got
