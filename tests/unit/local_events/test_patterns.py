"""Which events a pattern wants; the cases follow AWS's page on comparison operators."""

from __future__ import annotations

import json

import pytest

from local_aws.events.patterns import matches, parse_pattern
from local_aws.wire import AwsError, Json

EVENT: Json = {
    "source": "aws.s3",
    "detail": {
        "key": "input/a b+ü.csv",
        "size": 300,
        "ratio": 2.5,
        "ip": "10.0.0.7",
        "flag": True,
        "none": None,
        "empty": "",
        "states": ["RUNNING", "STOPPED"],
        "containers": [{"name": "a", "code": 0}, {"name": "b", "code": 1}],
    },
}


@pytest.mark.parametrize(
    ("detail", "wanted"),
    [
        ({"key": ["input/a b+ü.csv"]}, True),
        ({"key": ["INPUT/a b+ü.csv"]}, False),
        ({"key": ["x", "input/a b+ü.csv"]}, True),
        ({"size": [300]}, True),
        ({"size": ["300"]}, False),
        ({"size": [300.0]}, False),
        ({"flag": [1]}, False),
        ({"none": [None]}, True),
        ({"nothing": [None]}, False),
        ({"empty": [""]}, True),
        ({"states": ["STOPPED"]}, True),
        ({"key": [{"prefix": "input/"}]}, True),
        ({"key": [{"prefix": "Input/"}]}, False),
        ({"key": [{"prefix": {"equals-ignore-case": "INPUT/"}}]}, True),
        ({"key": [{"suffix": ".csv"}]}, True),
        ({"key": [{"suffix": {"equals-ignore-case": ".CSV"}}]}, True),
        ({"key": [{"suffix": ".txt"}]}, False),
        ({"key": [{"equals-ignore-case": "INPUT/A B+Ü.CSV"}]}, True),
        ({"key": [{"wildcard": "input/*.csv"}]}, True),
        ({"key": [{"wildcard": "*/a*+*"}]}, True),
        ({"key": [{"wildcard": "input/\\*.csv"}]}, False),
        ({"key": [{"anything-but": "x"}]}, True),
        ({"key": [{"anything-but": ["x", "input/a b+ü.csv"]}]}, False),
        ({"key": [{"anything-but": {"prefix": "input/"}}]}, False),
        ({"key": [{"anything-but": {"suffix": [".txt", ".json"]}}]}, True),
        ({"key": [{"anything-but": {"wildcard": "*.csv"}}]}, False),
        ({"nothing": [{"anything-but": "x"}]}, False),
        ({"size": [{"anything-but": [300, 301]}]}, False),
        ({"size": [{"numeric": [">", 0, "<=", 300]}]}, True),
        ({"size": [{"numeric": ["<", 300]}]}, False),
        ({"ratio": [{"numeric": ["=", 2.5]}]}, True),
        ({"key": [{"numeric": [">", 0]}]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"key": [{"exists": True}]}, True),
        ({"key": [{"exists": False}]}, False),
        ({"nothing": [{"exists": False}]}, True),
        ({"nothing": {"below": [{"exists": False}]}}, True),
        ({"containers": [{"exists": True}]}, False),
        ({"containers": {"name": ["b"], "code": [1]}}, True),
        ({"containers": {"name": ["a"], "code": [1]}}, False),
        ({"$or": [{"size": [1]}, {"key": [{"prefix": "input/"}]}]}, True),
        ({"$or": [{"size": [1]}, {"size": [2]}]}, False),
        ({"size": [300], "$or": [{"size": [1]}, {"ratio": [2.5]}]}, True),
    ],
)
def test_a_pattern_wants_an_event(detail: Json, wanted: bool) -> None:
    pattern = parse_pattern(json.dumps({"source": ["aws.s3"], "detail": detail}))
    assert matches(pattern, EVENT) is wanted
    assert not matches({"source": ["aws.ecs"], "detail": detail}, EVENT)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"source": "aws.s3"}',
        '{"source": []}',
        '{"source": [["a"]]}',
        '{"source": [{"like": "a"}]}',
        '{"source": [{"prefix": "a", "suffix": "b"}]}',
        '{"source": [{"prefix": 1}]}',
        '{"source": [{"wildcard": "a**"}]}',
        '{"source": [{"exists": "yes"}]}',
        '{"source": [{"cidr": "10.0.0"}]}',
        '{"source": [{"numeric": [">", "1"]}]}',
        '{"source": [{"numeric": ["~", 1]}]}',
        '{"source": [{"anything-but": []}]}',
        '{"source": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}',
        '{"$or": [{"source": ["a"]}]}',
    ],
)
def test_a_pattern_that_aws_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="Event pattern is not valid") as error:
        parse_pattern(text)
    assert error.value.code == "InvalidEventPatternException"


def test_an_unknown_filter_is_named() -> None:
    with pytest.raises(AwsError, match="Unrecognized match type like"):
        parse_pattern('{"source": [{"like": "a"}]}')
