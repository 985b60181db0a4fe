"""ECS tasks as real containers (`serve --containers docker`), by the engine that scripts/test_long.sh has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local_aws.clock import Clock
from local_aws.ecs.docker import LABEL, EngineError, check_engine
from local_aws.ecs.images import Images
from local_aws.ecs.settings import EcsSettings
from local_aws.server import LocalAws
from mayfly.template import ROOT
from tests.e2e.pipeline import Pipeline, fresh_day, orders, until
from tests.environment import pointed_to

pytestmark = pytest.mark.timeout(900)  # a build downloads its base image and packages

DOCKER = os.environ.get("DOCKER", "docker")
CONTAINER = {"name": "main", "image": "ecs-validator:latest", "essential": True}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    settings = EcsSettings(engine=DOCKER)
    local = LocalAws(Images([ROOT / "ecs"]), clock=Clock(60), ecs_settings=settings)
    with local, pointed_to(local.url):
        yield local
    assert listed("ps", "--all") == listed("volume", "ls") == [], "something was left behind"


@pytest.fixture
def ecs(aws: LocalAws) -> Any:  # noqa: ARG001 - it is what AWS_ENDPOINT_URL names
    return boto3.client("ecs")


def listed(*command: str) -> list[str]:
    asked = [DOCKER, *command, "--quiet", f"--filter=name={LABEL}"]
    return subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True).stdout.split()


def start(ecs: Any, **changes: Any) -> str:
    ecs.create_cluster(clusterName="c")
    definition = ecs.register_task_definition(
        family="f",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
        volumes=[{"name": "shared"}],
        containerDefinitions=[{**CONTAINER, **changes}],
    )["taskDefinition"]["taskDefinitionArn"]
    answer = ecs.run_task(
        cluster="c", taskDefinition=definition, launchType="FARGATE", networkConfiguration=NETWORK
    )
    arn: str = answer["tasks"][0]["taskArn"]
    return arn


def stopped(ecs: Any, arn: str) -> Any:
    def task() -> Any:
        return ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    until(lambda: task()["lastStatus"] == "STOPPED", "the task's end")
    return task()


def test_a_file_goes_through_the_pipeline_in_containers(aws: LocalAws) -> None:
    pipeline, day = Pipeline(aws, "docker"), fresh_day()
    accepted = pipeline.process("input/good.csv", orders(day))
    assert accepted["status"] == "SUCCEEDED"
    assert [str(item["total_revenue"]) for item in pipeline.order_kpis(day)] == ["21"]
    rejected = pipeline.process("input/bad.csv", orders(day, "none,1,false"))
    assert (rejected["status"], rejected["error"]) == ("FAILED", "ValidationError")


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"entryPoint": ["python", "-c", "exit(3)"]}, 3, None),
        (
            {"entryPoint": ["python", "-c", "bytearray(300 << 20)"], "memory": 64},
            137,
            "OutOfMemoryError: Container killed due to memory usage",
        ),
        (
            {
                "entryPoint": ["sh", "-c", "touch /shared/a && ! touch /a"],
                "user": "0",  # a task's volume is root's
                "readonlyRootFilesystem": True,
                "mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}],
            },
            0,
            None,
        ),
    ],
)
def test_a_container_is_confined_as_its_definition_says(
    ecs: Any, changes: dict[str, Any], code: int, reason: str | None
) -> None:
    container = stopped(ecs, start(ecs, **changes))["containers"][0]
    assert (container.get("exitCode"), container.get("reason")) == (code, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"entryPoint": ["nosuch"]}, 'exec: "nosuch": executable file not found in $PATH: unknown'),
        ({"image": "nowhere"}, "failed to resolve ref nowhere: nowhere: not found"),
    ],
)
def test_what_cannot_start_has_no_exit_code(ecs: Any, changes: dict[str, Any], reason: str) -> None:
    task = stopped(ecs, start(ecs, **changes))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].endswith(reason)
    assert "exitCode" not in task["containers"][0]


def test_a_stopped_task_hears_sigterm(ecs: Any) -> None:
    waiting = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); signal.pause()"
    arn = start(ecs, entryPoint=["python", "-c", waiting])
    until(
        lambda: ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"] == "RUNNING",
        "the task to run",
    )
    ecs.stop_task(cluster="c", task=arn)
    assert stopped(ecs, arn)["containers"][0]["exitCode"] in (7, 143)  # 143: it came before the handler


def test_no_engine_is_said() -> None:
    with pytest.raises(EngineError, match="there is no command no-such-engine"):
        check_engine("no-such-engine")
