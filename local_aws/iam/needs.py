"""What IAM asks for a call: actions, the resources they are on, and the condition keys the request has.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

An operation that is in no table here takes the action SERVICE:OPERATION, and any resource of a statement
will do. Policies of resources (buckets, queues, topics, keys) grant nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from moto.dynamodb.models import dynamodb_backends

from local_aws.iam import needs_of_ecs, needs_of_functions, needs_of_s3
from local_aws.iam.calls import Call
from local_aws.iam.policies import Need
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# Every caller may call these: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE: Final = {("sts", "GetCallerIdentity")}
# Operations of a transaction, and the actions that they are authorised by.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_PARTS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# The members that name a resource of other services, and what its ARN looks like.
_NAMED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ecr": (("repositoryName", "repository/{}"),),
    "events": (("Rule", "rule/{}"), ("Name", "rule/{}")),
    "logs": (("logGroupName", "log-group:{}"),),
    "sns": (("TopicArn", "{}"), ("TargetArn", "{}")),
    "states": (
        ("stateMachineArn", "{}"),
        ("executionArn", "{}"),
        ("activityArn", "{}"),
        ("resourceArn", "{}"),
    ),
}
# Actions of those services that AWS authorises on no resource.
_WITHOUT_RESOURCE: Final = {
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "states:ListActivities",
    "states:ListStateMachines",
    "states:SendTaskFailure",
    "states:SendTaskHeartbeat",
    "states:SendTaskSuccess",
    "states:ValidateStateMachineDefinition",
}
_ON_STREAMS: Final = {"CreateLogStream", "PutLogEvents", "GetLogEvents", "DeleteLogStream"}


def needs_of(cloud: Cloud, call: Call) -> list[Need]:
    """Return all that a call needs."""
    if (call.service, call.operation) in _FREE:
        return []
    if call.service == "s3":
        return list(needs_of_s3.needs(call))
    if call.service == "ecs":
        return list(needs_of_ecs.needs(cloud, call))
    if call.service == "lambda":
        return list(needs_of_functions.needs(cloud.account, call))
    if call.service == "dynamodb":
        return list(_of_dynamodb(cloud.account, call))
    return list(_of_others(cloud.account, call))


def _of_dynamodb(account: str, call: Call) -> Iterator[Need]:
    def table(name: Json) -> str:
        text = str(name)
        return text if text.startswith("arn:") else f"arn:aws:dynamodb:{call.region}:{account}:table/{text}"

    parameters, operation = call.parameters, call.operation
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in parameters.get("TransactItems") or []:
            for part, asked in item.items():
                # ConditionCheckItem is of transactions only, and has no such key.
                enclosed = {} if part == "ConditionCheck" else {"dynamodb:enclosingoperation": (operation,)}
                action = f"dynamodb:{_PARTS.get(part, part)}"
                leading = _leading_key(account, call.region, asked or {})
                yield Need(action, table((asked or {}).get("TableName", "")), enclosed | leading)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for name in parameters.get("RequestItems") or {}:
            yield Need(f"dynamodb:{operation}", table(name))
    elif "TableName" in parameters:
        index = f"/index/{parameters['IndexName']}" if parameters.get("IndexName") else ""
        leading = _leading_key(account, call.region, parameters)
        yield Need(f"dynamodb:{operation}", table(parameters["TableName"]) + index, leading)
    else:
        yield Need(f"dynamodb:{operation}", None)


def _leading_key(account: str, region: str, asked: Json) -> dict[str, tuple[str, ...]]:
    """Return dynamodb:LeadingKeys of a request that names one item: the value of its partition key.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    there = dynamodb_backends[account][region].tables.get(str(asked.get("TableName")).rpartition("/")[2])
    value = (asked.get("Key") or asked.get("Item") or {}).get(there.hash_key_attr) if there else None
    return {"dynamodb:leadingkeys": tuple(map(str, value.values()))} if isinstance(value, dict) else {}


def _of_others(account: str, call: Call) -> Iterator[Need]:
    action = f"{call.service}:{call.operation}"
    if action == "events:PutEvents":  # for each bus; the default one goes without saying
        for bus in sorted({str(one.get("EventBusName") or "default") for one in call.parameters["Entries"]}):
            arn = f"arn:aws:events:{call.region}:{account}:event-bus/{bus.rpartition('/')[2]}"
            yield Need(action, arn)
        return
    context = {}
    if action == "cloudwatch:PutMetricData":
        context["cloudwatch:namespace"] = (str(call.parameters.get("Namespace", "")),)
    yield Need(action, "*" if action in _WITHOUT_RESOURCE else _resource(account, call), context)


def _resource(account: str, call: Call) -> str | None:
    parameters, here = call.parameters, f"{call.region}:{account}"
    if call.service == "sqs" and "QueueUrl" in parameters:
        return f"arn:aws:sqs:{here}:{str(parameters['QueueUrl']).rpartition('/')[2]}"
    for member, form in _NAMED.get(call.service, ()):
        name = str(parameters.get(member) or "")
        if not name:
            continue
        if name.startswith("arn:"):
            return name
        arn = f"arn:aws:{call.service}:{here}:{form.format(name)}"
        if call.service == "logs" and call.operation in _ON_STREAMS:
            arn += f":log-stream:{parameters.get('logStreamName', '')}"
        elif call.service == "logs" and call.operation == "CreateLogGroup":
            arn += ":log-stream:"  # as AWS's own refusals have it
        return arn
    return None
