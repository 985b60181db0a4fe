"""What a target is sent; the cases follow AWS's page on input transformation.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json

import pytest

from local_aws.events.transformer import RuleFacts, fill, select, target_input
from local_aws.wire import AwsError, Json

EVENT: Json = {
    "id": "1",
    "detail-type": "T",
    "detail": {
        "key": 'a "b"\\ü',
        "size": 3,
        "list": [1, {"x": "y"}],
        "object": {"version-id": "v"},
        "none": None,
        "plain": "p/q",
        "flag": True,
        "words": ["ACTIVE", "INACTIVE"],
    },
}
RULE = RuleFacts("arn:aws:events:eu-west-1:123456789012:rule/r", "r", "2025-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", EVENT),
        ("$.id", "1"),
        ("$.detail.object.version-id", "v"),
        ("$.detail.object['version-id']", "v"),
        ('$.detail.object["version-id"]', "v"),
        ("$.detail.list[1].x", "y"),
        ("$.detail.list[2]", None),
        ("$.detail.nothing.below", None),
    ],
)
def test_a_path_selects(path: str, found: Json) -> None:
    assert select(path, EVENT) == found


@pytest.mark.parametrize("path", ["detail", "$.a..b", "$.a[?(@.b)]", "$.a[*]"])
def test_a_path_we_cannot_follow_is_refused(path: str) -> None:
    with pytest.raises(AwsError, match="path"):
        select(path, EVENT)


VARIABLES: Json = {
    name: EVENT["detail"].get(name)
    for name in ("key", "plain", "size", "flag", "list", "words", "object", "nothing")
}


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('{"key": <key>}', {"key": 'a "b"\\ü'}),
        ('{"text": "the key <plain>, <size> bytes"}', {"text": "the key p/q, 3 bytes"}),
        ('{"nested": {"below": "users/<plain>/<plain>"}}', {"nested": {"below": "users/p/q/p/q"}}),
        ('{"object": <object>, "size": <size>}', {"object": {"version-id": "v"}, "size": 3}),
        ('{"list": [<size>, <list>, "fixed", true]}', {"list": [3, [1, {"x": "y"}], "fixed", True]}),
        ('{"a": <nothing>, "b": "<nothing>"}', {"a": "", "b": ""}),
        (r'{"a": "\"<size>\"", "b": <key>}', {"a": '"3"', "b": 'a "b"\\ü'}),
        ('{"a": "1 < 2 > 0"}', {"a": "1 < 2 > 0"}),
        ("<object>", {"version-id": "v"}),
        ("[<size>, <plain>]", [3, "p/q"]),
    ],
)
def test_a_template_of_json_becomes_json(template: str, sent: Json) -> None:
    assert json.loads(fill(template, VARIABLES)) == sent


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('"just <plain>"', '"just p/q"'),
        ('"<words> and <object>"', '"[ACTIVE,INACTIVE] and {version-id:v}"'),
        ('"is <flag>, <size>, <nothing>."', '"is true, 3, ."'),
        ('"<plain> one"\n"<size> two"', '"p/q one"\n"3 two"'),
        (r'"say \"<plain>\""', r'"say \"p/q\""'),
    ],
)
def test_a_template_of_text_takes_objects_and_lists_without_quotes(template: str, sent: str) -> None:
    assert fill(template, VARIABLES) == sent


@pytest.mark.parametrize(
    "template",
    [
        '{"object": "<object>"}',
        '{"words": "<words>"}',
        '{"key": "<key>"}',  # nothing is escaped, and the key has quotes
        "<words> without quotes",
    ],
)
def test_a_template_that_what_is_put_in_makes_no_json_is_not_sent(template: str) -> None:
    with pytest.raises(AwsError, match="the input template, filled, is no JSON") as error:
        fill(template, VARIABLES)
    assert error.value.code == "InvalidJson"


def test_what_stands_in_a_value_is_not_filled_again() -> None:
    assert json.loads(fill('{"a": <a>}', {"a": "<b>", "b": 1})) == {"a": "<b>"}


def test_the_reserved_variables() -> None:
    template = (
        '{"event": <aws.events.event>, "whole": <aws.events.event.json>, "rule": <aws.events.rule-name>, '
        '"arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>}'
    )
    sent = json.loads(target_input({"InputTransformer": {"InputTemplate": template}}, EVENT, RULE))
    assert sent == {
        "event": {"id": "1", "detailType": "T"},
        "whole": EVENT,
        "rule": "r",
        "arn": RULE.arn,
        "at": RULE.received,
    }


@pytest.mark.parametrize(
    ("target", "sent"),
    [({}, EVENT), ({"Input": '{"a": 1}'}, {"a": 1}), ({"InputPath": "$.detail.object"}, {"version-id": "v"})],
)
def test_without_a_transformer_a_target_is_sent_the_event_a_constant_or_a_part(
    target: Json, sent: Json
) -> None:
    assert json.loads(target_input(target, EVENT, RULE)) == sent
