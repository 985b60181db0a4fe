"""What a target is sent; the cases follow AWS's page on input transformation."""

from __future__ import annotations

import json

import pytest

from local_aws.events.transformer import RuleFacts, fill, select, target_input
from local_aws.wire import AwsError, Json

EVENT: Json = {
    "id": "1",
    "detail": {
        "key": 'a "b"\\ü',
        "size": 3,
        "list": [1, {"x": "y"}],
        "object": {"version-id": "v"},
        "none": None,
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


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('{"key": <key>}', {"key": 'a "b"\\ü'}),
        ('{"text": "the key <key>, <size> bytes"}', {"text": 'the key a "b"\\ü, 3 bytes'}),
        ('{"object": <object>, "size": <size>}', {"object": {"version-id": "v"}, "size": 3}),
        ('{"object": "<object>"}', {"object": '{"version-id": "v"}'}),
        ('"just <key>"', 'just a "b"\\ü'),
        ('{"a": <nothing>, "b": "<nothing>"}', {"a": "", "b": ""}),
        (r'{"a": "\"<size>\"", "b": <key>}', {"a": '"3"', "b": 'a "b"\\ü'}),
        ('{"a": "1 < 2 > 0, <unknown>"}', {"a": "1 < 2 > 0, <unknown>"}),
    ],
)
def test_a_template_is_filled(template: str, sent: Json) -> None:
    variables = {name: EVENT["detail"].get(name) for name in ("key", "size", "object", "nothing")}
    assert json.loads(fill(template, variables)) == sent


def test_what_stands_in_a_value_is_not_filled_again() -> None:
    assert json.loads(fill('{"a": <a>}', {"a": "<b>", "b": 1})) == {"a": "<b>"}


def test_the_reserved_variables() -> None:
    template = (
        '{"event": <aws.events.event>, "whole": <aws.events.event.json>, "rule": <aws.events.rule-name>, '
        '"arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>}'
    )
    sent = json.loads(target_input({"InputTransformer": {"InputTemplate": template}}, EVENT, RULE))
    assert sent == {"event": {"id": "1"}, "whole": EVENT, "rule": "r", "arn": RULE.arn, "at": RULE.received}


@pytest.mark.parametrize(
    ("target", "sent"),
    [({}, EVENT), ({"Input": '{"a": 1}'}, {"a": 1}), ({"InputPath": "$.detail.object"}, {"version-id": "v"})],
)
def test_without_a_transformer_a_target_is_sent_the_event_a_constant_or_a_part(
    target: Json, sent: Json
) -> None:
    assert json.loads(target_input(target, EVENT, RULE)) == sent
