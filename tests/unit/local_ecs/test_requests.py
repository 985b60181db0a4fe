"""What RegisterTaskDefinition and RunTask refuse, and how tasks are found again."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

GPU = {"type": "GPU", "value": "1"}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"family": "a b"}, "ClientException", "Family contains invalid characters"),
        ({"networkMode": "bridge"}, "ClientException", "Fargate only supports network mode"),
        (
            {"cpu": "256", "memory": "4096"},
            "ClientException",
            "No Fargate configuration exists for given values",
        ),
        ({"cpu": "300"}, "ClientException", "No Fargate configuration exists for given values"),
        ({"memory": ""}, "ClientException", "'memory' be defined at the task level"),
        ({"executionRoleArn": ""}, "ClientException", "execution role ARN to support log driver awslogs"),
        ({"pidMode": "task"}, "NotImplemented", "pidMode"),
        (
            {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
            "NotImplemented",
            "efsVolumeConfiguration",
        ),
    ],
)
def test_a_definition_that_fargate_cannot_run_is_refused(
    fargate: Any, change: dict[str, Any], code: str, message: str
) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    with pytest.raises(ClientError) as error:
        fargate.register(**change)
    assert refusal(error)[0] == code
    assert message in refusal(error)[1]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"name": "a/b"}, "ClientException", "Container.name contains invalid characters"),
        ({"image": ""}, "ClientException", "Container.image should not be null or empty"),
        ({"essential": False}, "ClientException", "at least one essential"),
        ({"stopTimeout": 121}, "ClientException", "stopTimeout"),
        (
            {"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]},
            "ClientException",
            "Unknown volume 'v'",
        ),
        ({"logConfiguration": {"logDriver": "splunk"}}, "NotImplemented", "log driver splunk"),
        ({"secrets": [{"name": "a", "valueFrom": "b"}]}, "NotImplemented", "secrets of a container"),
        (
            {"dependsOn": [{"containerName": "a", "condition": "START"}]},
            "ClientException",
            "depends on 'a', which is not in the definition",
        ),
        (
            {"dependsOn": [{"containerName": "worker", "condition": "START"}]},
            "ClientException",
            "in a circle: worker -> worker",
        ),
        ({"startTimeout": 121}, "ClientException", "startTimeout"),
        ({"healthCheck": {"command": ["true"]}}, "ClientException", "begin with CMD or CMD-SHELL"),
        (
            {"healthCheck": {"command": ["CMD", "true"], "interval": 1}},
            "ClientException",
            "interval must be between 5 and 300",
        ),
        ({"memory": 5}, "ClientException", "the least is 6 MiB, found 5"),
        ({"memory": 8, "memoryReservation": 9}, "ClientException", "memoryReservation 9 is above memory 8"),
        ({"memory": 513}, "ClientException", "513 MiB of memory, more than the task's 512"),
        ({"restartPolicy": {"enabled": True}}, "NotImplemented", "restartPolicy"),
    ],
)
def test_a_container_that_cannot_be_run_is_refused(
    fargate: Any, change: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as error:
        fargate.register(fargate.container() | change)
    assert refusal(error)[0] == code
    assert message in refusal(error)[1]


def test_what_makes_no_difference_to_a_process_is_accepted(fargate: Any) -> None:
    same = {"readonlyRootFilesystem": True, "user": "10001", "linuxParameters": {"initProcessEnabled": True}}
    assert fargate.run("exit", "0", **same)["containers"][0]["exitCode"] == 0


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"cluster": "nobody"}, "ClusterNotFoundException", "Cluster not found"),
        ({"taskDefinition": "nobody"}, "ClientException", "TaskDefinition not found"),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration must be provided"),
        ({"launchType": "EC2"}, "InvalidParameterException", "No Container Instances were found"),
        ({"count": 11}, "InvalidParameterException", "count"),
        (
            {"overrides": {"containerOverrides": [{"name": "worker", "resourceRequirements": [GPU]}]}},
            "NotImplemented",
            "resourceRequirements of a container's overrides",
        ),
        ({"enableExecuteCommand": True}, "NotImplemented", "enableExecuteCommand"),
        ({"placementStrategy": [{"type": "spread"}]}, "NotImplemented", "placementStrategy"),
        (
            {"overrides": {"containerOverrides": [{"name": "x"}]}},
            "InvalidParameterException",
            "named x is not",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "worker", "command": ["x" * 8192]}]}},
            "InvalidParameterException",
            "Container Overrides length must be at most 8192",
        ),
    ],
)
def test_a_task_that_cannot_be_run_is_refused(
    fargate: Any, change: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as error:
        fargate.start(**change)
    assert refusal(error)[0] == code
    assert message in refusal(error)[1]


def test_overrides_of_8192_characters_are_the_longest(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""

    def overrides(length: int) -> dict[str, Any]:
        around = len('{"containerOverrides":[{"name":"worker","command":["exit",""]}]}')
        command = ["exit", "0" * (length - around)]
        return {"containerOverrides": [{"name": "worker", "command": command}]}

    assert fargate.start(overrides=overrides(8192))
    with pytest.raises(ClientError, match="at most 8192"):
        fargate.start(overrides=overrides(8193))


def test_a_tasks_size_can_be_overridden(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""
    task = fargate.describe(fargate.start(overrides={"cpu": "0.5 vCPU", "memory": "2 GB"}))
    assert (task["cpu"], task["memory"]) == ("0.5 vCPU", "2 GB")
    with pytest.raises(ClientError, match="No Fargate configuration exists"):
        fargate.start(overrides={"cpu": "256", "memory": "8192"})


def test_an_inactive_definition_starts_no_task(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-definition-state.html"""
    definition = fargate.register()
    fargate.ecs.deregister_task_definition(taskDefinition=definition["taskDefinitionArn"])
    with pytest.raises(ClientError) as error:
        fargate.start(definition)
    assert refusal(error) == ("ClientException", "TaskDefinition is inactive")


def test_a_client_token_starts_its_tasks_once(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (clientToken)"""
    definition = fargate.register()
    first = fargate.start(definition, clientToken="t")
    assert fargate.start(definition, clientToken="t") == first
    with pytest.raises(ClientError) as error:
        fargate.start(definition, clientToken="t", count=2)
    assert refusal(error)[0] == "ConflictException"


def test_tasks_are_listed_by_family_starter_and_desired_status(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    mine = fargate.start(startedBy="me")
    fargate.start(fargate.register(family="g"))
    assert fargate.ecs.list_tasks(cluster="c", startedBy="me")["taskArns"] == [mine]
    assert fargate.ecs.list_tasks(cluster="c", family="f")["taskArns"] == [mine]
    assert len(fargate.ecs.list_tasks(cluster="c")["taskArns"]) == 2
    fargate.ecs.stop_task(cluster="c", task=mine)
    assert fargate.ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"] == [mine]


def test_a_task_carries_its_tags_its_definitions_and_its_group(fargate: Any) -> None:
    definition = fargate.register(tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "1"}])
    arn = fargate.start(definition, tags=[{"key": "b", "value": "2"}], propagateTags="TASK_DEFINITION")
    task = fargate.describe(arn)
    assert {tag["key"]: tag["value"] for tag in task["tags"]} == {"a": "1", "b": "2"}
    assert task["group"] == "family:f"


def test_an_operation_that_is_not_modelled_is_refused_by_name(fargate: Any) -> None:
    with pytest.raises(ClientError, match="ecs:ListServices") as error:
        fargate.ecs.list_services(cluster="c")
    assert refusal(error)[0] == "NotImplemented"
