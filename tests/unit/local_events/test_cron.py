"""When cron expressions have their turns; most are from AWS's page on scheduled rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (time zones, summer time)
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local_aws.events.cron import Cron, NotAnExpressionError
from local_aws.events.expressions import Calendar, cron_of

START = datetime(2026, 1, 1, 0, 0, 30)  # noqa: DTZ001 - a Thursday; the expressions know no time zone


def turns(fields: str, count: int) -> list[str]:
    found, moment = [], START
    for _ in range(count):
        turn = Cron.parse(fields).next_after(moment)
        if turn is None:
            break
        found.append(f"{turn:%y-%m-%d %H:%M}")
        moment = turn
    return found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 10 * * ? *", ["26-01-01 10:00", "26-01-02 10:00"]),
        ("0/15 * * * ? *", ["26-01-01 00:15", "26-01-01 00:30"]),
        ("*/20 * ? * * *", ["26-01-01 00:20", "26-01-01 00:40", "26-01-01 01:00"]),
        ("1/10 0 * * ? *", ["26-01-01 00:01", "26-01-01 00:11"]),
        ("0-59/40 0 * * ? *", ["26-01-01 00:40", "26-01-02 00:00"]),
        ("5,35 14 * * ? *", ["26-01-01 14:05", "26-01-01 14:35"]),
        ("0 18 ? * MON-FRI *", ["26-01-01 18:00", "26-01-02 18:00", "26-01-05 18:00"]),
        ("0 18 ? * 2-6 *", ["26-01-01 18:00", "26-01-02 18:00", "26-01-05 18:00"]),
        ("0 8 1 * ? *", ["26-01-01 08:00", "26-02-01 08:00"]),
        ("30 20-2 ? * sat-sun *", ["26-01-03 00:30", "26-01-03 01:30", "26-01-03 02:30", "26-01-03 20:30"]),
        ("15 10 ? * 6L 2026-2027", ["26-01-30 10:15", "26-02-27 10:15"]),
        ("15 10 ? * FRIL *", ["26-01-30 10:15", "26-02-27 10:15"]),
        ("0 0 ? * L *", ["26-01-03 00:00", "26-01-10 00:00"]),
        ("0 0 L * ? *", ["26-01-31 00:00", "26-02-28 00:00"]),
        ("0 0 L-3 * ? *", ["26-01-28 00:00", "26-02-25 00:00"]),
        ("0 0 LW * ? *", ["26-01-30 00:00", "26-02-27 00:00"]),
        ("0 0 3W * ? *", ["26-01-02 00:00", "26-02-03 00:00"]),
        ("0 0 1W 2,8 ? *", ["26-02-02 00:00", "26-08-03 00:00"]),
        ("0 0 31W * ? *", ["26-01-30 00:00", "26-03-31 00:00", "26-05-29 00:00"]),
        ("0 0 ? * 3#2 *", ["26-01-13 00:00", "26-02-10 00:00"]),
        ("0 0 ? * SAT#5 *", ["26-01-31 00:00", "26-05-30 00:00"]),
        ("0 0 ? FEB SAT#5 *", ["48-02-29 00:00", "76-02-29 00:00"]),
        ("0 0 29 2 ? 2026-2030/2", ["28-02-29 00:00"]),
        ("0 12 * * ? 2002-2005", []),
    ],
)
def test_the_turns_of_an_expression(fields: str, expected: list[str]) -> None:
    assert turns(fields, max(len(expected), 1)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "0 1 * * ?",
        "0 1 * * * *",
        "0 1 ? * ? *",
        "7 20 * * NOT *",
        "0 dummy ? * MON-FRI *",
        "71 8 1 * ? *",
        "0 24 * * ? *",
        "0 0 0 * ? *",
        "0 0 32 * ? *",
        "0 0 1,L * ? *",
        "0 0 ? * 3#1,6#3 *",
        "0 0 ? * 3#6 *",
        "0 0 ? * 8 *",
        "0 0 * 13 ? *",
        "0/0 0 * * ? *",
        "0 0 * * ? 1969",
    ],
)
def test_what_is_no_expression_is_refused(fields: str) -> None:
    with pytest.raises(NotAnExpressionError):
        Cron.parse(fields)


def local_turns(expression: str, start: str, count: int) -> list[str]:
    """Return the turns in Berlin after a moment of UTC, as moments of UTC."""
    found = cron_of(expression, "Europe/Berlin")
    assert isinstance(found, Calendar)
    turn: float | None = datetime.fromisoformat(start).timestamp()
    moments = []
    for _ in range(count):
        assert turn is not None
        turn = found.next_after(turn)
        assert turn is not None
        moments.append(f"{datetime.fromtimestamp(turn, UTC):%m-%d %H:%M}")
    return moments


def test_a_turn_is_by_the_clocks_of_its_time_zone() -> None:
    assert local_turns("cron(0 9 * * ? *)", "2026-03-27T12:00Z", 3) == [
        "03-28 08:00",
        "03-29 07:00",
        "03-30 07:00",
    ]


def test_the_hour_that_spring_leaves_out_has_no_turn() -> None:
    assert local_turns("cron(30 2 * * ? *)", "2026-03-28T00:00Z", 2) == ["03-28 01:30", "03-30 00:30"]


def test_the_hour_that_autumn_has_twice_has_one_turn() -> None:
    assert local_turns("cron(30 2 * * ? *)", "2026-10-24T12:00Z", 2) == ["10-25 00:30", "10-26 01:30"]
    assert local_turns("cron(0/30 * * * ? *)", "2026-10-25T00:10Z", 2) == ["10-25 00:30", "10-25 02:00"]
    assert local_turns("cron(0/30 * * * ? *)", "2026-10-25T01:10Z", 1) == ["10-25 02:00"]
