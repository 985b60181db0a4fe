"""Each rule of the linter, seen firing on a slip and silent on the corrected twin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_aws.lint.findings import Finding
from local_aws.lint.linter import lint
from local_aws.lint.rules import RULES
from local_aws.lint.source import Source, read
from local_aws.states.integrations.names import OTHER_NAMES, sdk_services
from local_aws.wire import service_model
from mayfly.template import ROOT

HERE = Path(__file__).parent
RECORDED = ROOT.parent / "shared" / "asl_conformance"
SLIPS = sorted((HERE / "slips").glob("*.json"))
# What a definition that ran well on AWS cannot have; the others AWS accepts, and they may be meant.
REFUSED_OR_FAILING = set(RULES) - {
    "CATCH_LOSES_INPUT",
    "IMPOSSIBLE_ERROR",
    "NEVER_REACHED_ERROR",
    "NO_DOLLAR",
    "NO_TIMEOUT",
    "PASS_RESULT_IS_STATIC",
    "UNCATCHABLE_ERROR",
    "UNKNOWN_ERROR",
    "WRONG_QUERY_LANGUAGE",
}


def only_finding(slip: str) -> Finding:
    (found,) = lint(read(HERE / "slips" / f"{slip}.json"))
    return found


@pytest.mark.parametrize("slip", SLIPS, ids=lambda path: path.stem)
def test_a_slip_has_the_finding_of_its_rule_and_no_other(slip: Path) -> None:
    assert {found.code for found in lint(read(slip))} == {slip.stem.partition("-")[0]}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda path: path.stem)
def test_the_corrected_slip_has_no_finding(slip: Path) -> None:
    assert lint(read(HERE / "corrected" / slip.name)) == []


def test_every_rule_has_a_slip() -> None:
    assert {slip.stem.partition("-")[0] for slip in SLIPS} == set(RULES)


@pytest.mark.parametrize(
    ("slip", "path", "fix"),
    [
        ("NO_DOLLAR-path-in-parameters", "/States/Run/Parameters/Cluster", 'write "Cluster.$"'),
        (
            "NO_DOLLAR-context-deep-in-parameters",
            "/States/Run/Parameters/Overrides/ContainerOverrides[0]/Environment[0]/Value",
            'write "Value.$"',
        ),
        ("NO_PATH-fail", "/States/Bad/Cause", "write CausePath"),
        (
            "UNKNOWN_INTEGRATION-action",
            "/States/Run/Resource",
            "did you mean arn:aws:states:::ecs:runTask.sync?",
        ),
        (
            "UNKNOWN_INTEGRATION-sdk-missing",
            "/States/Head/Resource",
            "did you mean arn:aws:states:::aws-sdk:s3:headObject?",
        ),
        (
            "UNKNOWN_PARAMETER-nested",
            "/States/Run/Parameters/NetworkConfiguration/AwsvpcConfiguration/Subnet.$",
            "did you mean Subnets.$?",
        ),
        (
            "UNKNOWN_ERROR-of-a-model",
            "/States/Run/Retry[0]/ErrorEquals[0]",
            "did you mean ECS.ClusterNotFoundException?",
        ),
        (
            "IMPOSSIBLE_ERROR-sdk-prefix",
            "/States/Describe/Retry[0]/ErrorEquals[0]",
            "did you mean Ecs.ServerException?",
        ),
        (
            "UNWRITTEN_PATH-item",
            "/States/Each/ItemProcessor/States/One/Parameters/id.$",
            "did you mean order?",
        ),
        ("MISSING_TRANSITION_TARGET-catch", "/States/Run/Catch[0]/Next", "did you mean Tell?"),
        ("SCHEMA_VALIDATION_FAILED-unknown-field", "/States/Run", "did you mean TimeoutSeconds?"),
        ("WRONG_PARAMETER_VALUE-word", "/States/Run/Parameters/LaunchType", "did you mean FARGATE?"),
    ],
)
def test_a_finding_says_where_and_what_was_meant(slip: str, path: str, fix: str) -> None:
    found = only_finding(slip)
    assert (found.path, found.fix) == (path, fix)


def test_a_finding_stands_at_the_line_and_column_of_what_is_wrong() -> None:
    source = read(HERE / "slips" / "NO_DOLLAR-path-in-parameters.json")
    (found,) = lint(source)
    line, column = source.position(found.path)
    text = (HERE / "slips" / "NO_DOLLAR-path-in-parameters.json").read_text().splitlines()[line - 1]
    assert text[column - 1 :].startswith('"Cluster": "$.cluster"')


def test_names_with_slashes_quotes_and_other_letters_have_their_place() -> None:
    source = Source('{"States":\n {"Buy/Sell \\"now\\" \\u00e9":\n  {"Type": [1,\n   {"a": 2}]}}}')
    assert source.position('/States/Buy/Sell "now" é/Type[1]/a') == (4, 5)
    assert source.position('/States/Buy/Sell "now" é/Nowhere') == (2, 3)


def test_our_own_machines_have_no_finding() -> None:
    machines = sorted((ROOT / "step_functions").glob("*.json"))
    assert machines
    assert {path.name: lint(read(path)) for path in machines} == {path.name: [] for path in machines}


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"{RECORDED} is not there")
def test_what_ran_well_on_aws_is_not_said_to_be_refused_or_to_fail() -> None:
    wrong = []
    cases = [path for path in sorted((RECORDED / "cases").glob("*/*.json")) if path.parent.name != "choice"]
    for path in cases:
        case = json.loads(path.read_text(encoding="utf-8"))
        if case["expected"]["status"] == "SUCCEEDED":
            found = lint(Source(json.dumps(case["definition"])))
            wrong += [(path.name, one) for one in found if one.code in REFUSED_OR_FAILING]
    assert len(cases) > 200
    assert wrong == []


def test_services_whose_name_is_not_botocores_are_called_by_their_id() -> None:
    for name, botocore_name in OTHER_NAMES.items():
        identifier = str(service_model(botocore_name).metadata["serviceId"])
        assert name == identifier.removesuffix("Service").replace(" ", "").lower()


@pytest.mark.long
def test_all_other_services_are_called_by_botocores_name() -> None:
    for name, botocore_name in sdk_services().items():
        identifier = str(service_model(botocore_name).metadata["serviceId"])
        assert name == "".join(
            letter for letter in identifier.removesuffix("Service").lower() if letter.isalnum()
        )
