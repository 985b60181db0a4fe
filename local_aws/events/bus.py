"""EventBridge's default bus: who listens, which rules match, and delivery to their targets.

moto keeps the rules. They are read at each event, so a change takes effect at once.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from local_aws.events.cron import NotAnExpressionError
from local_aws.events.dead_letters import bury
from local_aws.events.expressions import rule_expression
from local_aws.events.pattern_check import check_pattern
from local_aws.events.patterns import matches
from local_aws.events.retries import RetryPolicy, may_pass, persist
from local_aws.events.targets import kind_of
from local_aws.events.targets.check import check_target
from local_aws.events.targets.kind import Delivery
from local_aws.events.timetable import Plan, Timetable
from local_aws.events.transformer import RuleFacts, target_input
from local_aws.wire import AwsError, Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

Event = dict[str, Json]
Predicate = Callable[[Event], bool]
log = logging.getLogger(__name__)


class EventBus:
    """The default event bus of one region."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        self.cloud = cloud
        self.region = region
        self._listeners: list[tuple[Predicate, asyncio.Queue[Event]]] = []
        self._timetable = Timetable(cloud.clock)
        self._deliveries: set[asyncio.Task[None]] = set()  # the loop itself keeps weak references only

    def event(self, source: str, detail_type: str, detail: Json, resources: list[str] | None = None) -> Event:
        """Return an event of now, in AWS's envelope.

        https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
        """
        return {
            "version": "0",
            "id": self.cloud.new_id(),
            "detail-type": detail_type,
            "source": source,
            "account": self.cloud.account,
            "time": self.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": resources or [],
            "detail": detail,
        }

    def publish(self, event: Event) -> None:
        """Put an event (with its envelope, see `event`) on the bus; from any thread, and returns at once.

        Rules and targets are those of this moment, whatever becomes of them until the event is delivered.
        """
        wanted = [(rule, list(rule.targets)) for rule in self._rules() if self._wants(rule, event)]
        self.cloud.loop.call_soon_threadsafe(self._accept, event, wanted)

    def rules_changed(self) -> None:
        """Follow the schedules that the rules have now; from any thread, and returns at once."""
        self.cloud.loop.call_soon_threadsafe(self._follow_schedules)

    @contextmanager
    def listen(self, predicate: Predicate) -> Iterator[asyncio.Queue[Event]]:
        """Collect, in a queue, the events that satisfy `predicate` from now on (on the loop's thread)."""
        listener = (predicate, asyncio.Queue[Event]())
        self._listeners.append(listener)
        try:
            yield listener[1]
        finally:
            self._listeners = [other for other in self._listeners if other is not listener]

    async def wait_for(self, predicate: Predicate) -> Event:
        """Wait for the next event that satisfies `predicate`."""
        with self.listen(predicate) as queue:
            return await queue.get()

    def _accept(self, event: Event, wanted: list[tuple[Any, list[Any]]]) -> None:
        for predicate, queue in self._listeners:
            if predicate(event):
                queue.put_nowait(event)
        for rule, targets in wanted:
            self._start_deliveries(rule, targets, event)

    def _follow_schedules(self) -> None:
        now, plans = self.cloud.clock.time(), {}
        for rule in self._rules():
            if not rule.scheduled_expression:
                continue
            try:
                expression = rule_expression(rule.scheduled_expression, now)
            except NotAnExpressionError as error:  # CloudFormation may have put a bad one into moto's store
                log.warning("rule %s never has a turn: %s", rule.name, error)
                continue
            take = functools.partial(self._take_turn, rule.name)
            plans[rule.name] = Plan(rule.scheduled_expression, now, expression.next_after, take)
        self._timetable.keep(plans)

    def _take_turn(self, name: str, due: float) -> None:
        """Send the targets of a rule the event of a turn, which is no other rule's to match.

        https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html (Scheduled Event)
        """
        rule = events_backends[self.cloud.account][self.region].event_buses["default"].rules[name]
        event = self.event("aws.events", "Scheduled Event", {}, [rule.arn])
        event["time"] = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._start_deliveries(rule, list(rule.targets), event)

    def _rules(self) -> list[Any]:
        buses = events_backends[self.cloud.account][self.region].event_buses
        return [rule for rule in list(buses["default"].rules.values()) if rule.state != "DISABLED"]

    def _wants(self, rule: Any, event: Event) -> bool:
        """Return whether the rule matches; CloudFormation may have put a bad one into moto's store."""
        try:
            pattern = rule.event_pattern.get_pattern()
            if not pattern and rule.scheduled_expression:
                return False
            check_pattern(pattern)
        except AwsError as error:
            log.warning("rule %s never matches: %s", rule.name, error)
            return False
        return matches(pattern, event)

    def _start_deliveries(self, rule: Any, targets: list[Any], event: Event) -> None:
        """Send an event to targets of a rule of moto's."""
        received = self.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        facts = RuleFacts(rule.arn, rule.name, received)
        for target in targets:
            delivery = self.cloud.loop.create_task(self._deliver(facts, target, event))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)

    async def _deliver(self, rule: RuleFacts, target: dict[str, Json], event: Event) -> None:
        async def send(_: int) -> None:
            check_target(target, self.region)
            text = target_input(target, event, rule)
            await kind_of(target["Arn"]).send(Delivery(self.cloud, self.region, rule, target, event, text))

        policy = RetryPolicy.of(target)
        failure = await persist(send, policy, self.cloud.clock, self.cloud.random, may_pass)
        if failure is not None:
            fate = await bury(self.cloud, self.region, rule, target, event, failure)
            log.warning(
                "event %s of rule %s was not delivered to %s: %s; %s",
                event["id"],
                rule.name,
                target.get("Arn"),
                failure.error,
                fate,
            )
