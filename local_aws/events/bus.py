"""EventBridge's default bus: who listens, which rules match, and delivery to their targets.

moto keeps the rules. They are read at each event, so a change takes effect at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from local_aws.events.dead_letters import bury
from local_aws.events.pattern_check import check_pattern
from local_aws.events.patterns import matches
from local_aws.events.retries import RetryPolicy, may_pass, persist
from local_aws.events.targets import kind_of
from local_aws.events.targets.check import check_target
from local_aws.events.targets.kind import Delivery
from local_aws.events.transformer import RuleFacts, target_input
from local_aws.wire import AwsError, Json, not_modelled

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
        """Put an event (with its envelope, see `event`) on the bus; from any thread, and returns at once."""
        self.cloud.loop.call_soon_threadsafe(self._accept, event)

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

    def _accept(self, event: Event) -> None:
        for predicate, queue in self._listeners:
            if predicate(event):
                queue.put_nowait(event)
        received = self.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        for rule in self._rules():
            facts = RuleFacts(rule.arn, rule.name, received)
            if self._wants(rule, event):
                for target in list(rule.targets):
                    self._start_delivery(facts, target, event)

    def _rules(self) -> list[Any]:
        buses = events_backends[self.cloud.account][self.region].event_buses
        return [rule for rule in list(buses["default"].rules.values()) if rule.state != "DISABLED"]

    def _wants(self, rule: Any, event: Event) -> bool:
        """Return whether the rule matches; CloudFormation may have put a bad one into moto's store."""
        try:
            if rule.scheduled_expression:
                raise not_modelled(f"the schedule {rule.scheduled_expression}")
            pattern = rule.event_pattern.get_pattern()
            check_pattern(pattern)
        except AwsError as error:
            log.warning("rule %s never matches: %s", rule.name, error)
            return False
        return matches(pattern, event)

    def _start_delivery(self, rule: RuleFacts, target: dict[str, Json], event: Event) -> None:
        delivery = self.cloud.loop.create_task(self._deliver(rule, target, event))
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
