"""What runs on GitHub: it runs what a person runs, and only it may take the role that it deploys with."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from mayfly.template import ROOT, load

CI = ROOT / "infra" / "ci.yaml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# BaseLoader makes strings of everything; the others take the key `on` for a boolean.
WORKFLOW: dict[str, Any] = yaml.load(WORKFLOWS[0].read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
TEST, DEPLOY = WORKFLOW["jobs"]["test"], WORKFLOW["jobs"]["deploy"]
GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
STEPS = [step for job in (TEST, DEPLOY) for step in job["steps"]]


# The workflow


def test_there_is_one_workflow() -> None:
    assert [path.name for path in WORKFLOWS] == ["main.yml"]


@pytest.mark.parametrize(
    "line", [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
)
def test_an_action_is_pinned_by_digest_and_says_its_version(line: str) -> None:
    assert re.fullmatch(r"\s+- uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_an_action_has_one_version_everywhere() -> None:
    used = {step["uses"] for step in STEPS if "uses" in step}
    assert len(used) == len({action.partition("@")[0] for action in used})


@pytest.mark.parametrize("command", sorted({step["run"] for step in STEPS if "run" in step}))
def test_a_step_runs_a_script_that_is_there_with_options_that_it_has(command: str) -> None:
    script, *arguments = shlex.split(command)
    assert os.access(ROOT / script, os.X_OK)
    usage = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
    assert [option for option in arguments if option.startswith("--") and option not in usage] == []


def test_pull_requests_and_main_are_tested_by_what_a_person_runs() -> None:
    assert WORKFLOW["on"] == {"pull_request": "", "push": {"branches": ["main"]}}
    assert [step["run"] for step in TEST["steps"] if "run" in step] == ["./scripts/test.sh"]


def test_only_a_tested_main_is_deployed_and_only_where_there_is_something_to_deploy_to() -> None:
    assert DEPLOY["needs"] == "test"
    conditions = set(DEPLOY["if"].split(" && "))
    assert conditions == {
        "github.ref == 'refs/heads/main'",
        "vars.AWS_ROLE_ARN != ''",
        "vars.AWS_REGION != ''",
    }


def test_a_deployment_is_tried_out() -> None:
    scripts = [shlex.split(step["run"])[0] for step in DEPLOY["steps"] if "run" in step]
    assert scripts == ["./scripts/deploy.sh", "./tests/test_pipeline.sh"]


def test_a_deployment_is_never_cut_short_and_never_beside_another() -> None:
    concurrency = WORKFLOW["concurrency"]
    assert concurrency["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert "github.ref" in concurrency["group"]
    assert "run_id" not in concurrency["group"]


def test_a_job_may_no_more_than_it_must() -> None:
    assert WORKFLOW["permissions"] == {}
    assert TEST["permissions"] == {"contents": "read"}
    assert DEPLOY["permissions"] == {"contents": "read", "id-token": "write"}
    assert [step["with"]["persist-credentials"] for step in STEPS if "checkout" in step.get("uses", "")] == [
        "false"
    ] * 2


def test_no_secret_is_used() -> None:
    assert [path.name for path in WORKFLOWS if "secrets." in path.read_text()] == []


def test_a_job_ends_before_its_role_does() -> None:
    session = load(CI)["Resources"]["DeployRole"]["Properties"]["MaxSessionDuration"]
    assert int(DEPLOY["timeout-minutes"]) * 60 < session <= 3600


def test_every_variable_of_the_repository_is_explained() -> None:
    used = set(re.findall(r"vars\.(\w+)", WORKFLOWS[0].read_text()))
    explained = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in sorted(used) if f"`{name}`" not in explained] == []


def test_what_is_kept_up_to_date_is_there() -> None:
    manifests = {"pip": "requirements.txt", "docker": "Dockerfile"}
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    looked_at = {
        ROOT / folder.lstrip("/") / manifests[update["package-ecosystem"]]
        for update in updates
        if update["package-ecosystem"] in manifests
        for folder in update["directories"]
    }
    ours = [
        path
        for name in manifests.values()
        for path in (ROOT, *ROOT.glob("tests"), *ROOT.glob("ecs/*"))
        if (path / name).is_file()
        for path in [path / name]
    ]
    assert looked_at == set(ours)


# Who may take the role


def trust() -> dict[str, Any]:
    (statement,) = load(CI)["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    found: dict[str, Any] = statement
    return found


def test_only_jobs_of_one_environment_of_one_repository_may_take_the_role() -> None:
    assert trust()["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(trust()["Principal"]) == {"Federated"}
    issuer = "token.actions.githubusercontent.com"
    assert trust()["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Owner}/${Repository}:environment:${Environment}"},
        }
    }


def test_the_job_runs_in_that_environment() -> None:
    assert DEPLOY["environment"] == load(CI)["Parameters"]["Environment"]["Default"]


@pytest.mark.parametrize("parameter", ["Owner", "Repository", "Environment"])
@pytest.mark.parametrize("value", ["", "*", "mayfly*", "may?ly", "a/b", "a:b", "a b", "${x}", "a@", "a\n"])
def test_no_parameter_can_widen_the_subject(parameter: str, value: str) -> None:
    assert not re.fullmatch(load(CI)["Parameters"][parameter]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("Owner", "octo-org"), ("Owner", "octo-org@123456"),
        ("Repository", "may.fly_2"), ("Repository", "mayfly@456789"),
        ("Environment", "production"),
        ("ExistingOidcProviderArn", ""),
        ("ExistingOidcProviderArn", GITHUB),
    ],
)  # fmt: skip
def test_what_github_names_things_is_taken(parameter: str, value: str) -> None:
    assert re.fullmatch(load(CI)["Parameters"][parameter]["AllowedPattern"], value)


def test_no_other_provider_is_trusted() -> None:
    pattern = load(CI)["Parameters"]["ExistingOidcProviderArn"]["AllowedPattern"]
    assert not re.fullmatch(pattern, GITHUB.replace("github", "gitlab"))
    assert not re.fullmatch(pattern, GITHUB.replace(".", "x"))
