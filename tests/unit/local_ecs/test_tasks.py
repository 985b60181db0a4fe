"""A task's life, and its end, as DescribeTasks tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.wire import Json
from tests.unit.local_ecs.conftest import NETWORK


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def test_a_task_goes_through_every_state_and_each_change_is_an_event(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""
    events: list[Json] = []

    async def run() -> None:
        bus = fargate.cloud.events(fargate.region)
        with bus.listen(lambda event: event["source"] == "aws.ecs") as queue:
            await fargate.service.answer("RunTask", request)
            while not events or events[-1]["detail"]["lastStatus"] != "STOPPED":
                events.append(await queue.get())

    definition = fargate.register()["taskDefinitionArn"]
    request = {
        "cluster": "c",
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    }
    fargate.cloud.run(run())
    statuses = [event["detail"]["lastStatus"] for event in events]
    before = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    after = ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    assert list(dict.fromkeys(statuses)) == before + after
    last = events[-1]
    assert last["detail-type"] == "ECS Task State Change"
    assert last["resources"] == [last["detail"]["taskArn"]]
    assert last["detail"]["stoppedAt"].endswith("Z")
    assert last["detail"]["containers"][0]["exitCode"] == 0
    versions = [event["detail"]["version"] for event in events]
    assert versions == sorted(set(versions))


def test_a_task_is_described_as_it_was_recorded_on_aws(fargate: Any) -> None:
    """As recorded on AWS, of a task that `ecs:runTask.sync` waited for and that exited with 0."""
    request = {"taskDefinition": fargate.register()["family"], "networkConfiguration": NETWORK}
    (first,) = fargate.ecs.run_task(cluster="c", launchType="FARGATE", **request)["tasks"]
    assert first["attachments"][0]["status"] == "PRECREATED"
    assert not {"connectivity", "connectivityAt"} & first.keys()
    task = fargate.run()
    (interface,), (container,) = task["attachments"], task["containers"]
    assert interface["status"] == "DELETED"
    assert {detail["name"] for detail in interface["details"]} == {"subnetId", "privateIPv4Address"}
    assert container["networkInterfaces"][0]["attachmentId"] == interface["id"]
    assert container["runtimeId"].startswith(task["taskArn"].rpartition("/")[2])
    assert task["overrides"]["containerOverrides"] == [{"name": "worker"}]
    assert (task["connectivity"], task["availabilityZone"]) == ("CONNECTED", f"{fargate.region}a")
    in_order = ["createdAt", "connectivityAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt"]
    times = [task[name] for name in [*in_order, "executionStoppedAt", "stoppedAt"]]
    assert times == sorted(times)


@pytest.mark.parametrize("code", [0, 1, 65, 255])
def test_a_task_ends_with_its_essential_container_and_tells_its_exit_code(fargate: Any, code: int) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)

    As recorded on AWS, a clean exit has the same code as any other.
    """
    task = fargate.run("exit", str(code))
    assert task["containers"][0]["exitCode"] == code
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task["createdAt"] < task["startedAt"] <= task["stoppingAt"] <= task["stoppedAt"]


def test_an_image_that_cannot_be_pulled_ends_a_task_without_an_exit_code(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html

    Without an exit code and the times of a pull, as recorded on AWS.
    """
    for image in ("ecs-nobody", "ecs-worker:v2", "ecs-worker@sha256:12"):
        task = fargate.run(image=f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{image}")
        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"].startswith("CannotPullContainerError: ")
        assert not {"exitCode", "reason"} & task["containers"][0].keys()
        assert not {"startedAt", "pullStartedAt", "pullStoppedAt"} & task.keys()
        assert "executionStoppedAt" in task


def test_a_command_that_is_not_there_ends_a_task_before_it_runs(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"""
    task = fargate.run(image="ecs-missing")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotStartContainerError: ")
    assert 'exec: "no-such-command": executable file not found in $PATH' in task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]


def test_a_missing_log_group_ends_a_task_before_it_runs(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"""
    fargate.logs.delete_log_group(logGroupName=fargate.group)
    task = fargate.run()
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: ")
    assert "ResourceNotFoundException" in task["stoppedReason"]


def test_a_log_group_is_made_when_the_driver_is_told_to(fargate: Any) -> None:
    fargate.logs.delete_log_group(logGroupName=fargate.group)
    logging = fargate.awslogs()
    logging["options"]["awslogs-create-group"] = "true"
    assert fargate.lines(fargate.run("say", "hello", logConfiguration=logging)) == ["hello"]


def test_stop_task_lets_a_container_end_by_itself(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    arn = fargate.start(fargate.register(fargate.container("handle SIGTERM")))
    fargate.wait_for_line(arn, "ready")
    answer = fargate.ecs.stop_task(cluster="c", task=arn, reason="enough")["task"]
    assert (answer["desiredStatus"], answer["lastStatus"]) == ("STOPPED", "RUNNING")
    task = fargate.wait(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 9
    assert fargate.lines(task) == ["ready", "asked to end"]


def test_a_container_that_knows_no_sigterm_dies_of_it(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    arn = fargate.start(fargate.register(fargate.container("wait")))
    fargate.wait_for_line(arn, "ready")
    fargate.ecs.stop_task(cluster="c", task=arn)
    assert fargate.wait(arn)["containers"][0]["exitCode"] == 143


def test_a_container_that_ignores_sigterm_is_killed_after_its_stop_timeout(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout)"""
    arn = fargate.start(fargate.register(fargate.container("ignore SIGTERM", stopTimeout=120)))
    fargate.wait_for_line(arn, "ready")
    fargate.ecs.stop_task(cluster="c", task=arn)
    fargate.wait(arn, "STOPPING")
    fargate.cloud.clock.skip(110)
    assert fargate.describe(arn)["lastStatus"] == "STOPPING"
    fargate.cloud.clock.skip(10)
    assert fargate.wait(arn)["containers"][0]["exitCode"] == 137


@pytest.mark.parametrize(
    ("status", "stop_code", "exit_code"),
    [
        ("PROVISIONING", "UserInitiated", None),
        ("PENDING", "UserInitiated", None),
        ("ACTIVATING", "UserInitiated", 143),
        ("RUNNING", "UserInitiated", 143),
        ("DEACTIVATING", "EssentialContainerExited", 0),
        ("STOPPING", "EssentialContainerExited", 0),
        ("DEPROVISIONING", "EssentialContainerExited", 0),
        ("STOPPED", "EssentialContainerExited", 0),
    ],
)
def test_a_task_can_be_stopped_in_every_state(
    fargate: Any, status: str, stop_code: str, exit_code: int | None
) -> None:
    """Stopping a task that already stops changes nothing.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """
    ends_by_itself = stop_code == "EssentialContainerExited"
    definition = fargate.register(fargate.container(*(("exit", "0") if ends_by_itself else ("wait",))))
    arn = fargate.stop_when(status, definition)
    task = fargate.wait(arn)
    assert (task["stopCode"], task["containers"][0].get("exitCode")) == (stop_code, exit_code)
    assert ("startedAt" in task) is (status not in ("PROVISIONING", "PENDING", "ACTIVATING"))


def test_a_task_that_is_stopped_loses_its_tags(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    arn = fargate.start(tags=[{"key": "a", "value": "1"}])
    fargate.ecs.stop_task(cluster="c", task=arn)
    assert fargate.describe(arn)["tags"] == []


def test_a_stopped_task_is_returned_as_it_is_and_forgotten_after_an_hour(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html"""
    stopped = fargate.run()
    arn = stopped["taskArn"]
    assert fargate.ecs.stop_task(cluster="c", task=arn)["task"]["stopCode"] == "EssentialContainerExited"
    fargate.cloud.clock.skip(3601)
    assert fargate.ecs.describe_tasks(cluster="c", tasks=[arn])["failures"] == [
        {"arn": arn, "reason": "MISSING"}
    ]
    with pytest.raises(ClientError) as error:
        fargate.ecs.stop_task(cluster="c", task=arn)
    assert refusal(error) == ("InvalidParameterException", "The referenced task was not found.")


def test_a_container_that_is_not_essential_may_end_without_the_task(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (essential)"""
    side = fargate.container("write", "/shared", name="side", essential=False)
    main = fargate.container("wait for", "/shared")
    for container in (side, main):
        container["mountPoints"] = [{"sourceVolume": "v", "containerPath": "/shared"}]
    task = fargate.wait(fargate.start(fargate.register(side, main, volumes=[{"name": "v"}])))
    assert [container["exitCode"] for container in task["containers"]] == [0, 0]


def test_the_other_containers_are_stopped_with_an_essential_one(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (essential)"""
    task = fargate.wait(
        fargate.start(
            fargate.register(fargate.container("exit", "4"), fargate.container("wait", name="other"))
        )
    )
    assert [container["exitCode"] for container in task["containers"]] == [4, 143]
    assert task["stopCode"] == "EssentialContainerExited"


def test_a_shutdown_leaves_no_process(fargate: Any) -> None:
    arn = fargate.start(fargate.register(fargate.container("ignore SIGTERM")))
    fargate.wait_for_line(arn, "ready")
    (life,) = fargate.service._lives.values()
    fargate.cloud.run(fargate.service.kill_all())
    assert life.done()
    assert not [folder for folder in Path("/proc").glob("[0-9]*") if _is_own_worker(folder)]


def _is_own_worker(process: Path) -> bool:
    try:
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        return b"ignore SIGTERM" in (process / "cmdline").read_bytes() and parent == str(os.getpid())
    except OSError:
        return False
