"""What deploy.sh asks and says before it does anything."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.stub import Stubber

from mayfly.console import CommandError
from mayfly.deploying import preflight
from mayfly.stage import Stage


class Terminal(io.StringIO):
    """A standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_a_partition_in_which_no_execution_would_run_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, partition: str
) -> None:
    preflight.refuse_other_partitions(stage)
    monkeypatch.setattr(Stage, "caller", f"arn:{partition}:iam::{stage.account}:user/somebody")
    with pytest.raises(CommandError, match="this partition") as refused:
        preflight.refuse_other_partitions(stage)
    assert partition in refused.value.parts[1]


def test_the_local_aws_needs_no_agreement(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.confirm_account(stage, yes=False)
    assert "the local AWS at http://127.0.0.1" in capsys.readouterr().err


def test_an_account_is_shown_and_agreed_to(
    account: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    preflight.confirm_account(account, yes=False)
    said = capsys.readouterr().err
    assert f"account {account.account}, us-east-1, as arn:aws:" in said
    assert "[y/N]" in said


def test_any_other_answer_is_no(account: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in ("\n", "n\n", "perhaps\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        with pytest.raises(CommandError, match="not deployed"):
            preflight.confirm_account(account, yes=False)


def test_without_a_terminal_an_account_takes_yes(account: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for no_terminal in (io.StringIO("y\n"), None):
        monkeypatch.setattr("sys.stdin", no_terminal)
        with pytest.raises(CommandError, match="nobody confirmed") as refused:
            preflight.confirm_account(account, yes=False)
        assert "--yes" in refused.value.parts[2]
    preflight.confirm_account(account, yes=True)


def test_the_service_linked_role_is_made_once(stage: Stage) -> None:
    iam = stage.client("iam")
    preflight.ensure_service_linked_role(stage)
    (made,) = iam.list_roles(PathPrefix=preflight.ECS_ROLE_PATH)["Roles"]
    preflight.ensure_service_linked_role(stage)
    assert iam.list_roles(PathPrefix=preflight.ECS_ROLE_PATH)["Roles"] == [made]


def quota(account: Stage, monkeypatch: pytest.MonkeyPatch, value: float | None) -> None:
    """Let Service Quotas answer with a value, or refuse."""
    client: Any = account.client("service-quotas")
    stubber = Stubber(client)
    if value is None:
        stubber.add_client_error("get_service_quota", "AccessDeniedException")
    else:
        answer = {"Quota": {"Value": value}}
        stubber.add_response("get_service_quota", answer, dict(preflight.FARGATE_VCPUS))
    stubber.activate()
    monkeypatch.setattr(account, "client", lambda _: client)


def test_a_small_fargate_quota_is_worth_a_warning(
    account: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quota(account, monkeypatch, 6.0)
    preflight.quota_warnings(account, {})
    assert "6 vCPUs is enough for 12 files at once" in capsys.readouterr().err


def test_larger_tasks_use_a_quota_up_sooner(
    account: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quota(account, monkeypatch, 6.0)
    preflight.quota_warnings(account, {"TRANSFORMER_CPU": "1024"})
    assert "enough for 4 files" in capsys.readouterr().err


def test_a_large_quota_is_not(
    account: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quota(account, monkeypatch, 100.0)
    preflight.quota_warnings(account, {})
    assert capsys.readouterr().err == ""


def test_a_quota_that_cannot_be_asked_for_is_said_and_no_obstacle(
    account: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quota(account, monkeypatch, None)
    preflight.quota_warnings(account, {})
    assert "could not be asked for" in capsys.readouterr().err
