"""Every call is granted and every grant is called for: machine, containers, and what starts them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.unit.wiring.containers import IMAGES, Runs, operations_in
from tests.unit.wiring.grants import Need, denied, unused
from tests.unit.wiring.machine import Machine
from tests.unit.wiring.stack import BOOTSTRAPPED, HERE, orders

STACK = orders("try")
MACHINE = Machine(STACK)
ROLES = sorted(STACK.of_type("AWS::IAM::Role"))
# What Step Functions itself does with the machine's role, by what in the template asks for it.
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and .../xray-iam.html
BY_SETTING = {
    "LoggingConfiguration": (
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
        "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    ),
    "TracingConfiguration": (
        "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ),
}  # fmt: skip


def machine_needs() -> Iterator[Need]:
    for state in MACHINE.tasks:
        yield from MACHINE.needs(state)
    for setting, actions in BY_SETTING.items():
        if setting in STACK.properties("StateMachine"):
            yield from map(Need, actions)
    for topic in STACK.of_type("AWS::SNS::Topic").values():
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            yield Need(action, topic["KmsMasterKeyId"])


def execution_needs() -> Iterator[Need]:
    """Yield what ECS does to start a task: it fetches the image and opens the log stream.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    yield Need("ecr:GetAuthorizationToken")
    for image in IMAGES:
        (container,) = MACHINE.parameters(f"Register{image.title()}Task")["ContainerDefinitions"]
        repository = container["Image"].partition("@")[0].rpartition("/")[2]
        for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
            yield Need(f"ecr:{action}", f"arn:aws:ecr:{HERE}:repository/{repository}")
        options = container["LogConfiguration"]["Options"]
        stream = f"{options['awslogs-stream-prefix']}/{container['Name']}/1"
        for action in ("CreateLogStream", "PutLogEvents"):
            group = f"arn:aws:logs:{HERE}:log-group:{options['awslogs-group']}"
            yield Need(f"logs:{action}", f"{group}:log-stream:{stream}")


def start_needs() -> Iterator[Need]:
    for rule in STACK.of_type("AWS::Events::Rule").values():
        yield from (Need("states:StartExecution", target["Arn"]) for target in rule["Targets"])


@pytest.fixture
def needs(runs: Runs) -> dict[str, list[Need]]:
    return {
        "StateMachineRole": list(machine_needs()),
        "TaskExecutionRole": list(execution_needs()),
        "EventBridgeRole": list(start_needs()),
        **{f"{image.title()}TaskRole": list(runs.needs(image)) for image in IMAGES},
    }


@pytest.mark.parametrize("state", MACHINE.tasks)
def test_every_call_of_the_machine_is_granted(state: str) -> None:
    assert denied(MACHINE.needs(state), STACK.statements("StateMachineRole")) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_all_that_is_done_with_it(role: str, needs: dict[str, list[Need]]) -> None:
    assert denied(iter(needs[role]), STACK.statements(role)) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_nothing_that_is_not_done_with_it(role: str, needs: dict[str, list[Need]]) -> None:
    assert unused(STACK.statements(role), needs[role]) == []


@pytest.mark.parametrize("image", IMAGES)
def test_the_runs_make_every_call_that_stands_in_the_containers_code(image: str, runs: Runs) -> None:
    assert runs.operations(image) == operations_in(image, runs.s3, runs.dynamodb)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_nothing_of_another_stage(role: str, needs: dict[str, list[Need]]) -> None:
    shared = ("ecr:", "events:", "s3:::mayfly-artifacts")  # images, Step Functions' own rule, product lists
    named = [
        need for need in needs[role] if "-try" in need.arn and not any(part in need.arn for part in shared)
    ]
    assert named
    for other in ("default", "other"):
        reached = orders(other).statements(role)
        assert [str(need) for need in named if not denied(iter([need]), reached)] == []


def _beside(arn: str) -> str:
    """Return the ARN of something of another name, or in another folder of the same bucket."""
    *service, resource = arn.split(":", 5)
    kind, separator, name = (
        re.split("([/:])", resource, maxsplit=1) if re.search("[/:]", resource) else ("", "", resource)
    )
    return ":".join((*service, f"{kind}{separator}other-{name}"))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_nothing_beside_what_it_works_on(role: str, needs: dict[str, list[Need]]) -> None:
    named = [need for need in needs[role] if need.arn != "*"]
    beside = [Need(need.action, _beside(need.arn), need.context) for need in named]
    assert len(denied(iter(beside), STACK.statements(role))) == len(named)


def _is_tagged(need: Need) -> bool:
    return any(key.endswith("/mayfly:stage") for key in need.context)


def _as_stage(need: Need, stage: str) -> Need:
    tags = {key: stage if key.endswith("mayfly:stage") else value for key, value in need.context.items()}
    return Need(need.action, need.arn, tags)


def test_what_has_no_stage_in_its_name_is_told_by_its_tag() -> None:
    foreign = [_as_stage(need, "other") for need in machine_needs() if _is_tagged(need)]
    assert {need.action for need in foreign} >= {
        "ecs:CreateCluster", "ecs:DeleteCluster", "ecs:DeleteTaskDefinitions", "ecs:DescribeTasks",
        "ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:StopTask", "ecs:TagResource",
    }  # fmt: skip
    assert len(denied(iter(foreign), STACK.statements("StateMachineRole"))) == len(foreign)


def test_a_statement_for_every_resource_has_only_actions_that_cannot_be_narrowed_or_a_condition() -> None:
    for role in ROLES:
        wide = [
            item for item in STACK.statements(role) if item["Resource"] == "*" and "Condition" not in item
        ]
        assert {item["Sid"].partition("That")[2] for item in wide} <= {"TakesNoResource", "TakeNoResource"}


def test_each_role_trusts_one_service_on_behalf_of_this_very_stack() -> None:
    tasks = ("ecs-tasks.amazonaws.com", f"arn:aws:ecs:{HERE}:*")
    trusted = {
        "StateMachineRole": ("states.amazonaws.com", STACK.arn("StateMachine")),
        "EventBridgeRole": ("events.amazonaws.com", STACK.arn("S3TriggerRule")),
        **dict.fromkeys(("TaskExecutionRole", "ValidatorTaskRole", "TransformerTaskRole"), tasks),
    }
    for role, properties in STACK.of_type("AWS::IAM::Role").items():
        (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
        conditions = {key: value for block in statement["Condition"].values() for key, value in block.items()}
        assert (statement["Principal"]["Service"], conditions["aws:SourceArn"]) == trusted[role]
        assert conditions["aws:SourceAccount"] == HERE.partition(":")[2]


def test_the_images_of_the_bootstrap_are_the_ones_that_are_pulled() -> None:
    pulled = {need.arn for need in execution_needs() if need.action == "ecr:BatchGetImage"}
    assert pulled == {BOOTSTRAPPED.arn(name) for name in BOOTSTRAPPED.of_type("AWS::ECR::Repository")}


def test_these_checks_see_everything_that_is_optional() -> None:
    assert all(STACK.value({"Condition": name}) for name in STACK.template["Conditions"])
