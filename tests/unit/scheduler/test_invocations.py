"""What schedules can invoke, as whom, and what becomes of an invocation that fails.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.iam.roles import acting_as
from tests.unit.scheduler.support import REGION, Scheduling

ECHO = Path(__file__).parents[1] / "local_events" / "echo.json"
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
CONTEXT = {"attempt": "<aws.scheduler.attempt-number>", "id": "<aws.scheduler.execution-id>"}


def test_an_execution_of_a_state_machine(scheduling: Scheduling) -> None:
    states = scheduling.cloud.client("stepfunctions", REGION)
    role = scheduling.new_role("states:StartExecution")
    machine = states.create_state_machine(
        name=scheduling.name,
        definition=ECHO.read_text(),
        roleArn=scheduling.new_role("*", "states.amazonaws.com"),
    )["stateMachineArn"]
    target = {"Arn": machine, "RoleArn": role, "Input": json.dumps(CONTEXT)}
    scheduling.create("rate(1 hour)", target)
    scheduling.after(1)
    (listed,) = states.list_executions(stateMachineArn=machine)["executions"]
    execution = states.describe_execution(executionArn=listed["executionArn"])
    told = json.loads(execution["input"])
    assert told == {"attempt": "1", "id": execution["name"]}
    assert len(told["id"]) == 16


def test_a_message_to_a_topic(scheduling: Scheduling) -> None:
    sns = scheduling.cloud.client("sns", REGION)
    topic = sns.create_topic(Name=scheduling.name)["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=scheduling.queue, Attributes=raw)
    target = {"Arn": topic, "RoleArn": scheduling.new_role("sns:Publish"), "Input": "plain text"}
    scheduling.create("rate(1 hour)", target)
    assert scheduling.after(1) == ["plain text"]


def test_an_event_on_the_default_bus(scheduling: Scheduling) -> None:
    arn = f"arn:aws:events:{REGION}:{scheduling.cloud.account}:event-bus/default"
    named = {"Source": scheduling.name, "DetailType": "Test"}
    target = {"Arn": arn, "RoleArn": scheduling.new_role("events:PutEvents"), "Input": '{"n": 1}'}

    with pytest.raises(ClientError, match="EventBridgeParameters must be given"):
        scheduling.create("rate(1 hour)", target)
    scheduling.create("rate(1 minute)", target | {"EventBridgeParameters": named})
    bus = scheduling.cloud.events(REGION)

    async def heard() -> Any:
        with bus.listen(lambda event: event["source"] == scheduling.name) as queue:
            await scheduling.cloud.clock.sleep(60)
            return queue.get_nowait()["detail"]

    assert scheduling.cloud.run(heard()) == {"n": 1}


def test_any_api_that_changes_something(scheduling: Scheduling) -> None:
    asked = {"QueueUrl": scheduling.url, "MessageBody": "<aws.scheduler.schedule-arn>"}
    target = {"Arn": UNIVERSAL + "sqs:sendMessage", "Input": json.dumps(asked)}
    arn = scheduling.create("rate(1 hour)", target)
    assert scheduling.after(1) == [arn]


def test_a_task_on_a_cluster(scheduling: Scheduling) -> None:
    ecs = scheduling.cloud.client("ecs", REGION)
    cluster = ecs.create_cluster(clusterName=scheduling.name)["cluster"]["clusterArn"]
    dead, lost = scheduling.new_queue()
    target = {
        "Arn": cluster,
        "RoleArn": scheduling.new_role("*"),
        "EcsParameters": {"TaskDefinitionArn": "gone:1", "LaunchType": "FARGATE"},
        "DeadLetterConfig": {"Arn": dead},
        "RetryPolicy": {"MaximumRetryAttempts": 0},
    }
    scheduling.create("rate(1 hour)", target)
    scheduling.after(1)
    (message,) = scheduling.messages(lost)
    assert "TaskDefinition not found" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_what_fails_is_tried_again_then_the_queue_is_told(scheduling: Scheduling) -> None:
    dead, lost = scheduling.new_queue()
    target = {
        "Arn": scheduling.queue + "-gone",
        "Input": json.dumps(CONTEXT),
        "DeadLetterConfig": {"Arn": dead},
        "RetryPolicy": {"MaximumRetryAttempts": 2},
    }
    arn = scheduling.create("rate(1 day)", target)
    assert scheduling.after(600) == []
    (message,) = scheduling.messages(lost)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == {"attempt": "3", "id": told["EXECUTION_ID"]}
    assert told["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert told["RETRY_ATTEMPTS"] == "2"
    assert (told["SCHEDULE_ARN"], told["TARGET_ARN"]) == (arn, target["Arn"])
    assert told["IS_PAYLOAD_TRUNCATED"] == "false"
    assert told["SCHEDULED_TIME"].endswith("Z")


def test_a_role_does_what_it_may_and_no_more(scheduling: Scheduling) -> None:
    dead, lost = scheduling.new_queue()
    topic = scheduling.cloud.client("sns", REGION).create_topic(Name=scheduling.name)["TopicArn"]
    target = {
        "Arn": topic,  # the role may send to queues
        "DeadLetterConfig": {"Arn": dead},
        "RetryPolicy": {"MaximumRetryAttempts": 0},
    }
    scheduling.create("rate(1 hour)", target)
    scheduling.after(1)
    (message,) = scheduling.messages(lost)
    attributes = message["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "AuthorizationError"
    assert "is not authorized to perform: sns:Publish" in attributes["ERROR_MESSAGE"]["StringValue"]


def test_the_role_must_trust_the_scheduler_for_the_group(scheduling: Scheduling) -> None:
    group = f"arn:aws:scheduler:{REGION}:{scheduling.cloud.account}:schedule-group/default"
    for source, trusted in ((group, True), (group + "-other", False)):
        condition = {"ArnEquals": {"aws:SourceArn": source}}
        target = {"RoleArn": scheduling.new_role("sqs:SendMessage", Condition=condition)}
        if trusted:
            scheduling.create("rate(1 hour)", target)
            scheduling.scheduler.delete_schedule(Name=scheduling.name)
        else:
            with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
                scheduling.create("rate(1 hour)", target)
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        scheduling.create("rate(1 hour)", {"RoleArn": scheduling.role + "-gone"})


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ({"Arn": f"arn:aws:kinesis:{REGION}:123456789012:stream/s"}, "NotImplemented", "kinesis"),
        ({"Arn": f"arn:aws:events:{REGION}:123456789012:event-bus/mine"}, "NotImplemented", "mine"),
        ({"EcsParameters": {"TaskDefinitionArn": "d"}}, "NotImplemented", "EcsParameters"),
        ({"Arn": UNIVERSAL + "sqs:receiveMessage"}, "ValidationException", "not a supported target API"),
        ({"Arn": UNIVERSAL + "sqs:sendMassage"}, "ValidationException", "not a supported target API"),
        ({"Arn": UNIVERSAL + "sqs:sendMessage", "Input": "{"}, "ValidationException", "must be JSON"),
        ({"RetryPolicy": {"MaximumRetryAttempts": 186}}, "ValidationException", "less than or equal to 185"),
    ],
)
def test_a_target_that_cannot_be_invoked_is_refused(
    scheduling: Scheduling, target: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message) as error:
        scheduling.create("rate(1 hour)", target)
    assert error.value.response["Error"]["Code"] == code


def test_a_caller_with_a_role_needs_leave_to_make_schedules(scheduling: Scheduling) -> None:
    for action, may in (("scheduler:CreateSchedule", True), ("scheduler:DeleteSchedule", False)):
        role = scheduling.new_role(action, "states.amazonaws.com")
        roles = scheduling.cloud.enforcer.roles
        source = f"arn:aws:states:{REGION}:{scheduling.cloud.account}:stateMachine:m"
        session = roles.begin(role, "states.amazonaws.com", source, "session")
        with acting_as(session.access_key):
            if may:
                scheduling.create("rate(1 hour)")
            else:
                with pytest.raises(ClientError, match="not authorized to perform: scheduler:CreateSchedule"):
                    scheduling.create("rate(1 hour)")
