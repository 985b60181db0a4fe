"""Which events a pattern wants; the cases follow AWS's page on comparison operators.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://github.com/aws/event-ruler (EventBridge's own: where the page is silent, and for refusals' words)
"""

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
        "dotted.name": "x",
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
        ({"size": [300.0]}, True),
        ({"flag": [True]}, True),
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
        ({"ip": [{"cidr": "2001:db8::/64"}]}, False),
        ({"size": [{"cidr": "10.0.0.0/24"}]}, False),
        ({"key": [{"exactly": "input/a b+ü.csv"}]}, True),
        ({"key": [{"anything-but": {"equals-ignore-case": ["INPUT/A B+Ü.CSV"]}}]}, False),
        ({"none": [{"anything-but": "x"}]}, True),
        ({"size": [{"anything-but": [300.0]}]}, False),
        ({"dotted.name": ["x"]}, True),
        ({"dotted": {"name": ["x"]}}, True),
        ({"containers.name": ["b"]}, True),
        ({"states": [{"prefix": "NONE"}, {"suffix": "PED"}]}, True),
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
    ("pattern", "reason"),
    [
        ([], "Filter is not an object"),
        ({}, "Empty objects are not allowed"),
        ({"detail": {}}, "Empty objects are not allowed"),
        ({"source": "aws.s3"}, '"source" must be an object or an array'),
        ({"source": []}, "Empty arrays are not allowed"),
        ({"source": [["a"]]}, "Match value must be String, number, true, false, or null"),
        ({"source": [{}]}, "Match expression name not found"),
        ({"source": [{"like": "a"}]}, "Unrecognized match type like"),
        ({"source": [{"PREFIX": "a"}]}, "Unrecognized match type PREFIX"),
        ({"source": [{"prefix": "a", "suffix": "b"}]}, "Only one key allowed in match expression"),
        ({"source": [{"exactly": 1}]}, "exact match pattern must be a string"),
        ({"source": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"source": [{"suffix": ["a"]}]}, "suffix match pattern must be a string"),
        ({"source": [{"prefix": {"wildcard": "a"}}]}, "Unsupported prefix pattern: wildcard"),
        (
            {"source": [{"suffix": {"equals-ignore-case": 1}}]},
            "equals-ignore-case match pattern must be a string",
        ),
        ({"source": [{"equals-ignore-case": ["a"]}]}, "equals-ignore-case match pattern must be a string"),
        ({"source": [{"wildcard": 1}]}, "wildcard match pattern must be a string"),
        ({"source": [{"wildcard": "aü**"}]}, "Consecutive wildcard characters at pos 4"),
        ({"source": [{"wildcard": r"a\b"}]}, "Invalid escape character at pos 2"),
        ({"source": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"ip": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"ip": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"ip": [{"cidr": "10.0.0/8"}]}, "Nonstandard IP address: 10.0.0"),
        ({"ip": [{"cidr": "10.0.0.0/32"}]}, "IPv4 mask bits must be < 32"),
        ({"n": [{"numeric": 1}]}, "Value of numeric must be an array."),
        ({"n": [{"numeric": [">", "1"]}]}, "Value of > must be numeric"),
        ({"n": [{"numeric": ["~", 1]}]}, "Unrecognized numeric range operator: ~"),
        ({"n": [{"numeric": [">", 0, ">", 1]}]}, "Bad numeric range operator: >"),
        ({"n": [{"numeric": [">", 0, "<"]}]}, "Value of < must be numeric"),
        ({"n": [{"numeric": ["<", 5, ">", 1]}]}, "Too many elements in numeric expression"),
        ({"n": [{"numeric": [">", 5, "<", 1]}]}, "Bottom must be less than top"),
        (
            {"n": [{"anything-but": None}]},
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            {"n": [{"anything-but": ["a", True]}]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            {"n": [{"anything-but": ["a", 1]}]},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        ({"n": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}, "Unsupported anything-but pattern: cidr"),
        ({"n": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
        ({"n": [{"anything-but": {"suffix": 1}}]}, "prefix/suffix match pattern must be a string"),
        (
            {"n": [{"anything-but": {"equals-ignore-case": [1]}}]},
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
        ({"$or": {"source": ["a"]}}, "It must be an Array followed with $or."),
        ({"$or": [{"source": ["a"]}]}, "There must have at least 2 Objects in $or relationship."),
        ({"$or": ["a", "b"]}, "Only JSON object is allowed in array of $or relationship."),
    ],
)
def test_a_pattern_that_aws_would_refuse_is_refused_in_its_words(pattern: Json, reason: str) -> None:
    with pytest.raises(AwsError) as error:
        parse_pattern(json.dumps(pattern))
    assert error.value.code == "InvalidEventPatternException"
    assert error.value.message == f"Event pattern is not valid. Reason: {reason}"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(AwsError, match="not valid JSON"):
        parse_pattern("{")
