"""Functions as CloudFormation makes, changes and removes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.functions.support import ACCOUNT, REGION, Lambda, archive
from tests.unit.over_moto.support import refused

TEMPLATE = (Path(__file__).parent / "templates" / "functions.yaml").read_text()


class Stack:
    """A stack of functions."""

    def __init__(self, functions: Lambda) -> None:
        self.client = functions.of("cloudformation")
        s3 = functions.of("s3")
        s3.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="packages", Key="1.zip", Body=archive())
        s3.put_object(Bucket="packages", Key="2.zip", Body=archive("broken.py"))

    def apply(self, verb: str = "update", template: str = TEMPLATE, **parameters: str) -> None:
        given = [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in ({"Bucket": "packages", "Key": "1.zip"} | parameters).items()
        ]
        getattr(self.client, f"{verb}_stack")(
            StackName="s", TemplateBody=template, Parameters=given, Capabilities=["CAPABILITY_IAM"]
        )

    def described(self) -> Any:
        return self.client.describe_stacks(StackName="s")["Stacks"][0]

    def physical(self, name: str) -> str:
        answer = self.client.describe_stack_resource(StackName="s", LogicalResourceId=name)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture(scope="module")
def stack(functions: Lambda) -> Iterator[Stack]:
    stack = Stack(functions)
    stack.apply("create")
    yield stack
    stack.client.delete_stack(StackName="s")
    left = functions.client.list_functions()["Functions"]
    assert [function["FunctionName"] for function in left] == []


def test_a_stacks_functions_run(functions: Lambda, stack: Stack) -> None:
    said = functions.invoke("packaged")
    assert said.payload["context"]["memory_limit_in_mb"] == "256"
    assert said.payload["environment"]["STAGE"] == "test"
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:packaged"
    assert functions.client.list_tags(Resource=arn)["Tags"]["team"] == "data"
    inline = stack.described()["Outputs"][0]["OutputValue"]
    assert functions.invoke(inline, 1).payload == {"inline": 1}
    assert inline.endswith(":" + stack.physical("Inline"))


def test_permission_concurrency_and_events_belong_to_the_function(functions: Lambda, stack: Stack) -> None:
    name = stack.physical("Inline")
    policy = json.loads(functions.client.get_policy(FunctionName=name)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Resource"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    reserved = functions.client.get_function_concurrency(FunctionName=name)
    assert reserved["ReservedConcurrentExecutions"] == 2
    events = functions.client.get_function_event_invoke_config(FunctionName=name)
    assert events["MaximumRetryAttempts"] == 0


def test_an_update_reaches_code_and_settings(functions: Lambda, stack: Stack) -> None:
    assert "context" in functions.invoke("packaged").payload
    stack.apply(Memory="512", Retries="1")
    assert functions.invoke("packaged").payload["context"]["memory_limit_in_mb"] == "512"
    events = functions.client.get_function_event_invoke_config(FunctionName=stack.physical("Inline"))
    assert events["MaximumRetryAttempts"] == 1
    stack.apply(Key="2.zip", Memory="512", Retries="1")
    assert functions.invoke("packaged").payload["errorType"] == "Runtime.ImportModuleError"


def test_a_stack_with_a_runtime_that_we_lack_is_rolled_back_and_says_why(
    functions: Lambda, stack: Stack
) -> None:
    before = functions.client.get_function(FunctionName="packaged")["Configuration"]["Runtime"]
    stack.apply(template=TEMPLATE.replace("Runtime: python3.12", "Runtime: nodejs22.x"))
    assert stack.described()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = stack.client.describe_stack_events(StackName="s")["StackEvents"]
    assert any("the runtime nodejs22.x" in event.get("ResourceStatusReason", "") for event in events)
    assert functions.client.get_function(FunctionName="packaged")["Configuration"]["Runtime"] == before


def test_a_property_that_we_lack_is_refused_by_name(stack: Stack) -> None:
    template = TEMPLATE.replace("Timeout: 10", "KmsKeyArn: arn:aws:kms:x")
    with refused("NotImplemented", "KmsKeyArn"):
        stack.apply(template=template)
