"""What kinds of targets have in common: what is sent, on whose behalf, and by which permission."""

from __future__ import annotations

import re
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from local_aws.events.resource_policy import PRINCIPAL, lets_rule
from local_aws.events.transformer import RuleFacts
from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.policies import Need
from local_aws.iam.roles import NotTrustedError
from local_aws.wire import AwsError, Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


@dataclass(frozen=True)
class Delivery:
    """What is sent to one target of a rule for one event.

    `target` is as PutTargets takes it, `text` what the target's Input, InputPath or InputTransformer has made
    of the event, `region` the rule's.
    """

    cloud: Cloud
    region: str
    rule: RuleFacts
    target: dict[str, Json]
    event: dict[str, Json]
    text: str

    @property
    def arn(self) -> str:
        """Return the target's ARN."""
        return str(self.target["Arn"])

    @property
    def target_region(self) -> str:
        """Return the target's region."""
        return self.arn.split(":")[3]

    @property
    def name(self) -> str:
        """Return the last part of the target's ARN."""
        return self.arn.rpartition(":")[2]

    async def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Call an API where the target is; raise AwsError, with the HTTP status, when it refuses."""
        try:
            return await self.cloud.call(service, self.target_region, method, **parameters)
        except ClientError as error:
            raise refusal_of(error) from error

    async def permit(self, need: Need, policy: str) -> None:
        """Raise AwsError unless the target's role or, without one, the resource's policy lets the rule do it.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        """
        if self.target.get("RoleArn"):
            await self.permit_by_role(need)
        elif not lets_rule(policy, need, self.rule.arn, self.cloud.account):
            message = f"the policy of {need.resource} does not let {PRINCIPAL} do {need.action}"
            raise AwsError("AccessDeniedException", f"{message} for {self.rule.arn}")

    async def permit_by_role(self, need: Need) -> None:
        """Raise AwsError unless there is a role that trusts EventBridge for the rule, and may do it."""
        arn = str(self.target["RoleArn"])
        try:
            await self.cloud.call("iam", self.region, "get_role", RoleName=arn.rpartition("/")[2])
            name = uuid.uuid5(uuid.NAMESPACE_URL, self.rule.arn).hex
            session = self.cloud.enforcer.roles.begin(arn, PRINCIPAL, self.rule.arn, name)
            self.cloud.enforcer.demand(session, need, self.target_region)
        except (ClientError, NotTrustedError) as error:
            raise AwsError(
                "RoleNotAssumable", f"EventBridge cannot assume the role {arn}: {error}"
            ) from error
        except AccessDeniedError as denied:
            raise AwsError("AccessDeniedException", str(denied)) from denied


class Kind(ABC):
    """A kind of target: which ARNs it has, what a target of it may say, and how it is sent something."""

    arn: ClassVar[re.Pattern[str]]
    needs_role: ClassVar[bool] = False  # whether PutTargets wants a RoleArn
    takes_role: ClassVar[bool] = True
    members: ClassVar[frozenset[str]] = frozenset()  # of a Target, which other kinds do not take

    def check(self, target: dict[str, Json]) -> None:  # noqa: B027 - most kinds have nothing to add
        """Raise AwsError for a target (as PutTargets takes it) that AWS would refuse for this kind."""

    @abstractmethod
    async def send(self, delivery: Delivery) -> None:
        """Send it once; raise AwsError when it is refused. One of status 429 or 5xx is tried again."""


def refusal_of(error: ClientError) -> AwsError:
    """Return what an AWS API answered, as we raise it."""
    told = error.response["Error"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return AwsError(told.get("Code", "Unknown"), told.get("Message", str(error)), status)
