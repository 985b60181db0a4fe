"""How fast ECS may be called, how much may run, and how long a task's states last."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.__main__ import arguments_of
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.ecs.rate_limits import RateLimits
from local_aws.ecs.settings import EcsSettings, Lifecycle
from local_aws.virtual_clock import VirtualClock
from local_aws.wire import AwsError
from tests.unit.local_ecs.conftest import HERE, NETWORK, Fargate

Make = Callable[..., Fargate]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make an ECS with settings of its own, on a clock that stands still but for tasks' processes."""
    clouds = []

    def make_one(**settings: Any) -> Fargate:
        cloud = Cloud(Images([HERE / "images"]), VirtualClock(), ecs_settings=EcsSettings(**settings))
        cloud.start()
        clouds.append(cloud)
        return Fargate(cloud)

    yield make_one
    for cloud in clouds:
        cloud.stop()


def calls_until_throttled(limits: RateLimits, *operations: str, count: int = 1) -> int:
    """Return how many calls are let through, of these operations in turn."""
    done = 0
    while True:
        try:
            limits.take(operations[done % len(operations)], {"count": count})
        except AwsError:
            return done
        done += 1


@pytest.mark.parametrize(
    ("operations", "burst", "per_second"),
    [
        (["CreateCluster", "DeleteCluster"], 20, 1),
        (["DescribeClusters", "ListClusters"], 50, 20),
        (["RegisterTaskDefinition", "DeregisterTaskDefinition"], 20, 1),
        (["DeleteTaskDefinitions"], 5, 1),
        (["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"], 50, 20),
        (["StopTask"], 100, 40),
        (["DescribeTasks", "ListTasks"], 100, 20),
        (["RunTask"], 20, 20),
    ],
)
def test_calls_share_buckets_that_fill_with_time(operations: list[str], burst: int, per_second: int) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html

    RunTask on Fargate: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
    """
    clock = VirtualClock()
    limits = RateLimits(clock)
    assert calls_until_throttled(limits, *operations) == burst
    clock.skip(1)
    assert calls_until_throttled(limits, *operations) == per_second
    clock.skip(3600)
    assert calls_until_throttled(limits, *operations) == burst


def test_fargate_launches_so_many_tasks_a_second() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html"""
    clock = VirtualClock()
    limits = RateLimits(clock)
    assert calls_until_throttled(limits, "RunTask", count=10) == 10
    clock.skip(1)
    assert calls_until_throttled(limits, "RunTask", count=10) == 2


def test_a_throttled_call_does_nothing_and_is_told_as_aws_tells_it(make: Make) -> None:
    fargate = make(rate_limits=True)  # which has created one cluster
    for number in range(19):
        fargate.ecs.create_cluster(clusterName=f"n{number}")
    with pytest.raises(ClientError, match="Rate exceeded") as error:
        fargate.ecs.create_cluster(clusterName="one-too-many")
    assert error.value.response["Error"]["Code"] == "ThrottlingException"
    assert len(fargate.ecs.list_clusters()["clusterArns"]) == 20
    other = fargate.cloud.client("ecs", "us-east-1")
    assert other.create_cluster(clusterName="there")["cluster"]["status"] == "ACTIVE"


def test_nothing_is_throttled_unless_asked_for(fargate: Any) -> None:
    for number in range(25):
        fargate.ecs.create_cluster(clusterName=f"n{number}")


@pytest.mark.parametrize(
    ("machine", "operation", "name"),
    [
        ("create_cluster", "CreateCluster", "Ecs.EcsException"),
        ("run_task", "RunTask", "ECS.AmazonECSException"),
    ],
)
def test_a_machine_is_throttled_too(make: Make, machine: str, operation: str, name: str) -> None:
    """The names of errors that a service has not modelled, as AWS and people who met them on it tell them.

    https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity (ECS.AmazonECSException)
    https://github.com/CloudSnorkel/cdk-github-runners (Ecs.EcsException)
    """
    fargate = make(rate_limits=True)
    assert fargate.service._limits is not None
    calls_until_throttled(fargate.service._limits, operation)
    done = fargate.end_of(fargate.execute(machine, definition="f"))
    assert (done["status"], done["error"]) == ("FAILED", name)
    assert "Rate exceeded" in done["cause"]


def test_tasks_beyond_the_accounts_vcpus_are_failures(make: Make) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (failures)

    The words: https://www.flightcontrol.dev/docs/troubleshooting/concurrent-cpu-limit
    """
    fargate = make(vcpus=0.5)
    definition = fargate.register(fargate.container("wait"))["taskDefinitionArn"]
    request = {"taskDefinition": definition, "launchType": "FARGATE", "networkConfiguration": NETWORK}
    answer = fargate.ecs.run_task(cluster="c", count=3, **request)
    assert len(answer["tasks"]) == 2
    full = [{"reason": "You've reached the limit on the number of vCPUs you can run concurrently"}]
    assert answer["failures"] == full
    assert fargate.ecs.run_task(cluster="c", **request)["failures"] == full

    done = fargate.end_of(fargate.execute("run_task", definition=definition))
    assert (done["status"], done["error"]) == ("FAILED", "AmazonECS.Unknown")

    stopped = answer["tasks"][0]["taskArn"]
    fargate.ecs.stop_task(cluster="c", task=stopped)
    fargate.wait(stopped)
    assert fargate.ecs.run_task(cluster="c", **request)["failures"] == []


def test_states_last_as_long_as_they_are_told_to(make: Make) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"""
    delays = "provisioning=10,pending=20,activating=30,deactivating=40,deprovisioning=50"
    fargate = make(lifecycle=Lifecycle.parse(delays))
    arn = fargate.start()
    for status, seconds in (("ACTIVATING", 30), ("DEACTIVATING", 40)):
        fargate.wait(arn, status)  # now the clock does not jump by itself, for there is a container
        fargate.cloud.clock.skip(seconds)
    task = fargate.wait(arn)
    times = [
        task[name] for name in ("createdAt", "pullStartedAt", "startedAt", "executionStoppedAt", "stoppedAt")
    ]
    lasted = [after - before for before, after in itertools.pairwise(times)]
    assert lasted[0] == timedelta(seconds=10)
    assert timedelta(seconds=50) < lasted[1] < timedelta(seconds=60)
    assert timedelta(seconds=40) < lasted[2] < timedelta(seconds=50)
    assert lasted[3] == timedelta(seconds=50)


def test_the_command_line_takes_them_all() -> None:
    asked = arguments_of(["serve", "--ecs-delays", "pending=30", "--rate-limits", "--fargate-vcpus", "6"])
    assert (asked.ecs_delays, asked.rate_limits, asked.fargate_vcpus) == (Lifecycle(pending=30), True, 6)
    asked = arguments_of(["serve"])
    assert (asked.ecs_delays, asked.rate_limits, asked.fargate_vcpus) == (Lifecycle(), False, None)


def test_delays_that_are_not_given_are_as_always() -> None:
    assert Lifecycle.parse("pending=2.5") == Lifecycle(pending=2.5)
    assert str(Lifecycle.parse(str(Lifecycle()))) == str(Lifecycle())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("running=3", "running is no state that lasts; these are: provisioning, pending"),
        ("", "nothing is no state"),
        ("pending", "pending lasts nothing; it must be seconds"),
        ("pending=-1", "pending lasts -1 seconds; it must be 0 or more"),
        ("pending=nan", "it must be 0 or more"),
    ],
)
def test_delays_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lifecycle.parse(text)
