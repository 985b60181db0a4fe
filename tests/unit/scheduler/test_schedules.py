"""When schedules invoke their targets.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.unit.scheduler.support import Scheduling

SAID = {"Input": "at <aws.scheduler.scheduled-time>"}


def test_a_one_time_schedule_is_invoked_once_at_its_time(scheduling: Scheduling) -> None:
    due = scheduling.now + timedelta(minutes=10)
    scheduling.create(f"at({due:%Y-%m-%dT%H:%M:%S})", SAID)
    assert scheduling.after(590) == []
    assert scheduling.after(15) == [f"at {due:%Y-%m-%dT%H:%M:%SZ}"]
    assert scheduling.after(86_400) == []
    assert scheduling.names() == [scheduling.name]


def test_its_time_is_one_of_its_time_zone(scheduling: Scheduling) -> None:
    due = scheduling.now + timedelta(minutes=10)
    local = due + timedelta(hours=9)  # Japan has no summer time
    scheduling.create(f"at({local:%Y-%m-%dT%H:%M:%S})", SAID, ScheduleExpressionTimezone="Asia/Tokyo")
    assert scheduling.after(605) == [f"at {due:%Y-%m-%dT%H:%M:%SZ}"]


def test_a_time_that_is_over_is_never(scheduling: Scheduling) -> None:
    scheduling.create("at(2020-01-01T00:00:00)")
    assert scheduling.after(86_400) == []


def test_a_rate_begins_at_once(scheduling: Scheduling) -> None:
    scheduling.create("rate(1 hour)")
    assert len(scheduling.after(1)) == 1
    assert len(scheduling.after(7200)) == 2


def test_a_rate_with_a_start_begins_then_and_ends_before_its_end(scheduling: Scheduling) -> None:
    start = scheduling.now + timedelta(minutes=5)
    scheduling.create("rate(10 minutes)", SAID, StartDate=start, EndDate=start + timedelta(minutes=20))
    assert scheduling.after(299) == []
    times = [start, start + timedelta(minutes=10)]
    assert sorted(scheduling.after(7200)) == [f"at {time:%Y-%m-%dT%H:%M:%SZ}" for time in times]


def test_a_cron_schedule_follows_the_clocks_of_its_time_zone(scheduling: Scheduling) -> None:
    scheduling.create("cron(30 9 * * ? *)", SAID, ScheduleExpressionTimezone="Asia/Kolkata")
    said = scheduling.after(2 * 86_400)
    assert [text[-9:] for text in said] == ["04:00:00Z"] * 2


def test_a_cron_schedule_waits_for_its_start(scheduling: Scheduling) -> None:
    start = scheduling.now + timedelta(days=2)
    scheduling.create("cron(0 0 * * ? *)", SAID, StartDate=start)
    assert scheduling.after(2 * 86_400 - 60) == []
    assert len(scheduling.after(86_400)) == 1


def test_a_flexible_window_delays_an_invocation(scheduling: Scheduling) -> None:
    due = scheduling.now + timedelta(minutes=1)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    scheduling.create(f"at({due:%Y-%m-%dT%H:%M:%S})", SAID, FlexibleTimeWindow=window)
    assert scheduling.after(65) == []
    assert scheduling.after(3600) == [f"at {due:%Y-%m-%dT%H:%M:%SZ}"]


def test_a_schedule_may_delete_itself_when_it_is_complete(scheduling: Scheduling) -> None:
    due = scheduling.now + timedelta(minutes=1)
    scheduling.create(f"at({due:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion="DELETE")
    assert scheduling.names() == [scheduling.name]
    assert len(scheduling.after(65)) == 1
    assert scheduling.names() == []


def test_one_that_goes_on_is_not_complete(scheduling: Scheduling) -> None:
    scheduling.create("rate(1 minute)", ActionAfterCompletion="DELETE")
    scheduling.after(65)
    assert scheduling.names() == [scheduling.name]


def test_a_change_takes_effect_at_once(scheduling: Scheduling) -> None:
    scheduling.create("rate(1 hour)", State="DISABLED")
    assert scheduling.after(7200) == []
    scheduling.update("rate(1 hour)", SAID)
    (said,) = scheduling.after(3600)
    assert said.startswith("at ")
    scheduling.update("rate(1 hour)", {"Input": "another"})
    assert scheduling.after(3600) == ["another"]
    scheduling.scheduler.delete_schedule(Name=scheduling.name)
    assert scheduling.after(7200) == []


def test_a_group_takes_its_schedules_with_it(scheduling: Scheduling) -> None:
    group = scheduling.name
    scheduling.scheduler.create_schedule_group(Name=group)
    arn = scheduling.create("rate(1 hour)", GroupName=group)
    assert arn.endswith(f":schedule/{group}/{scheduling.name}")
    assert len(scheduling.after(1)) == 1
    scheduling.scheduler.delete_schedule_group(Name=group)
    assert scheduling.after(7200) == []


def test_a_schedule_is_described_back(scheduling: Scheduling) -> None:
    start = scheduling.now + timedelta(days=1)
    scheduling.create("rate(1 hour)", StartDate=start, ActionAfterCompletion="DELETE")
    told = scheduling.scheduler.get_schedule(Name=scheduling.name)
    assert (told["StartDate"], told["State"], told["ActionAfterCompletion"]) == (start, "ENABLED", "DELETE")
    assert abs((told["CreationDate"] - scheduling.now).total_seconds()) < 5
    scheduling.update("rate(2 hours)", Description="d")
    told = scheduling.scheduler.get_schedule(Name=scheduling.name)
    assert (told["Description"], told["State"], told["ActionAfterCompletion"]) == ("d", "ENABLED", "NONE")
    assert "StartDate" not in told


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron()",
        "rate(10 seconds)",
        "rate(10)",
        "rate(foo minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2021-13-31T00:00:00)",
    ],
)
def test_what_is_no_expression_is_refused(scheduling: Scheduling, expression: str) -> None:
    with pytest.raises(ClientError) as error:
        scheduling.create(expression)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Invalid Schedule Expression {expression}.",
    }


def test_what_scheduler_would_refuse_is_refused(scheduling: Scheduling) -> None:
    now, day = scheduling.now, timedelta(days=1)
    for message, more in (
        ("Timezone Mars", {"ScheduleExpressionTimezone": "Mars"}),
        ("earlier than 5 minutes ago", {"StartDate": now - day}),
        ("EndDate", {"StartDate": now + day, "EndDate": now + day}),
        ("MaximumWindowInMinutes", {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}),
        (
            "less than or equal to 1440",
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
        ),
        ("group gone does not exist", {"GroupName": "gone"}),
    ):
        with pytest.raises(ClientError, match=message):
            scheduling.create("rate(1 hour)", **more)
    assert scheduling.names() == []
    scheduling.scheduler.create_schedule_group(Name=scheduling.name)
    with pytest.raises(ClientError, match="already exists"):
        scheduling.scheduler.create_schedule_group(Name=scheduling.name)
    with pytest.raises(ClientError, match="default"):
        scheduling.scheduler.delete_schedule_group(Name="default")


def test_without_an_input_the_target_gets_the_default_notification(scheduling: Scheduling) -> None:
    arn = scheduling.create("rate(1 hour)")
    (text,) = scheduling.after(1)
    told = json.loads(text)
    assert (told["source"], told["detail-type"], told["resources"]) == (
        "aws.scheduler",
        "Scheduled Event",
        [arn],
    )
