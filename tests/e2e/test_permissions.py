"""The roles of iam/: they suffice, nothing in them is idle, and what is taken away is missed in its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local_aws.iam.enforcer import Use
from local_aws.server import LocalAws
from mayfly.deploying import leftovers
from tests.e2e.pipeline import HEADER, NOTHING_LEFT, Pipeline, fresh_day, orders, until

ROLES = (
    "StateMachineRole",
    "TaskExecutionRole",
    "ValidatorTaskRole",
    "TransformerTaskRole",
    "EventBridgeRole",
)
# What is granted and not seen used here, by statement: whose need it is.
ELSEWHERE = {
    "DeliverLogsThatTakesNoResource": "Step Functions' logs, which the local AWS does not deliver",
    "TraceThatTakesNoResource": "Step Functions' traces, which the local AWS does not make",
    "CountIncompleteCleanUpsThatTakesNoResource": "a clean-up that fails: see the cluster that stays, below",
    "TakeBackPublished": "a file that is taken back for a day between its commit and its publishing",
    "TellMissingInputFromForbidden": "an input or product list that goes between PinObject and its reading",
}


class Stage:
    """A stage whose roles can be changed."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.iam = pipeline.client("iam")
        stack = pipeline.stage.describe()
        assert stack is not None
        cloudformation = pipeline.client("cloudformation")
        self.roles = {
            role: cloudformation.describe_stack_resource(
                StackName=stack["StackName"], LogicalResourceId=role
            )["StackResourceDetail"]["PhysicalResourceId"]
            for role in ROLES
        }

    def policies(self, role: str) -> dict[str, Any]:
        """Return the documents of a role's policies by name."""
        name = self.roles[role]
        return {
            policy: self.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in self.iam.list_role_policies(RoleName=name)["PolicyNames"]
        }

    def granted(self) -> set[Use]:
        """Return every action of every statement."""
        return {
            Use(self.roles[role], policy, statement["Sid"], action)
            for role in ROLES
            for policy, document in self.policies(role).items()
            for statement in document["Statement"]
            for action in statement["Action"]
        }

    @contextmanager
    def without(self, role: str, action: str) -> Iterator[None]:
        """Take an action from a role's policies for a while."""
        whole = self.policies(role)
        for policy, document in copy.deepcopy(whole).items():
            for statement in document["Statement"]:
                statement["Action"] = [one for one in statement["Action"] if one != action] or ["none:None"]
            self._put(role, policy, document)
        assert self.policies(role) != whole, f"{role} has no {action}"
        try:
            yield
        finally:
            for policy, document in whole.items():
                self._put(role, policy, document)

    def _put(self, role: str, policy: str, document: Any) -> None:
        self.iam.put_role_policy(
            RoleName=self.roles[role], PolicyName=policy, PolicyDocument=json.dumps(document)
        )


@pytest.fixture(scope="module")
def stage(aws: LocalAws) -> Stage:
    return Stage(Pipeline(aws, "rights"))


@pytest.mark.long
def test_every_action_of_every_statement_is_used_and_suffices(aws: LocalAws, stage: Stage) -> None:
    pipeline, day = stage.pipeline, fresh_day()
    corrected = orders(day).replace(b",Books,", b",Home,")
    gone = pipeline.start({"bucket": pipeline.outputs["InputBucket"], "key": "input/none.csv"})
    pipeline.upload("input/empty.csv", HEADER.encode())

    ends = [
        pipeline.process("input/a.csv", orders(day)),
        pipeline.process("input/a.csv", corrected),  # its day loses a category
        pipeline.process("input/b.csv", orders_of_days(40)),  # more than one transaction takes
        pipeline.end_of(pipeline.started_for("input/empty.csv")[0]),
        pipeline.end_of(gone),
        pipeline.end_of(taken_back(pipeline, "input/empty.csv")),
    ]

    errors = [end.get("error") for end in ends]
    assert errors == [None, None, None, "ValidationError", "ObjectGone", "ValidationError"]
    idle = stage.granted() - set(aws.cloud.enforcer.uses)
    assert sorted(use for use in idle if use.statement not in ELSEWHERE) == []
    assert set(ELSEWHERE) == {use.statement for use in idle}


def orders_of_days(count: int) -> bytes:
    """Return a valid file of so many days, with an order each."""
    rows = [f"O-{number},C-1,{fresh_day()},Books,P-1,1,1.00,false\n" for number in range(count)]
    return (HEADER + "".join(rows)).encode()


def taken_back(pipeline: Pipeline, key: str) -> str:
    """Reprocess a version as if it had been accepted and taken back since; return the execution's ARN."""
    (claim,) = pipeline.ledger(key)
    pipeline.client("dynamodb").update_item(
        TableName=pipeline.outputs["LedgerTable"],
        Key={name: claim[name] for name in ("pk", "sk")},
        UpdateExpression="SET accepted_at = :then, withdrawn_at = :then",
        ExpressionAttributeValues={":then": {"S": "2025-07-05T12:00:00Z"}},
    )
    return pipeline.start({"bucket": pipeline.outputs["InputBucket"], "key": key, "reprocess": True})


def start_refused(pipeline: Pipeline) -> dict[str, Any]:
    """Return the message attributes of the one event in the queue of undelivered ones, and empty it."""
    sqs, url = pipeline.client("sqs"), pipeline.outputs["UndeliveredQueueUrl"]
    received: list[Any] = []

    def arrived() -> bool:
        received.extend(sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", []))
        return bool(received)

    until(arrived, "the event in the queue of undelivered ones")
    sqs.purge_queue(QueueUrl=url)
    return {name: value["StringValue"] for name, value in received[0]["MessageAttributes"].items()}


def test_a_rule_that_may_not_start_the_machine_leaves_its_event_in_the_queue(stage: Stage) -> None:
    with stage.without("EventBridgeRole", "states:StartExecution"):
        stage.pipeline.upload("input/unstarted.csv", orders(fresh_day()))
        told = start_refused(stage.pipeline)

    assert told["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "is not authorized to perform: states:StartExecution on resource: " in told["ERROR_MESSAGE"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("role", "action", "error", "cause"),
    [
        ("StateMachineRole", "ecs:CreateCluster", "Ecs.AccessDeniedException", "ecs:CreateCluster"),
        ("StateMachineRole", "iam:PassRole", "Ecs.AccessDeniedException", "Task: User: "),
        ("StateMachineRole", "ecs:TagResource", "Ecs.AccessDeniedException", "ecs:TagResource"),
        ("StateMachineRole", "ecs:RunTask", "ECS.AccessDeniedException", "ecs:RunTask"),
        ("StateMachineRole", "s3:GetObjectVersion", "S3.S3Exception", "(Service: S3, Status Code: 403"),
        ("StateMachineRole", "dynamodb:UpdateItem", "DynamoDB.AmazonDynamoDBException", "UpdateItem"),
        ("TaskExecutionRole", "ecr:GetAuthorizationToken", "States.TaskFailed", "ecr:GetAuthorizationToken"),
        ("TaskExecutionRole", "ecr:BatchGetImage", "States.TaskFailed", "CannotPullContainerError"),
        ("TaskExecutionRole", "logs:CreateLogStream", "States.TaskFailed", "ResourceInitializationError"),
        ("ValidatorTaskRole", "s3:GetObjectVersion", "ConfigurationError", "RunValidator: "),
        ("ValidatorTaskRole", "dynamodb:UpdateItem", "ConfigurationError", "RunValidator: "),
        ("TransformerTaskRole", "dynamodb:PutItem", "ConfigurationError", "RunTransformer: "),
        ("TransformerTaskRole", "dynamodb:Query", "ConfigurationError", "RunTransformer: "),
        ("TransformerTaskRole", "s3:GetObjectVersion", "ConfigurationError", "RunTransformer: "),
    ],
)
def test_a_missing_permission_fails_the_step_that_needs_it(
    stage: Stage, role: str, action: str, error: str, cause: str
) -> None:
    pipeline, key, day = stage.pipeline, f"input/{role}/{action}.csv", fresh_day()
    pipeline.inbox.notices()

    with stage.without(role, action):
        execution = pipeline.process(key, orders(day), hurry=20)

    assert (execution["status"], execution["error"]) == ("FAILED", error)
    assert cause in execution["cause"]
    (notice,) = pipeline.inbox.notices()
    assert f"Error: {error}" in notice["message"]
    assert pipeline.has("InputBucket", key)
    assert pipeline.order_kpis(day) == []
    assert pipeline.left() == NOTHING_LEFT


def test_a_file_that_could_not_be_archived_counts_once_and_a_reprocess_only_archives_it(stage: Stage) -> None:
    pipeline, key, day = stage.pipeline, "input/unarchived.csv", fresh_day()
    pipeline.inbox.notices()

    with stage.without("StateMachineRole", "s3:PutObject"):
        failed = pipeline.process(key, orders(day), hurry=20)
    (notice,) = pipeline.inbox.notices()
    document = {"bucket": pipeline.outputs["InputBucket"], "key": key, "reprocess": True}
    again = pipeline.end_of(pipeline.start(document))

    assert (failed["status"], failed["error"]) == ("FAILED", "S3.AccessDeniedException")
    assert notice["message"].startswith("Order file counted, but not finished: its numbers are in the tables")
    assert again["status"] == "SUCCEEDED"
    states = pipeline.states_entered(again["executionArn"])
    assert {"NothingToProcess", "ArchiveFile"} < set(states)
    assert "CreateCluster" not in states
    assert pipeline.read(f"processed/{key}") == orders(day)
    assert [row["total_orders"] for row in pipeline.order_kpis(day)] == [1]
    (claim,) = pipeline.ledger(key)
    assert claim["status"]["S"] == "ARCHIVED"
    assert {"accepted_at", "committed_at", "completed_at"} < set(claim)


def test_a_cluster_that_may_not_be_deleted_is_counted_and_does_not_fail_a_file(
    aws: LocalAws, stage: Stage
) -> None:
    pipeline, key = stage.pipeline, "input/cluster.csv"
    pipeline.inbox.notices()

    with stage.without("StateMachineRole", "ecs:DeleteCluster"):
        execution = pipeline.process(key, orders(fresh_day()))

    assert execution["status"] == "SUCCEEDED"
    assert "cloudwatch:PutMetricData" in {
        use.action for use in stage.granted() & set(aws.cloud.enforcer.uses)
    }
    (notice,) = pipeline.inbox.notices()
    assert "ecs-ephemeral-cluster-" in notice["message"]
    assert pipeline.left() == NOTHING_LEFT | {"clusters": 1}
    leftovers.remove(pipeline.stage)


def test_a_notice_that_may_not_be_sent_fails_the_execution_of_a_file_that_is_done(stage: Stage) -> None:
    pipeline, key = stage.pipeline, "input/notice.csv"

    with stage.without("StateMachineRole", "sns:Publish"):
        execution = pipeline.process(key, orders(fresh_day()))

    assert (execution["status"], execution["error"]) == ("FAILED", "SNS.AuthorizationErrorException")
    assert pipeline.has("CleanedBucket", f"processed/{key}")
