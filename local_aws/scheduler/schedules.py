"""The schedules of a region: their turns on the clock, and what is invoked in one.

moto keeps the schedules. They are read again at each change, so that it takes effect at once.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

from __future__ import annotations

import asyncio
import functools
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.scheduler.models import Schedule, scheduler_backends

from local_aws.events.dead_letters import string_attributes
from local_aws.events.retries import Failure, RetryPolicy, persist
from local_aws.events.targets.kind import refusal_of
from local_aws.events.timetable import Plan, Timetable
from local_aws.events.transformer import as_text
from local_aws.iam.roles import NotTrustedError, acting_as
from local_aws.scheduler.checks import turns_of
from local_aws.scheduler.invocations import invocation_of
from local_aws.wire import AwsError, Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

PRINCIPAL = "scheduler.amazonaws.com"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """One turn of a schedule: for when it was scheduled (ISO 8601), and its execution id."""

    schedule: Schedule
    target: dict[str, Json]
    scheduled: str
    execution_id: str

    @property
    def arn(self) -> str:
        """Return the schedule's ARN."""
        return str(self.schedule.arn)


class Schedules:
    """The schedules of one region."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        self.cloud = cloud
        self.region = region
        self._timetable: Timetable = Timetable(cloud.clock)
        self._known: set[str] = set()
        self._turns: set[asyncio.Task[None]] = set()  # the loop itself keeps weak references only

    def changed(self) -> None:
        """Follow the schedules that there are now; from any thread, and returns at once."""
        self.cloud.loop.call_soon_threadsafe(self._follow)

    def begin_session(self, role: str, group: str) -> str:
        """Take a role for a group of schedules; return the access key, or raise NotTrustedError.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        source = f"arn:aws:scheduler:{self.region}:{self.cloud.account}:schedule-group/{group}"
        return self.cloud.enforcer.roles.begin(role, PRINCIPAL, source, self.cloud.new_id()).access_key

    def _follow(self) -> None:
        groups = scheduler_backends[self.cloud.account][self.region].schedule_groups
        schedules = [one for group in list(groups.values()) for one in list(group.schedules.values())]
        self._timetable.keep({one.arn: self._plan(one) for one in schedules if one.state == "ENABLED"})
        self._known = {one.arn for one in schedules}

    def _plan(self, schedule: Schedule) -> Plan:
        created, now = float(schedule.creation_date), self.cloud.clock.time()
        is_once = schedule.schedule_expression.startswith("at(")  # which has no use for the two dates
        start = None if is_once or schedule.start_date is None else float(schedule.start_date)
        end = None if is_once or schedule.end_date is None else float(schedule.end_date)
        zone = schedule.schedule_expression_timezone
        # Without a start, a rate's first turn is at once.
        first = created if start is None else start
        expression = turns_of(schedule.schedule_expression, zone, first)

        def next_after(moment: float) -> float | None:
            turn = expression.next_after(moment if start is None else max(moment, start - 1))
            return None if turn is None or (end is not None and turn >= end) else turn

        identity = (schedule.schedule_expression, zone, start, end)
        since = now if schedule.arn in self._known else min(now, created - 1)
        return Plan(identity, since, next_after, functools.partial(self._take_turn, schedule, next_after))

    def _take_turn(self, schedule: Schedule, next_after: Any, due: float) -> None:
        scheduled = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        execution_id = self.cloud.new_id().replace("-", "")[:16]
        turn = Turn(schedule, schedule.target, scheduled, execution_id)
        task = self.cloud.loop.create_task(self._invoke(turn, is_last=next_after(due) is None))
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)

    async def _invoke(self, turn: Turn, *, is_last: bool) -> None:
        window = turn.schedule.flexible_time_window
        if window["Mode"] == "FLEXIBLE":
            wait = self.cloud.random.random() * 60 * window["MaximumWindowInMinutes"]
            await self.cloud.clock.sleep(wait, background=True)
        attempt = functools.partial(self._attempt, turn)
        policy = RetryPolicy.of(turn.target)
        # Every error is tried again: AWS's pages make no exception, and the one on dead letters shows an
        # EXHAUSTED_RETRY_CONDITION for a queue that does not exist.
        failure = await persist(attempt, policy, self.cloud.clock, self.cloud.random, passes=lambda _: True)
        if failure is not None:
            fate = await self._bury(turn, failure)
            log.warning(
                "schedule %s did not invoke %s: %s; %s", turn.arn, turn.target["Arn"], failure.error, fate
            )
        if is_last and turn.schedule.action_after_completion == "DELETE":
            await self._delete(turn.schedule)

    async def _attempt(self, turn: Turn, attempt: int) -> None:
        invocation = invocation_of(turn.target, self._input(turn, attempt), turn.execution_id)
        answer = await self._call(turn, invocation.service, invocation.method, **invocation.parameters)
        failures = answer.get("failures") or [one for one in answer.get("Entries", []) if "ErrorCode" in one]
        if failures:  # of RunTask and of PutEvents
            raise AwsError("TargetFailure", as_text(failures[0]))

    async def _call(self, turn: Turn, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Call an API as the schedule's role; raise AwsError when it is refused."""
        role, region = turn.target["RoleArn"], self.region
        try:
            await self.cloud.call("iam", region, "get_role", RoleName=role.rpartition("/")[2])
            with acting_as(self.begin_session(role, turn.schedule.group_name)):
                return await self.cloud.call(service, region, method, **parameters)
        except NotTrustedError as error:
            raise AwsError("AccessDeniedException", str(error), 403) from error
        except ClientError as error:
            raise refusal_of(error) from error

    def _input(self, turn: Turn, attempt: int) -> str:
        """Return the input with the context attributes put in, or the default notification.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        """
        if not turn.target.get("Input"):
            return as_text(self._notification(turn))
        text = str(turn.target["Input"])
        attributes = {
            "schedule-arn": turn.arn,
            "scheduled-time": turn.scheduled,
            "execution-id": turn.execution_id,
            "attempt-number": str(attempt),
        }
        for name, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _notification(self, turn: Turn) -> dict[str, Json]:
        return {
            "version": "0",
            "id": self.cloud.new_id(),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.cloud.account,
            "time": turn.scheduled,
            "region": self.region,
            "resources": [turn.arn],
            "detail": "{}",
        }

    async def _bury(self, turn: Turn, failure: Failure) -> str:
        """Send the input to the schedule's dead-letter queue, as its role; return what became of it.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        arn = (turn.target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return "it is lost: the schedule has no dead-letter queue"
        values = {
            "ERROR_CODE": failure.error.code,
            "ERROR_MESSAGE": failure.error.message,
            "EXECUTION_ID": turn.execution_id,
            "EXHAUSTED_RETRY_CONDITION": failure.exhausted or "",
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(failure.retries),
            "SCHEDULED_TIME": turn.scheduled,
            "SCHEDULE_ARN": turn.arn,
            "TARGET_ARN": turn.target["Arn"],
        }
        region, account, name = arn.split(":")[3:]
        try:
            await self._call(
                turn,
                "sqs",
                "send_message",
                QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}",
                MessageBody=self._input(turn, failure.retries + 1),
                MessageAttributes=string_attributes(values),
            )
        except AwsError as refusal:
            return f"it is lost: {arn} did not take it: {refusal}"
        return f"it is in {arn}"

    async def _delete(self, schedule: Schedule) -> None:
        try:
            await self.cloud.call(
                "scheduler", self.region, "delete_schedule", Name=schedule.name, GroupName=schedule.group_name
            )
        except ClientError as error:
            log.info("schedule %s was gone before it was complete: %s", schedule.arn, error)
