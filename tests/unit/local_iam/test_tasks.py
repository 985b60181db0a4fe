"""A task's two roles: one its code acts as, the other starts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.clock import Clock
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from tests.unit.local_ecs.conftest import Fargate
from tests.unit.local_iam.support import (
    ACCOUNT,
    REGION,
    TASKS,
    allow,
    machine_text,
    make_role,
    trust,
    wait_for,
)

IMAGES = Path(__file__).parents[1] / "local_ecs" / "images"
IN_ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ecs-worker:latest"
PULL = ("ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")


@pytest.fixture
def fargate() -> Iterator[Fargate]:
    cloud = Cloud(Images([IMAGES]), Clock(scale=1000))
    cloud.start()
    yield Fargate(cloud)
    cloud.stop()


def run(fargate: Fargate, *command: str, image: str = "ecs-worker", **roles: Any) -> Any:
    container = fargate.container(image=image, entryPoint=["sh", "-c"], command=list(command))
    return fargate.wait(fargate.start(fargate.register(container, **roles)))


def starter(fargate: Fargate, *lacking: str) -> str:
    """Return a role that may start tasks, but for some actions."""
    log, image = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{fargate.group}:log-stream:p/*", "ecs-worker"
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{image}"
    grants = {"ecr:GetAuthorizationToken": "*", **dict.fromkeys(PULL, repository)}
    grants |= dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), log)
    statements = [allow(action, on=on) for action, on in grants.items() if action not in lacking]
    return make_role(fargate.cloud, *statements)


def test_a_task_has_credentials_that_stand_for_its_role(fargate: Fargate) -> None:
    role = make_role(fargate.cloud, allow("sqs:ListQueues"))
    arn = fargate.start(fargate.register(fargate.container("wait"), taskRoleArn=role))
    fargate.wait(arn, "RUNNING")
    given: Any = fargate.ask(arn, "AWS_CONTAINER_CREDENTIALS_FULL_URI").json

    session = fargate.cloud.enforcer.roles.session_of(given["AccessKeyId"])
    assert session is not None
    assert (session.role_arn, session.secret_key, session.token) == (
        role,
        given["SecretAccessKey"],
        given["Token"],
    )
    assert session.arn.endswith("/" + arn.rpartition("/")[2])


def test_a_task_without_a_role_has_no_credentials(fargate: Fargate) -> None:
    task = run(fargate, 'echo "${AWS_CONTAINER_CREDENTIALS_FULL_URI-none} ${AWS_ACCESS_KEY_ID-none}"')
    assert fargate.lines(task) == ["none none"]


def test_an_execution_role_that_may_do_it_all_starts_the_task(fargate: Fargate) -> None:
    task = run(fargate, "echo hello", image=IN_ECR, executionRoleArn=starter(fargate))
    assert task["containers"][0]["exitCode"] == 0
    assert fargate.lines(task) == ["hello"]


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        (
            "ecr:GetAuthorizationToken",
            "ResourceInitializationError: unable to pull secrets or registry auth: ",
        ),
        *(
            (action, "CannotPullContainerError: pull image manifest has been retried 1 time")
            for action in PULL
        ),
        ("logs:CreateLogStream", "ResourceInitializationError: failed to validate logger args: "),
    ],
)
def test_what_the_execution_role_may_not_do_keeps_the_task_from_starting(
    fargate: Fargate, lacking: str, reason: str
) -> None:
    task = run(fargate, "echo hello", image=IN_ECR, executionRoleArn=starter(fargate, lacking))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(reason)
    assert "exitCode" not in task["containers"][0]


def test_an_image_that_is_not_in_ecr_takes_no_permission(fargate: Fargate) -> None:
    role = starter(fargate, "ecr:GetAuthorizationToken", *PULL)
    task = run(fargate, "echo hello", image="registry.example/ecs-worker:latest", executionRoleArn=role)
    assert fargate.lines(task) == ["hello"]


def test_logs_that_may_not_be_written_are_lost_and_the_task_goes_on(fargate: Fargate) -> None:
    role = starter(fargate, "logs:PutLogEvents")
    task = run(fargate, "echo hello", executionRoleArn=role)
    assert (task["containers"][0]["exitCode"], fargate.lines(task)) == (0, [])


@pytest.mark.parametrize("name", ["taskRoleArn", "executionRoleArn"])
def test_a_role_that_does_not_trust_ecs_is_refused_when_the_task_is_run(fargate: Fargate, name: str) -> None:
    role = make_role(fargate.cloud, trusting=trust("lambda.amazonaws.com"))
    with pytest.raises(ClientError, match=r"ClientException.*ECS was unable to assume the role"):
        run(fargate, "true", **{name: role})


def test_ecs_can_be_trusted_for_the_region_and_for_no_single_cluster(fargate: Fargate) -> None:
    def trusted_for(source: str) -> str:
        return make_role(fargate.cloud, trusting=trust(TASKS, ArnLike={"aws:SourceArn": source}))

    here = trusted_for(f"arn:aws:ecs:{REGION}:{ACCOUNT}:*")
    assert run(fargate, "true", taskRoleArn=here)["containers"][0]["exitCode"] == 0
    for other in (f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c", f"arn:aws:ecs:us-west-2:{ACCOUNT}:*"):
        with pytest.raises(ClientError, match="ECS was unable to assume the role"):
            run(fargate, "true", taskRoleArn=trusted_for(other))


def run_by_machine(fargate: Fargate, *actions: str) -> Any:
    """Run a task, one of whose containers fails and is not essential, by a machine; return the execution."""
    failing = fargate.container(name="side", entryPoint=["sh", "-c"], command=["exit 1"], essential=False)
    lasting = fargate.container(entryPoint=["sh", "-c"], command=["sleep 0.5"])
    fargate.register(lasting, failing)
    role = make_role(fargate.cloud, allow("events:*", *actions), trusting=trust("states.amazonaws.com"))
    states = fargate.cloud.client("stepfunctions", REGION)
    name, definition = fargate.cloud.new_id(), machine_text("run_task")
    machine = states.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    wait_for(fargate.cloud, execution)
    return states.describe_execution(executionArn=execution)


def test_step_functions_tells_essential_containers_without_a_right_of_the_role(fargate: Fargate) -> None:
    done = run_by_machine(fargate, "ecs:RunTask", "ecs:DescribeTasks", "iam:PassRole")
    assert done["status"] == "SUCCEEDED", done.get("cause")


@pytest.mark.parametrize("lacking", ["ecs:RunTask", "iam:PassRole", "ecs:DescribeTasks"])
def test_a_machine_needs_the_right_to_run_the_task_to_give_it_its_roles_and_to_see_its_end(
    fargate: Fargate, lacking: str
) -> None:
    rights = {"ecs:RunTask", "ecs:DescribeTasks", "iam:PassRole"} - {lacking}
    done = run_by_machine(fargate, *rights)
    assert (done["status"], done["error"]) == ("FAILED", "ECS.AccessDeniedException")
    assert f"is not authorized to perform: {lacking}" in done["cause"]
