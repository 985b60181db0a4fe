"""Templates and requests that are refused, and where a template may stand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.over_moto.stack import ALONE, TEMPLATE, Stack, left
from tests.unit.over_moto.support import refused


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("AWS::Logs::LogGroup", "AWS::Logs::Nothing", "NotImplemented", "AWS::Logs::Nothing"),
        ("RetentionInDays:", "KmsKeyId: k, RetentionInDays:", "NotImplemented", "KmsKeyId"),
        ("!Ref Days", "!Ref Dayz", "ValidationError", "[Dayz]"),
        ("!GetAtt Inbox.Arn", "!GetAtt Inbox.Name", "ValidationError", "attribute type Name"),
        ("${Inbox.Arn}", "${Outbox.Arn}", "ValidationError", "[Outbox]"),
        ("Condition: HasQueue", "Condition: HasNone", "ValidationError", "HasNone"),
        ("Outputs:", "Transform: AWS::Serverless\nOutputs:", "NotImplemented", "Transform"),
        ("!Ref Days", "!Length [1]", "NotImplemented", "Fn::Length"),
        ("Resources:", "Resources: [", "ValidationError", "Template format error"),
        ("Description: One", f"Description: {'x' * 52_000}", "ValidationError", "51200"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_template_that_asks_for_what_is_not_there_is_refused(
    stack: Stack, old: str, new: str, code: str, words: str
) -> None:
    assert old in TEMPLATE
    with refused(code, words):
        stack.create(TEMPLATE.replace(old, new, 1))
    assert left(stack) == []


def test_an_unknown_member_within_a_property_rolls_back_by_name(stack: Stack) -> None:
    stack.create(TEMPLATE.replace("ExpirationInDays: 7", "ObjectSizeGreaterThan: 7", 1))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "ObjectSizeGreaterThan" in stack.failures()[0][1]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"Unknown": "x"}, "[Unknown] do not exist"),
        ({"Reply": "third"}, "must be one of"),
    ],
)
def test_a_parameter_that_the_template_does_not_allow_is_refused(
    stack: Stack, parameters: dict[str, str], words: str
) -> None:
    with refused("ValidationError", words):
        stack.create(**parameters)


def test_a_role_with_a_name_needs_the_callers_word(stack: Stack) -> None:
    for capabilities in ([], ["CAPABILITY_IAM"]):
        with refused("InsufficientCapabilitiesException", "CAPABILITY_NAMED_IAM"):
            stack.client.create_stack(StackName="pipeline", TemplateBody=TEMPLATE, Capabilities=capabilities)


@pytest.mark.parametrize("host", ["http://127.0.0.1:4566/artifacts", "https://artifacts.s3.amazonaws.com"])
def test_a_template_may_stand_in_a_bucket(stack: Stack, host: str) -> None:
    stack.of("s3").put_object(Bucket="artifacts", Key="alone.yaml", Body=ALONE.encode())
    with refused("ValidationError", "absent.yaml"):
        stack.client.create_stack(StackName="pipeline", TemplateURL=f"{host}/absent.yaml")
    stack.client.create_stack(StackName="pipeline", TemplateURL=f"{host}/alone.yaml")
    assert stack.physical() == {"Log": "/alone"}


@pytest.mark.parametrize(
    "option", [{"DisableRollback": True}, {"OnFailure": "DELETE"}, {"RoleARN": "arn:aws:iam::1:role/r"}]
)
def test_an_option_that_is_not_modelled_is_refused_by_name(stack: Stack, option: dict[str, Any]) -> None:
    with refused("NotImplemented", next(iter(option))):
        stack.client.create_stack(StackName="pipeline", TemplateBody=ALONE, **option)
