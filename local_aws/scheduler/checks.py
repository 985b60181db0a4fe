"""What may be asked of a schedule, and when it has its turns.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_aws.constraints import check_constraints
from local_aws.events.cron import NotAnExpressionError
from local_aws.events.expressions import Expression, Rate, cron_of, once_of, period_of
from local_aws.scheduler.invocations import check_target
from local_aws.wire import AwsError, Json

_QUEUE: Final = re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}")
_EARLIEST_START: Final = 300  # seconds ago


def check_schedule(operation: str, request: dict[str, Json], now: float) -> None:
    """Raise AwsError unless a schedule can be kept as CreateSchedule or UpdateSchedule asks."""
    check_constraints("scheduler", operation, request)
    expression = request["ScheduleExpression"]
    turns_of(expression, request.get("ScheduleExpressionTimezone") or "UTC", now)
    window = request["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") is not ("MaximumWindowInMinutes" in window):
        raise AwsError(
            "ValidationException",
            "MaximumWindowInMinutes must be given when the Mode is FLEXIBLE, and only then.",
        )
    start, end = request.get("StartDate"), request.get("EndDate")
    if not expression.startswith("at("):
        if start is not None and start < now - _EARLIEST_START:
            raise AwsError(
                "ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago."
            )
        if end is not None and end <= max(now, start or now):
            raise AwsError("ValidationException", "The EndDate you specify must be after now and StartDate.")
    check_target(request["Target"])
    queue = (request["Target"].get("DeadLetterConfig") or {}).get("Arn")
    if queue and not _QUEUE.fullmatch(queue):
        raise AwsError("ValidationException", f"The dead-letter queue {queue} must be a standard SQS queue.")


def turns_of(expression: str, zone: str, first: float) -> Expression:
    """Return the turns of an expression, of a rate from `first` on; raise AwsError when it is none."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise AwsError("ValidationException", f"Invalid ScheduleExpressionTimezone {zone}.") from error
    try:
        found = cron_of(expression, zone) or once_of(expression, zone)
        period = period_of(expression, strict=False)
    except NotAnExpressionError as error:
        raise _not_valid(expression) from error
    if found is None and period is None:
        raise _not_valid(expression)
    return found or Rate(period or 0, first)


def _not_valid(expression: str) -> AwsError:
    return AwsError("ValidationException", f"Invalid Schedule Expression {expression}.")
