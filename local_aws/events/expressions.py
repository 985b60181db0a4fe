"""Schedule expressions: `rate(...)`, `cron(...)` and, in EventBridge Scheduler, `at(...)`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from local_aws.events.cron import Cron, NotAnExpressionError

_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86_400}  # a day of 25 hours is more than one


class Expression(ABC):
    """When a schedule has its turns; moments are seconds since the epoch."""

    @abstractmethod
    def next_after(self, moment: float) -> float | None:
        """Return the first turn after `moment`; None when there is none."""


@dataclass(frozen=True)
class Rate(Expression):
    """A turn each `period` (seconds), the first one at `first`."""

    period: int
    first: float

    def next_after(self, moment: float) -> float | None:
        """Return the first turn after `moment`."""
        if moment < self.first:
            return self.first
        return self.first + ((moment - self.first) // self.period + 1) * self.period


@dataclass(frozen=True)
class Once(Expression):
    """One turn."""

    moment: float

    def next_after(self, moment: float) -> float | None:
        """Return the turn unless it is over."""
        return self.moment if moment < self.moment else None


@dataclass(frozen=True)
class Calendar(Expression):
    """Turns by the clocks of a time zone.

    A turn within the hour that is left out in spring does not take place, one within the hour that autumn has
    twice takes place once, in the first of them.
    """

    cron: Cron
    zone: ZoneInfo

    def next_after(self, moment: float) -> float | None:
        """Return the first turn after `moment`."""
        local: datetime | None = datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)
        while local is not None and (local := self.cron.next_after(local)) is not None:
            turn = local.replace(tzinfo=self.zone)
            exists = turn.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == local
            if exists and turn.timestamp() > moment:
                return turn.timestamp()
        return None


def cron_of(text: str, zone: str = "UTC") -> Calendar | None:
    """Return the turns of `cron(...)`, None for another form; raise NotAnExpressionError."""
    parsed = re.fullmatch(r"cron\((.*)\)", text)
    return Calendar(Cron.parse(parsed[1]), ZoneInfo(zone)) if parsed else None


def period_of(text: str, *, strict: bool) -> int | None:
    """Return the seconds of `rate(...)`, None for another form; raise NotAnExpressionError.

    `strict`: the unit of 1 is singular, any other plural, as the rules want it.
    """
    if not re.fullmatch(r"rate\(.*\)", text):
        return None
    parsed = re.fullmatch(r"rate\((?P<value>[1-9]\d*) (?P<unit>minute|hour|day)(?P<plural>s?)\)", text)
    if parsed is None or (strict and bool(parsed["plural"]) is (parsed["value"] == "1")):
        raise NotAnExpressionError(f"{text} is no rate")
    return int(parsed["value"]) * _UNITS[parsed["unit"]]


def once_of(text: str, zone: str) -> Once | None:
    """Return the turn of `at(yyyy-mm-ddThh:mm:ss)`, None for another form; raise NotAnExpressionError."""
    parsed = re.fullmatch(r"at\((.*)\)", text)
    if parsed is None:
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", parsed[1]):
        raise NotAnExpressionError(f"{text} is no time")
    try:
        return Once(datetime.fromisoformat(parsed[1]).replace(tzinfo=ZoneInfo(zone)).timestamp())
    except ValueError as error:
        raise NotAnExpressionError(f"{text} is no time: {error}") from error


def rule_expression(text: str, created: float) -> Expression:
    """Return the turns of a rule's schedule; those of a rate are counted from when it is made (`created`)."""
    found = cron_of(text)
    if found is not None:
        return found
    period = period_of(text, strict=True)
    if period is None:
        raise NotAnExpressionError(f"{text} is neither cron(...) nor rate(...)")
    return Rate(period, created + period)
