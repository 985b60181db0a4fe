from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.ecs.images import Images
from local_aws.server import LocalAws


@pytest.fixture
def logs() -> Iterator[Any]:
    with LocalAws(Images([])) as aws:
        client = aws.cloud.client("logs", "us-east-1")
        client.create_log_group(logGroupName="g")
        now = round(aws.cloud.clock.time() * 1000)
        for stream in ("a/1", "a/2", "b/1"):
            client.create_log_stream(logGroupName="g", logStreamName=stream)
            client.put_log_events(
                logGroupName="g",
                logStreamName=stream,
                logEvents=[{"timestamp": now, "message": f"from {stream}"}],
            )
        yield client


@pytest.mark.parametrize(("prefix", "found"), [("a/", ["a/1", "a/2"]), ("b", ["b/1"]), ("c", [])])
def test_filter_log_events_keeps_to_the_streams_with_the_prefix(
    logs: Any, prefix: str, found: list[str]
) -> None:
    events = logs.filter_log_events(logGroupName="g", logStreamNamePrefix=prefix)["events"]
    assert sorted(event["logStreamName"] for event in events) == found


def test_without_a_prefix_all_streams_are_searched(logs: Any) -> None:
    assert len(logs.filter_log_events(logGroupName="g")["events"]) == 3


def test_names_and_a_prefix_exclude_each_other(logs: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName="g", logStreamNames=["a/1"], logStreamNamePrefix="a")


def test_a_group_that_is_not_there_is_an_error_with_a_prefix_too(logs: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.filter_log_events(logGroupName="none", logStreamNamePrefix="a")
