"""Asynchronous invocations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

The shapes of the records are those that were recorded on AWS.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions.support import REGION, Lambda
from tests.unit.local_iam.support import allow


class Records:
    """A queue that takes the records of asynchronous invocations."""

    def __init__(self, functions: Lambda) -> None:
        self.sqs = functions.of("sqs")
        self.url = self.sqs.create_queue(QueueName=f"records-{functions.cloud.new_id()}")["QueueUrl"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = answer["Attributes"]["QueueArn"]

    def all(self) -> list[Any]:
        messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture
def records(functions: Lambda) -> Records:
    return Records(functions)


def observed(functions: Lambda, records: Records, handler: str, **config: Any) -> str:
    """Make a function whose records go to a queue."""
    role = functions.role(allow("sqs:SendMessage", on=records.arn), allow("sqs:GetQueueUrl"))
    name = functions.make(handler, Role=role)
    destination = {"Destination": records.arn}
    config = {"DestinationConfig": {"OnSuccess": destination, "OnFailure": destination}} | config
    functions.client.put_function_event_invoke_config(FunctionName=name, **config)
    return name


def send(functions: Lambda, name: str, event: Any) -> float:
    """Invoke asynchronously; return how many seconds it was until nothing of it was left."""
    begun = functions.cloud.clock.time()
    said = functions.invoke(name, event, InvocationType="Event")
    assert (said.answer["StatusCode"], said.payload) == (202, None)
    functions.settle()
    return functions.cloud.clock.time() - begun


def test_a_success_is_told_to_its_destination(functions: Lambda, records: Records) -> None:
    name = observed(functions, records, "handlers.echo")
    send(functions, name, {"a": 1})
    (record,) = records.all()
    assert record.pop("timestamp").endswith("Z")
    request = record["requestContext"].pop("requestId")
    assert request
    assert record == {
        "version": "1.0",
        "requestContext": {
            "functionArn": f"arn:aws:lambda:{REGION}:123456789012:function:{name}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"a": 1},
    }


def test_an_error_is_tried_twice_more_after_one_and_two_minutes(functions: Lambda, records: Records) -> None:
    took = send(functions, observed(functions, records, "handlers.fail"), {"a": 1})
    (record,) = records.all()
    context, answer = record["requestContext"], record["responsePayload"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("RetriesExhausted", 3)
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert (answer["errorType"], answer["requestId"]) == ("LookupError", context["requestId"])
    assert 180 <= took < 240


def test_the_number_of_attempts_and_the_age_can_be_less(functions: Lambda, records: Records) -> None:
    for config, condition, attempts in (
        ({"MaximumRetryAttempts": 0}, "RetriesExhausted", 1),
        ({"MaximumEventAgeInSeconds": 100}, "EventAgeExceeded", 2),
    ):
        send(functions, observed(functions, records, "handlers.fail", **config), {})
        (record,) = records.all()
        context = record["requestContext"]
        assert (context["condition"], context["approximateInvokeCount"]) == (condition, attempts)


def test_a_function_without_concurrency_takes_no_event(functions: Lambda, records: Records) -> None:
    name = observed(functions, records, "handlers.echo")
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(functions, name, {})
    (record,) = records.all()
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


def test_a_record_that_the_functions_role_may_not_send_is_lost(
    functions: Lambda, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    name = functions.make()
    config = {"OnSuccess": {"Destination": records.arn}}
    functions.client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)
    send(functions, name, {})
    assert records.all() == []
    assert f"{records.arn} did not take the record of {name}" in caplog.text


def test_events_of_one_function_wait_for_its_concurrency(functions: Lambda, records: Records) -> None:
    name = observed(functions, records, "handlers.echo")
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    for number in range(3):
        functions.invoke(name, number, InvocationType="Event")
    functions.settle()
    assert sorted(record["responsePayload"] for record in records.all()) == [0, 1, 2]
