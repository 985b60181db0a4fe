"""DynamoDB: transactions are ours (transactions.py), numbers and failed updates are kept to AWS's rules.

moto answers the rest. It enforces conditions, item sizes and update expressions as AWS does, but stores
numbers of any length, and leaves an item behind that a refused UpdateItem has begun to make.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from werkzeug.wrappers import Request, Response

from local_aws.over_moto.before_images import BeforeImages
from local_aws.over_moto.transactions import Transactions
from local_aws.wire import AwsError, Json, json_error, to_json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

MOST_DIGITS = 38
LARGEST = Decimal("9.9999999999999999999999999999999999999E+125")
SMALLEST = Decimal("1E-130")
_WRITES = {"PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"}


class DynamoDb:
    """Stands before moto's DynamoDB."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._transactions = Transactions(cloud.clock)

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:
        """Answer one request."""
        try:
            return self._answer(request, region, lambda asked: understood(asked, forward))
        except AwsError as error:
            return json_error(error)

    def _answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if operation not in _WRITES:
            return forward(request)
        body: Json = json.loads(request.get_data())
        backend: DynamoDBBackend = dynamodb_backends[self.cloud.account][region]
        for number in numbers_in(body):
            check_number(number)
        if operation == "TransactWriteItems":
            answer = self._transactions.write(body, request, backend, forward)
            return Response(to_json(answer), mimetype="application/x-amz-json-1.0")
        if operation != "UpdateItem":
            return forward(request)
        images = BeforeImages(backend)
        images.remember(body.get("TableName", ""), body.get("Key", {}))
        updated = False
        try:
            response = forward(request)
            updated = response.status_code < 300
        finally:
            if not updated:
                images.restore()
        return response


def understood(request: Request, forward: Callable[[Request], Response]) -> Response:
    """Let moto answer; raise ValidationException where its expression parser gives up."""
    try:
        return forward(request)
    except (KeyError, ValueError, IndexError) as error:
        raise AwsError("ValidationException", f"Invalid expression: {error}") from error


def numbers_in(value: Json) -> Iterator[str]:
    """Yield every number in a request's attribute values (`{"N": "1"}`, `{"NS": ["1", "2"]}`)."""
    if isinstance(value, list):
        for element in value:
            yield from numbers_in(element)
    elif isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("N"), str):
            yield value["N"]
        elif len(value) == 1 and isinstance(value.get("NS"), list):
            yield from value["NS"]
        else:
            for element in value.values():
                yield from numbers_in(element)


def check_number(text: str) -> None:
    """Raise ValidationException for what DynamoDB cannot store as a number.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise AwsError("ValidationException", f"The parameter cannot be converted to a numeric value: {text}")
    digits = "".join(str(digit) for digit in number.as_tuple().digits).strip("0")
    if len(digits) > MOST_DIGITS:
        raise AwsError(
            "ValidationException", "Attempting to store more than 38 significant digits in a Number"
        )
    if abs(number) > LARGEST:
        raise AwsError(
            "ValidationException",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        )
    if number and abs(number) < SMALLEST:
        raise AwsError(
            "ValidationException",
            "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        )
