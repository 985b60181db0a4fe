"""Dead letters: where an event goes that could not be delivered to a rule's target.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from local_aws.events.resource_policy import lets_rule
from local_aws.events.retries import THROTTLES, Failure
from local_aws.events.transformer import RuleFacts, as_text
from local_aws.iam.policies import Need
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# The codes are the page's; which of them follows which refusal it does not say. That an event whose
# execution's name is taken goes to the queue as RESOURCE_ALREADY_EXISTS is what the code's name suggests.
_CODES: Final = {
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "AccessDeniedException": "NO_PERMISSIONS",
    "ExecutionAlreadyExists": "RESOURCE_ALREADY_EXISTS",
    "InvalidArn": "INVALID_PARAMETER",
    "InvalidJson": "INVALID_JSON",
    "InvalidExecutionInput": "INVALID_JSON",
    "InvalidName": "INVALID_PARAMETER",
    "NotFound": "NO_RESOURCE",  # SNS
    "NotFoundException": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
    "RoleNotAssumable": "FAILED_TO_ASSUME_ROLE",
    "StateMachineDoesNotExist": "NO_RESOURCE",
}


async def bury(
    cloud: Cloud,
    region: str,
    rule: RuleFacts,
    target: dict[str, Json],
    event: dict[str, Json],
    failure: Failure,
) -> str:
    """Send the event to the target's dead-letter queue; return what became of it, for the log."""
    arn = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
    if not arn:
        return "it is lost: the target has no dead-letter queue"
    account, name = arn.split(":")[4:6]
    try:
        found = await cloud.call(
            "sqs", region, "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account
        )
        url = found["QueueUrl"]
        asked = {"QueueUrl": url, "AttributeNames": ["Policy"]}
        attributes = (await cloud.call("sqs", region, "get_queue_attributes", **asked)).get("Attributes", {})
        need = Need("sqs:SendMessage", arn)
        if not lets_rule(attributes.get("Policy", ""), need, rule.arn, cloud.account):
            return f"it is lost: the policy of {arn} does not let events.amazonaws.com send to it"
        await cloud.call(
            "sqs",
            region,
            "send_message",
            QueueUrl=url,
            MessageBody=as_text(event),
            MessageAttributes=described(rule, target, failure),
        )
    except ClientError as refusal:
        return f"it is lost: {arn} did not take it: {refusal}"
    return f"it is in {arn}"


def described(rule: RuleFacts, target: dict[str, Json], failure: Failure) -> dict[str, dict[str, str]]:
    """Return the message attributes that tell of a failed delivery."""
    error = failure.error
    code = "THROTTLING" if error.code in THROTTLES else _CODES.get(error.code, "ERROR_FROM_TARGET")
    values = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": str(target.get("Arn")),
        "ERROR_CODE": code,
        "ERROR_MESSAGE": error.message,
        "RETRY_ATTEMPTS": str(failure.retries),
    }
    if failure.exhausted:
        values["EXHAUSTED_RETRY_CONDITION"] = failure.exhausted
    return string_attributes(values)


def string_attributes(values: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return texts as the attributes of an SQS message."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
