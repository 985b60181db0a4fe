"""DynamoDB's TransactWriteItems: single conditional writes, all undone when one of them is refused.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend
from werkzeug.wrappers import Request, Response

from local_aws.clock import Clock
from local_aws.over_moto.before_images import BeforeImages
from local_aws.over_moto.requests import with_body
from local_aws.wire import AwsError, Json, not_modelled, to_json

MOST_ACTIONS = 100
MOST_BYTES = 4 * 1024 * 1024
TOKEN_LIFE = 600.0  # seconds
_TARGET = "DynamoDB_20120810."
# The single write that does what an action does; a condition is checked by a delete that is undone at once.
_WRITE_OF = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "DeleteItem",
}
# Refused before the transaction begins: what can be seen without looking at an item.
_EXPRESSION_ERRORS = (
    "Invalid UpdateExpression",
    "Invalid ConditionExpression",
    "Value provided in Expression",
    "ExpressionAttribute",
)


class Action(NamedTuple):
    """One action of a transaction."""

    kind: str
    parameters: Json
    key: Json


class Transactions:
    """Carries out transactions, one at a time, and knows the tokens of those that succeeded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: dict[str, tuple[float, Json]] = {}

    def write(
        self,
        body: Json,
        request: Request,
        backend: DynamoDBBackend,
        forward: Callable[[Request], Response],
    ) -> Json:
        """Carry out a TransactWriteItems request: all of it, or nothing.

        Raises TransactionCanceledException with a reason an action, ValidationException,
        ResourceNotFoundException or IdempotentParameterMismatchException (as AwsError).
        """
        for member in ("ReturnConsumedCapacity", "ReturnItemCollectionMetrics"):
            if body.get(member, "NONE") != "NONE":
                raise not_modelled(f"{member} of dynamodb:TransactWriteItems")
        token = body.get("ClientRequestToken")
        if token and self._was_done(token, body):
            return {}
        actions = actions_of(body.get("TransactItems") or [], backend)
        images = BeforeImages(backend)
        try:
            reasons = [self._apply(action, images, request, forward) for action in actions]
        except BaseException:
            images.restore()
            raise
        if any(reason["Code"] != "None" for reason in reasons):
            images.restore()
            raise canceled(reasons)
        if token:
            self._done[token] = (self._clock.time(), body)
        return {}

    def _was_done(self, token: str, body: Json) -> bool:
        now = self._clock.time()
        self._done = {key: done for key, done in self._done.items() if now - done[0] < TOKEN_LIFE}
        if token not in self._done:
            return False
        if self._done[token][1] != body:
            raise AwsError(
                "IdempotentParameterMismatchException",
                "Request parameters do not match the parameters of the first request with this token",
            )
        return True

    def _apply(
        self,
        action: Action,
        images: BeforeImages,
        request: Request,
        forward: Callable[[Request], Response],
    ) -> Json:
        """Do one action as a single write and return its cancellation reason."""
        own = BeforeImages(images.backend) if action.kind == "ConditionCheck" else images
        before = own.remember(action.parameters["TableName"], action.key)
        # A lone write answers with the old item in another form; it is ours to put in below.
        parameters = {
            key: value
            for key, value in action.parameters.items()
            if key != "ReturnValuesOnConditionCheckFailure"
        }
        headers = {"X_Amz_Target": _TARGET + _WRITE_OF[action.kind]}
        response = forward(with_body(request, to_json(parameters).encode(), **headers))
        if response.status_code < 300:
            if own is not images:
                own.restore()
            return {"Code": "None"}
        error = json.loads(response.get_data())
        return reason_of(error, response.status_code, action, before)


def actions_of(items: list[Json], backend: DynamoDBBackend) -> list[Action]:
    """Return a transaction's actions; raise for what AWS refuses before it begins."""
    if not 1 <= len(items) <= MOST_ACTIONS:
        bound = f"greater than or equal to 1; found {len(items)}"
        if items:
            bound = f"less than or equal to {MOST_ACTIONS}; found {len(items)}"
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length {bound}",
        )
    if len(to_json(items).encode()) > MOST_BYTES:
        raise AwsError("ValidationException", "Transaction payload size exceeds the limit of 4 MB")
    actions = [action_of(item, backend) for item in items]
    seen = set()
    for action in actions:
        identity = (action.parameters["TableName"], identity_of(action.key))
        if action.key and identity in seen:
            raise AwsError(
                "ValidationException",
                "Transaction request cannot include multiple operations on one item",
            )
        seen.add(identity)
    return actions


def action_of(item: Json, backend: DynamoDBBackend) -> Action:
    """Return one action with its item's key; raise ResourceNotFoundException when there is no such table."""
    if len(item) != 1 or next(iter(item)) not in _WRITE_OF:
        raise AwsError(
            "ValidationException",
            "TransactItems can only contain one of Check, Put, Update or Delete",
        )
    ((kind, parameters),) = item.items()
    if kind == "ConditionCheck" and not parameters.get("ConditionExpression"):
        raise AwsError("ValidationException", "A ConditionCheck must have a ConditionExpression")
    try:
        table = backend.get_table(parameters.get("TableName", ""))
    except JsonRESTError as error:
        raise AwsError("ResourceNotFoundException", "Requested resource not found") from error
    key = parameters.get("Key", {})
    if kind == "Put":
        names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
        key = {name: parameters["Item"][name] for name in names if name in parameters.get("Item", {})}
    return Action(kind, {**parameters, "TableName": table.name}, key)


def identity_of(key: Json) -> str:
    """Return the same text for keys that are the same to DynamoDB, to which 1 and 1.0 are one number."""
    values = {
        name: [kind, str(Decimal(content).normalize()) if kind == "N" else content]
        for name, value in key.items()
        for kind, content in value.items()
    }
    return json.dumps(values, sort_keys=True)


def reason_of(error: Json, status: int, action: Action, before: Json) -> Json:
    """Return why an action was refused, as TransactionCanceledException says it."""
    code = str(error.get("__type", "")).rpartition("#")[2]
    message = error.get("message") or error.get("Message") or ""
    if code == "ConditionalCheckFailedException":
        reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        if action.parameters.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before is not None:
            reason["Item"] = before
        return reason
    if code != "ValidationException" or message.startswith(_EXPRESSION_ERRORS):
        raise AwsError(code, message, status)
    return {"Code": "ValidationError", "Message": message}


def canceled(reasons: list[Json]) -> AwsError:
    """Return the error of a transaction that did not happen."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return AwsError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )
