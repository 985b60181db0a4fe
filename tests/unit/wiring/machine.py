"""The deployed state machine's calls, with the parameters they would have, and what they need of IAM."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from local_aws.states.expressions import compile_template
from local_aws.states.jsonata import compile_value
from local_aws.states.scope import Scope
from mayfly.template import ROOT
from tests.unit.test_main_machine import all_states
from tests.unit.wiring.grants import Need, s3_needs
from tests.unit.wiring.stack import HERE, Stack

KEY = "input/a b+ü.csv"
MANAGED_RULE = f"arn:aws:events:{HERE}:rule/StepFunctionsGetEventsForECSTaskRule"


class Machine:
    """The definition with a stack's substitutions, and the data of one of its executions."""

    def __init__(self, stack: Stack, execution: str = "run-1", key: str = KEY) -> None:
        self.stack, self.execution, self.key = stack, execution, key
        text = (ROOT / "step_functions" / "MainStepFn.json").read_text(encoding="utf-8")
        for name, value in stack.properties("StateMachine")["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{name}}}", value)
        self.states = dict(all_states(json.loads(text)))
        self.context = {
            "Execution": {
                "Name": execution,
                "Id": f"arn:aws:states:{HERE}:execution:m:{execution}",
                "Input": {},
            },
            "State": {"EnteredTime": "2025-07-05T12:00:00Z"},
        }
        self.pinned: dict[str, Any] = {
            "VersionId": "1", "ETag": '"e"', "ContentLength": 1, "LastModified": "2025-07-05T10:00:00Z"
        }  # fmt: skip

    @property
    def tasks(self) -> list[str]:
        return [name for name, state in self.states.items() if state["Type"] == "Task"]

    def parameters(self, state: str) -> dict[str, Any]:
        """Return what a Task calls its service with."""
        evaluated: dict[str, Any] = compile_template(self.states[state]["Parameters"])(
            self._data(state), self._scope()
        )
        return evaluated

    def environment(self, image: str) -> dict[str, str]:
        """Return the environment that the task definition of an image gives its container."""
        (container,) = self.parameters(f"Register{image.title()}Task")["ContainerDefinitions"]
        return {variable["Name"]: variable["Value"] for variable in container["Environment"]}

    def needs(self, state: str) -> Iterator[Need]:
        """Yield what a Task needs of the machine's role."""
        service, operation = self.states[state]["Resource"].split(":")[-2:]
        catches = [name for catch in self.states[state].get("Catch", []) for name in catch["ErrorEquals"]]
        call = operation[:1].upper() + operation[1:]
        parameters = self.parameters(state)
        if service == "s3":
            yield from s3_needs(
                call, parameters, tells_missing="S3.NoSuchKeyException" in catches and "Head" in call
            )
        elif service == "ecs":
            yield from _ecs_needs(call, parameters, self._families(state), self.stack.parameters["Stage"])
        elif service == "dynamodb":
            yield Need(f"dynamodb:{call}", f"arn:aws:dynamodb:{HERE}:table/{parameters['TableName']}")
        elif (service, call) == ("sns", "Publish"):
            yield Need("sns:Publish", parameters["TopicArn"])
        elif (service, call) == ("cloudwatch", "PutMetricData"):
            yield Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": parameters["Namespace"]})
        else:
            raise NotImplementedError(f"say what {service}:{call} needs")

    def _families(self, state: str) -> str:
        image = "transformer" if "Transformer" in state else "validator"
        return f"arn:aws:ecs:{HERE}:task-definition/ecs-{image}-{self.execution}:1"

    @cached_property
    def _described(self) -> dict[str, Any]:
        """What the execution knows of itself before its first call."""
        start = {"bucket": self.stack.name("InputBucket"), "key": self.key, "object": {"version-id": "1"}}
        made = compile_template(self.states["GenerateExecutionParameters"]["Parameters"])
        described = compile_value(self.states["DescribeKey"]["Output"], "Output", _no_fault)
        names = made(start, self._scope())
        known: dict[str, Any] = described(
            {"input": {**start, "ephemeral": names}, "context": self.context}, self._scope()
        )
        return known

    def _data(self, state: str) -> dict[str, Any]:
        cluster = self._described["ephemeral"]["clusterName"]
        arn = self._families(state)
        answers = {
            "pinned": self.pinned,
            "definition": {"taskDefinitionArn": arn},
            "definitions": {"arns": [arn]},
            "arn": arn,
            "cluster": cluster,
            "taskArn": f"arn:aws:ecs:{HERE}:task/{cluster}/1",
            "failure": {"state": "any", "status": "FAILED", "error": "any", "cause": "any"},
            "cleanup": {"text": "any"},
            "outcome": {"heading": "any"},
            "notice": {"message": "any"},
        }
        return {**self._described, **answers}

    def _scope(self) -> Scope:
        chance = random.Random(1)  # noqa: S311 - only for intrinsics
        return Scope(self.context, {}, lambda: "id", chance, lambda: datetime.now(UTC))


def _no_fault(code: str, message: str, field: str) -> None:
    raise AssertionError(f"{code}: {message} ({field})")


def _ecs_needs(call: str, parameters: dict[str, Any], definition: str, stage: str) -> Iterator[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html.

    And for runTask.sync https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html.
    """
    cluster_name = parameters.get("Cluster") or parameters.get("ClusterName")
    cluster = f"arn:aws:ecs:{HERE}:cluster/{cluster_name}"
    task = f"arn:aws:ecs:{HERE}:task/{cluster_name}/1"
    tags = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in parameters.get("Tags", [])}
    own = {"aws:ResourceTag/mayfly:stage": stage}
    if call == "CreateCluster":
        yield Need("ecs:CreateCluster", cluster, tags)
        yield Need("ecs:TagResource", cluster, {**tags, "ecs:CreateAction": call})
    elif call == "RegisterTaskDefinition":
        yield Need("ecs:RegisterTaskDefinition", definition, tags)
        yield Need("ecs:TagResource", definition, {**tags, "ecs:CreateAction": call})
        for role in ("ExecutionRoleArn", "TaskRoleArn"):
            yield Need("iam:PassRole", parameters[role], {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    elif call == "RunTask.sync":
        yield Need("ecs:RunTask", parameters["TaskDefinition"], {**own, "ecs:cluster": cluster})
        yield Need("ecs:TagResource", task, {"ecs:CreateAction": "RunTask"})
        yield from (Need(f"ecs:{action}", task, own) for action in ("DescribeTasks", "StopTask"))
        yield from (
            Need(f"events:{action}", MANAGED_RULE) for action in ("DescribeRule", "PutRule", "PutTargets")
        )
    elif call == "DeleteTaskDefinitions":
        yield from (Need("ecs:DeleteTaskDefinitions", arn, own) for arn in parameters["TaskDefinitions"])
    elif call == "DeleteCluster":
        yield Need("ecs:DeleteCluster", cluster, own)
        yield Need("ecs:DeleteCluster", cluster)  # one that is not there has no tag, and must be told so
    elif call == "StopTask":
        yield Need("ecs:StopTask", parameters["Task"], own)
    elif call == "ListTasks":
        yield Need("ecs:ListTasks", "*", {"ecs:cluster": cluster})
    elif call in ("DeregisterTaskDefinition", "ListTaskDefinitions"):
        yield Need(f"ecs:{call}")
    else:
        raise NotImplementedError(f"say what ecs:{call} needs")
