"""Cron expressions as EventBridge has them: six fields, with L, W and #, and a ? for one of the two days.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

Written here because the library of the dialect, aws-croniter 2.1.1, fails on `LW` and never fires for `L` as
the day of the week; others have another dialect.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_YEAR: Final = 2199


class NotAnExpressionError(ValueError):
    """A text that is no schedule expression."""


@dataclass(frozen=True)
class Cron:
    """A parsed expression; of the two fields of days the one that is `?` is empty."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: tuple[int, ...]
    weekdays: str
    years: tuple[int, ...]

    @classmethod
    def parse(cls, fields: str) -> Cron:
        """Parse what stands between the parentheses; raise NotAnExpressionError."""
        parts = fields.upper().split()
        if len(parts) != 6:
            raise NotAnExpressionError(f"{fields}: a cron expression has six fields, this has {len(parts)}")
        minutes, hours, days, months, weekdays, years = parts
        if (days == "?") is (weekdays == "?"):
            raise NotAnExpressionError(
                f"{fields}: one of day-of-month and day-of-week must be ?, and only one"
            )
        cron = cls(
            minutes=_values(minutes, 0, 59),
            hours=_values(hours, 0, 23),
            days="" if days == "?" else days,
            months=_values(_numbered(months, _MONTHS), 1, 12),
            weekdays="" if weekdays == "?" else _numbered(weekdays, _DAYS),
            years=_values(years, 1970, _LAST_YEAR),
        )
        cron.days_of(2000, 1)  # judges the days
        return cron

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first minute after `moment`, both without a time zone; None when there is none."""
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in (year for year in self.years if year >= start.year):
            for month in (month for month in self.months if (year, month) >= (start.year, start.month)):
                for day in self.days_of(year, month):
                    found = self._on(date(year, month, day), start)
                    if found is not None:
                        return found
        return None

    def _on(self, day: date, start: datetime) -> datetime | None:
        if day < start.date():
            return None
        for hour in self.hours:
            for minute in self.minutes:
                found = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - see next_after
                if found >= start:
                    return found
        return None

    def days_of(self, year: int, month: int) -> tuple[int, ...]:
        """Return the days of a month, in order."""
        length = calendar.monthrange(year, month)[1]
        found = _by_date(self.days, year, month) if self.days else _by_weekday(self.weekdays, year, month)
        return tuple(day for day in found if 1 <= day <= length)


def _by_date(field: str, year: int, month: int) -> tuple[int, ...]:
    length = calendar.monthrange(year, month)[1]
    if special := re.fullmatch(r"L(?:-(\d{1,2}))?", field):
        return (length - int(special[1] or 0),)
    if special := re.fullmatch(r"(L|\d{1,2})W", field):
        wanted = length if special[1] == "L" else _number(special[1], 1, 31)
        return (_nearest_weekday(year, month, wanted),) if wanted <= length else ()
    return _values(field, 1, 31)


def _by_weekday(field: str, year: int, month: int) -> tuple[int, ...]:
    """Return the days of the month that fall on weekdays, of which Sunday is 1 to AWS."""
    length = calendar.monthrange(year, month)[1]
    first = calendar.weekday(year, month, 1)  # Monday is 0

    def all_of(weekday: int) -> range:
        return range(1 + (weekday - 2 - first) % 7, length + 1, 7)

    if special := re.fullmatch(r"(\d)L", field):
        return (all_of(_number(special[1], 1, 7))[-1],)
    if special := re.fullmatch(r"(\d)#(\d)", field):
        place = _number(special[2], 1, 5)
        return tuple(all_of(_number(special[1], 1, 7))[place - 1 : place])
    weekdays = (7,) if field == "L" else _values(field, 1, 7)
    return tuple(sorted(day for weekday in weekdays for day in all_of(weekday)))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest, within the month."""
    length = calendar.monthrange(year, month)[1]
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _values(field: str, least: int, most: int) -> tuple[int, ...]:
    """Return the values of a field of commas, ranges and steps; a range may go past the end (`20-2`)."""
    found: set[int] = set()
    for part in field.split(","):
        parsed = re.fullmatch(r"(?:(?P<all>\*)|(?P<low>\d+)(?:-(?P<high>\d+))?)(?:/(?P<step>\d+))?", part)
        if parsed is None:
            raise NotAnExpressionError(f"{field} is no field of a cron expression")
        step = int(parsed["step"] or 1)
        low = least if parsed["all"] else _number(parsed["low"], least, most)
        if parsed["high"]:
            high = _number(parsed["high"], least, most)
        else:
            high = most if parsed["all"] or parsed["step"] else low
        if step < 1:
            raise NotAnExpressionError(f"{field}: a step must be 1 or more")
        size = most - least + 1
        end = high + size if high < low else high
        found.update((value - least) % size + least for value in range(low, end + 1, step))
    return tuple(sorted(found))


def _number(text: str, least: int, most: int) -> int:
    value = int(text)
    if not least <= value <= most:
        raise NotAnExpressionError(f"{text} is not within {least} and {most}")
    return value


def _numbered(field: str, names: tuple[str, ...]) -> str:
    """Return a field with the numbers of its names."""
    for number, name in enumerate(names, 1):
        field = field.replace(name, str(number))
    return field
