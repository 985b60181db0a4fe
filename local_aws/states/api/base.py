"""What the operations share: what there is in a region, and how names and ARNs are judged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from local_aws.states.activities import Activity
from local_aws.states.callbacks import Callbacks
from local_aws.states.distributed.registry import MapRuns
from local_aws.states.errors import no_such_activity
from local_aws.states.executions import Execution
from local_aws.states.jsontext import too_large
from local_aws.states.machines import Record
from local_aws.wire import AwsError, Service, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_BAD_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_NAME_LIMIT = 80
_PARTS = {"stateMachine": 7, "execution": 8, "activity": 7}  # of an ARN, by the kind of resource


class StatesBase(Service):
    """Step Functions in one region. Nothing here waits for a call into another service."""

    name: ClassVar[str] = "stepfunctions"

    def __init__(self, cloud: Cloud, region: str) -> None:
        super().__init__(cloud, region)
        self.callbacks = Callbacks(cloud.new_id)
        self.map_runs = MapRuns()
        self._machines: dict[str, Record] = {}
        self._executions: dict[str, Execution] = {}
        self._activities: dict[str, Activity] = {}

    @property
    def name_in_arn(self) -> str:
        """Return `states`."""
        return "states"

    def activity(self, arn: str) -> Activity:
        """Return the activity that a Task calls; raises States.Runtime when there is none."""
        if arn not in self._activities:
            raise no_such_activity(arn)
        return self._activities[arn]

    def _record(self, arn: str) -> Record:
        if arn.count(":") == 7 and ":stateMachine:" in arn:  # one part more than a machine's ARN
            raise not_modelled(f"versions and aliases of state machines ({arn})")
        check_arn(arn, "stateMachine")
        if arn not in self._machines:
            raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self._machines[arn]

    def _execution(self, arn: str) -> Execution:
        check_arn(arn, "execution")
        if arn not in self._executions:
            raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self._executions[arn]


def check_arn(arn: str, kind: str) -> None:
    """Raise InvalidArn unless an ARN is one of a kind of resource."""
    parts = arn.split(":")
    if parts[0] != "arn" or len(parts) < 6:
        raise AwsError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
    if parts[2] != "states" or parts[5] != kind or len(parts) != _PARTS[kind]:
        raise AwsError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {parts[5]}'")


def valid_name(name: str) -> str:
    """Return a name; raises InvalidName for one that AWS would not take."""
    if not name or len(name) > _NAME_LIMIT or _BAD_NAME.search(name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    return name


def check_size(member: str, text: str) -> None:
    """Raise ValidationException when a payload exceeds 256 KiB."""
    if too_large(text):
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            "Member must have length less than or equal to 262144",
        )
