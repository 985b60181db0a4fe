"""A task that a state waits for, and what becomes of it when the state no longer does.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

import json
from typing import Any


def test_an_aborted_execution_stops_its_task(fargate: Any) -> None:
    definition = fargate.register(fargate.container("handle SIGTERM"))["taskDefinitionArn"]
    execution = fargate.execute("run_task", definition=definition)
    arn = fargate.next_task()
    fargate.wait_for_line(arn, "ready")
    fargate.states.stop_execution(executionArn=execution)
    assert fargate.end_of(execution)["status"] == "ABORTED"
    task = fargate.wait(arn)
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("UserInitiated", 9)
    assert task["startedBy"] == "AWS Step Functions"


def test_a_state_that_times_out_stops_its_task(fargate: Any) -> None:
    definition = fargate.register(fargate.container("wait"))["taskDefinitionArn"]
    execution = fargate.execute("run_task", definition=definition)
    arn = fargate.next_task()
    fargate.wait(arn, "RUNNING")
    fargate.cloud.clock.skip(600)
    done = fargate.end_of(execution)
    assert (done["status"], done["error"]) == ("FAILED", "States.Timeout")
    assert fargate.wait(arn)["stopCode"] == "UserInitiated"


def test_a_container_out_of_memory_fails_the_state(fargate: Any) -> None:
    definition = fargate.register(fargate.container("have", "64", memory=48))["taskDefinitionArn"]
    done = fargate.end_of(fargate.execute("run_task", definition=definition))
    assert done["error"] == "States.TaskFailed"
    (container,) = json.loads(done["cause"])["Containers"]
    assert (container["ExitCode"], container["Reason"].partition(":")[0]) == (137, "OutOfMemoryError")


def test_an_image_that_cannot_be_pulled_fails_the_state_without_an_exit_code(fargate: Any) -> None:
    """As in a failure recorded on AWS, which has no key ExitCode at all."""
    definition = fargate.register(fargate.container(image="ecs-nobody"))["taskDefinitionArn"]
    done = fargate.end_of(fargate.execute("run_task", definition=definition))
    cause = json.loads(done["cause"])
    assert (done["error"], cause["StopCode"]) == ("States.TaskFailed", "TaskFailedToStart")
    assert cause["StoppedReason"].startswith("CannotPullContainerError: ")
    assert "ExitCode" not in cause["Containers"][0]
