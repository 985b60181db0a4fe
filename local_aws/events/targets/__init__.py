"""The kinds of targets that rules can have here; any other is refused by name."""

from __future__ import annotations

from local_aws.events.targets.functions import Function
from local_aws.events.targets.kind import Kind
from local_aws.events.targets.log_groups import LogGroup
from local_aws.events.targets.queues import Queue
from local_aws.events.targets.state_machines import StateMachine
from local_aws.events.targets.topics import Topic
from local_aws.wire import not_modelled

KINDS: tuple[Kind, ...] = (Function(), LogGroup(), Queue(), StateMachine(), Topic())


def kind_of(arn: str) -> Kind:
    """Return the kind of target that has `arn`; raise AwsError NotImplemented when we have none."""
    for kind in KINDS:
        if kind.arn.fullmatch(arn):
            return kind
    raise not_modelled(f"an EventBridge target of this kind: {arn}")
