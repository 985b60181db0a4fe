"""The evaluation logic: reference_policies_evaluation-logic.html and its neighbours in IAM's user guide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.iam.policies import Need, decide, statements_of
from local_aws.iam.resource_policies import trusts
from tests.unit.local_iam.support import allow, deny, trust

READ = Need("s3:GetObject", "arn:aws:s3:::bucket/input/a.csv", {"s3:prefix": ("a", "b")})
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"


def allowed(*statements: dict[str, Any], need: Need = READ) -> bool:
    return decide(statements_of({"p": json.dumps({"Statement": list(statements)})}), need).allowed


def reason(*statements: dict[str, Any], need: Need = READ) -> str:
    return decide(statements_of({"p": json.dumps({"Statement": list(statements)})}), need).because


def test_what_no_statement_allows_is_denied() -> None:
    assert not allowed()
    assert not allowed(allow("s3:PutObject"))
    assert reason() == "because no identity-based policy allows the s3:GetObject action"


def test_a_deny_wins_over_every_allow() -> None:
    assert allowed(allow("s3:*"))
    assert not allowed(allow("s3:*"), deny("s3:Get*"))
    assert reason(allow("s3:*"), deny("s3:Get*")) == "with an explicit deny in an identity-based policy"


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:Get*", "s3:?etObject", "*"])
def test_actions_match_with_wildcards_and_in_any_case(action: str) -> None:
    assert allowed(allow(action))


@pytest.mark.parametrize(
    ("resource", "matches"),
    [
        ("*", True),
        ("arn:aws:s3:::bucket/input/*", True),
        ("arn:aws:s3:::bucket/*.csv", True),
        ("arn:aws:s3:::bucket/input/?.csv", True),
        ("arn:*:s3:::bucket/input/a.csv", True),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::BUCKET/input/a.csv", False),
        ("arn:aws:*/input/a.csv", False),
    ],
)
def test_resources_match_part_by_part(resource: str, matches: bool) -> None:
    assert allowed(allow("s3:GetObject", on=resource)) is matches


def test_not_action_and_not_resource_name_everything_else() -> None:
    some = {"Effect": "Allow", "NotAction": ["s3:Put*"], "NotResource": ["arn:aws:s3:::bucket/private/*"]}
    assert allowed(some)
    assert not allowed(some, need=Need("s3:PutObject", "arn:aws:s3:::bucket/a"))
    assert not allowed(some, need=Need("s3:GetObject", "arn:aws:s3:::bucket/private/a"))


def test_a_resource_that_is_not_known_is_any() -> None:
    assert allowed(allow("glacier:*", on="arn:aws:glacier:::x"), need=Need("glacier:Do", None))


TAGGED = {
    "aws:requesttag/stage": ("dev",),
    "aws:tagkeys": ("stage", "owner"),
    "aws:securetransport": ("true",),
}


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "holds"),
    [
        ("StringEquals", "aws:RequestTag/stage", "dev", True),
        ("StringEquals", "aws:RequestTag/Stage", ["prod", "dev"], True),
        ("StringEquals", "aws:RequestTag/stage", "DEV", False),
        ("StringEquals", "aws:RequestTag/other", "dev", False),
        ("StringEqualsIgnoreCase", "aws:RequestTag/stage", "DEV", True),
        ("StringEqualsIfExists", "aws:RequestTag/other", "dev", True),
        ("StringEqualsIfExists", "aws:RequestTag/stage", "prod", False),
        ("StringLike", "aws:RequestTag/stage", "d*", True),
        ("StringNotEquals", "aws:RequestTag/stage", "dev", False),
        ("StringNotEquals", "aws:RequestTag/stage", ["prod", "test"], True),
        ("StringNotEquals", "aws:RequestTag/other", "dev", True),
        ("StringNotLike", "aws:RequestTag/stage", "p*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/r*", True),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/r?", True),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/r1", False),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Null", "aws:RequestTag/other", "true", True),
        ("Null", "aws:RequestTag/stage", "true", False),
        ("Null", "aws:RequestTag/stage", False, True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["owner", "x"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["x"], False),
        ("ForAnyValue:StringEquals", "s3:prefix", ["x"], False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["owner", "stage", "x"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["owner"], False),
        ("ForAllValues:StringEquals", "s3:prefix", ["x"], True),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, holds: bool) -> None:
    context = {**TAGGED, "aws:principalarn": ("arn:aws:iam::123456789012:role/r1",)}
    need = Need("s3:GetObject", READ.resource, context)
    assert allowed(allow("*", Condition={operator: {key: wanted}}), need=need) is holds


def test_all_conditions_of_a_statement_must_hold() -> None:
    both = {"StringEquals": {"aws:RequestTag/stage": "dev", "aws:RequestTag/other": "x"}}
    assert not allowed(allow("*", Condition=both), need=Need("a:B", "*", TAGGED))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"IpAddress": {"aws:PrincipalArn": "10.0.0.0/8"}}, "the condition operator IpAddress"),
        ({"StringEquals": {"aws:UserAgent": "x"}}, "the condition key aws:useragent"),
        ({"StringLike": {"s3:prefix": "${aws:username}/*"}}, "policy variables"),
    ],
)
def test_what_is_not_modelled_fails_closed_and_the_refusal_says_so(condition: Any, said: str) -> None:
    assert not allowed(allow("*", Condition=condition))
    assert f"the local AWS does not model {said}" in reason(allow("*", Condition=condition))
    assert not allowed(allow("*"), deny("s3:GetObject", Condition=condition))
    assert allowed(allow("*"), deny("s3:PutObject", Condition=condition))


def test_a_role_is_taken_by_the_service_it_trusts_only() -> None:
    def trusted(*statements: dict[str, Any]) -> bool:
        return trusts(json.dumps({"Statement": list(statements)}), "states.amazonaws.com", MACHINE)

    assert trusted(trust("states.amazonaws.com"))
    assert not trusted(trust("events.amazonaws.com"))
    assert not trusted()
    here, elsewhere = {"aws:SourceAccount": "123456789012"}, {"aws:SourceAccount": "999999999999"}
    assert trusted(trust("states.amazonaws.com", StringEquals=here))
    assert not trusted(trust("states.amazonaws.com", StringEquals=elsewhere))
    assert trusted(trust("states.amazonaws.com", ArnEquals={"aws:SourceArn": MACHINE}))
    assert not trusted(trust("states.amazonaws.com", ArnEquals={"aws:SourceArn": MACHINE + "2"}))
    assert not trusted(trust("states.amazonaws.com", StringEquals={"sts:ExternalId": "x"}))
    assert not trusted(
        trust("states.amazonaws.com"), trust("states.amazonaws.com", StringEquals=here) | {"Effect": "Deny"}
    )
