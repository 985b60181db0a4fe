from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from local_aws.clock import Clock
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.ecs.metadata import variables
from local_aws.ecs.records import Task

HERE = Path(__file__).parent
REGION = "eu-west-1"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


class Fargate:
    """ECS as a test speaks to it, with one cluster and one log group."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.region = REGION
        self.ecs = cloud.client("ecs", REGION)
        self.states = cloud.client("stepfunctions", REGION)
        self.logs = cloud.client("logs", REGION)
        self.group = f"/tests/{cloud.new_id()}"
        self.logs.create_log_group(logGroupName=self.group)
        self.ecs.create_cluster(clusterName="c")
        self.service = cloud.ecs(REGION)

    def container(
        self, *command: str, name: str = "worker", image: str = "ecs-worker", **more: Any
    ) -> dict[str, Any]:
        return {
            "name": name,
            "image": image,
            "command": list(command),
            "logConfiguration": self.awslogs(),
        } | more

    def awslogs(self) -> dict[str, Any]:
        options = {"awslogs-group": self.group, "awslogs-region": REGION, "awslogs-stream-prefix": "p"}
        return {"logDriver": "awslogs", "options": options}

    def definition(self, *containers: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "family": "f",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/r",
            "containerDefinitions": list(containers) or [self.container()],
        } | more

    def register(self, *containers: dict[str, Any], **more: Any) -> Any:
        return self.ecs.register_task_definition(**self.definition(*containers, **more))["taskDefinition"]

    def start(self, definition: Any = None, **more: Any) -> str:
        """Return the ARN of a task that has been started."""
        definition = definition or self.register()
        arguments = {
            "cluster": "c",
            "taskDefinition": definition["taskDefinitionArn"],
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
        }
        return str(self.ecs.run_task(**(arguments | more))["tasks"][0]["taskArn"])

    def describe(self, arn: str) -> Any:
        return self.ecs.describe_tasks(cluster="c", tasks=[arn], include=["TAGS"])["tasks"][0]

    def wait(self, arn: str, status: str = "STOPPED") -> Any:
        """Wait for a status and return the task."""
        return self.wait_until(arn, lambda task: task.last_status == status)

    def next_task(self) -> str:
        """Wait until a task is PROVISIONING that something else starts, and return its ARN."""

        async def until() -> str:
            with self.cloud.events(REGION).listen(lambda event: event["source"] == "aws.ecs") as changes:
                if not self.service.tasks:
                    await asyncio.wait_for(changes.get(), 60)
            return next(reversed(self.service.tasks.values())).arn

        return self.cloud.run(until())

    def stop_when(self, status: str, definition: Any) -> str:
        """Start a task, stop it as soon as it has a status, and return its ARN."""
        request = {"cluster": "c", "launchType": "FARGATE", "networkConfiguration": NETWORK}
        request["taskDefinition"] = definition["taskDefinitionArn"]

        async def stop() -> str:
            with self.cloud.events(REGION).listen(lambda event: event["source"] == "aws.ecs") as changes:
                arn = (await self.service.answer("RunTask", request))["tasks"][0]["taskArn"]
                while (await asyncio.wait_for(changes.get(), 60))["detail"]["lastStatus"] != status:
                    pass
                await self.service.answer("StopTask", {"cluster": "c", "task": arn})
                return str(arn)

        return self.cloud.run(stop())

    def wait_until(self, arn: str, is_so: Callable[[Task], bool]) -> Any:
        """Wait, without asking again and again, until something is so of a task, and return the task."""

        async def until() -> None:
            with self.cloud.events(REGION).listen(lambda event: arn in event["resources"]) as changes:
                while not is_so(self.record(arn)):
                    await asyncio.wait_for(changes.get(), 60)

        self.cloud.run(until())
        return self.describe(arn)

    def record(self, arn: str) -> Task:
        return self.service.tasks[arn.rpartition("/")[2]]

    def run(self, *command: str, **more: Any) -> Any:
        """Run one container to its end and return the stopped task."""
        return self.wait(self.start(self.register(self.container(*command, **more))))

    def lines(self, task: Any, container: str = "worker") -> list[str]:
        stream = f"p/{container}/{task['taskArn'].rpartition('/')[2]}"
        answer = self.logs.get_log_events(logGroupName=self.group, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in answer["events"]]

    def execute(self, machine: str, **data: Any) -> str:
        """Start a machine of this folder and return the execution's ARN."""
        definition = (HERE / "machines" / f"{machine}.json").read_text()
        role = "arn:aws:iam::123456789012:role/machine"
        made = self.states.create_state_machine(name=self.cloud.new_id(), definition=definition, roleArn=role)
        started = self.states.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(data))
        return str(started["executionArn"])

    def end_of(self, execution: str) -> Any:
        """Wait for the end of an execution and return it."""
        self.cloud.run(self.cloud.states(REGION)._execution(execution).ended())
        return self.states.describe_execution(executionArn=execution)

    def ask(self, arn: str, variable: str, path: str = "") -> TestResponse:
        """Return what the endpoint answers that a variable in the environment of a running task names."""
        task = self.record(arn)
        where = variables(self.cloud.endpoint_url, task, task.containers[0])[variable]
        return Client(self.cloud.endpoint).get(where.removeprefix(self.cloud.endpoint_url) + path)

    def wait_for_line(self, arn: str, line: str, container: str = "worker") -> None:
        async def until() -> None:
            while not await asyncio.to_thread(lambda: line in self.lines({"taskArn": arn}, container)):
                await self.cloud.clock.sleep(0.01)

        self.wait(arn, "RUNNING")
        self.cloud.run(asyncio.wait_for(until(), 30))


@pytest.fixture
def fargate() -> Iterator[Fargate]:
    cloud = Cloud(Images([HERE / "images"]), Clock(scale=1000))
    cloud.start()
    yield Fargate(cloud)
    cloud.stop()
