"""A stage's settings, read from its file and checked before anything is done with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mayfly.console import CommandError
from mayfly.deploying import settings
from mayfly.deploying.settings import SETTINGS
from mayfly.template import ORDERS, ROOT, load

EXAMPLE = ROOT / "config" / "stage.env.example"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the settings of the stage `demo` stand for this test."""
    monkeypatch.setattr(settings, "CONFIG", tmp_path)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    return tmp_path / "demo.env"


def problem(text: str, file: Path) -> str:
    """Return what is said of a file that cannot be used."""
    file.write_text(text)
    with pytest.raises(CommandError) as refused:
        settings.load("demo")
    assert "config/stage.env.example" in refused.value.parts[2]
    return refused.value.parts[1]


def test_a_stage_without_a_file_has_no_settings(written: Path) -> None:
    assert not written.exists()
    assert settings.load("demo") == {}


def test_settings_become_parameters_of_the_template(written: Path) -> None:
    written.write_text(
        "# ours\nLOG_RETENTION_DAYS=14\nASSIGN_PUBLIC_IP='DISABLED'\nVPC_ID=vpc-0a\nALARM_EMAIL=\n"
    )
    found = settings.load("demo")
    assert found == {"LOG_RETENTION_DAYS": "14", "ASSIGN_PUBLIC_IP": "DISABLED", "VPC_ID": "vpc-0a"}
    assert settings.parameters_of(found) == {"LogRetentionDays": "14", "AssignPublicIp": "DISABLED"}


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(written: Path) -> None:
    assert problem("VPC_IDS=vpc-0a\n", written) == "there is no setting VPC_IDS, did you mean VPC_ID?"
    assert problem("COLOUR=red\n", written) == "there is no setting COLOUR"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ASSIGN_PUBLIC_IP=yes", "ASSIGN_PUBLIC_IP must be ENABLED or DISABLED; found 'yes'"),
        ("LOG_RETENTION_DAYS=31", "LOG_RETENTION_DAYS must be a retention that CloudWatch has; found '31'"),
        ("NO_SUCCESS_HOURS=169", "NO_SUCCESS_HOURS must be 0 (off) to 168 hours; found '169'"),
        ("ALARM_EMAIL=nobody", "ALARM_EMAIL must be an e-mail address; found 'nobody'"),
        ("PRODUCTS_FILE=data/none.csv", "PRODUCTS_FILE names no file: 'data/none.csv'"),
        ("SUBNET_IDS=subnet-0a", "SUBNET_IDS needs VPC_ID, the VPC they are in"),
        ("VPC_ENDPOINTS=yes", "VPC_ENDPOINTS=yes needs ROUTE_TABLE_IDS, the route tables of the subnets"),
    ],
)
def test_a_value_that_cannot_be_is_refused(written: Path, line: str, said: str) -> None:
    assert problem(f"{line}\n", written) == said


def test_sizes_that_fargate_does_not_have_are_refused(written: Path) -> None:
    assert problem("VALIDATOR_CPU=512\n", written) == (
        "Fargate has no task of VALIDATOR_CPU 512 with VALIDATOR_MEMORY 512: it may be 1024 to 4096, "
        "in steps of 1024"
    )
    assert problem("TRANSFORMER_MEMORY=1536\n", written).endswith("it may be 512, 1024, 2048")


@pytest.mark.parametrize("line", ["LOG_RETENTION_DAYS 14", "LOG_RETENTION_DAYS", "=14", "'"])
def test_a_line_that_is_no_setting_is_named_and_not_left_out(written: Path, line: str) -> None:
    assert f"line 2 is not NAME=VALUE: {line!r}" in problem(f"NO_SUCCESS_HOURS=3\n{line}\n", written)


def test_what_is_set_twice_is_refused(written: Path) -> None:
    said = problem("LOG_RETENTION_DAYS=14\nNO_SUCCESS_HOURS=3\nLOG_RETENTION_DAYS=7\n", written)
    assert said == "LOG_RETENTION_DAYS is set 2 times"


def test_what_windows_makes_of_a_text_file_is_no_matter(written: Path) -> None:
    written.write_bytes(b"\xef\xbb\xbfLOG_RETENTION_DAYS=14\r\n# why\r\nNO_SUCCESS_HOURS=3\r\n")
    assert settings.load("demo") == {"LOG_RETENTION_DAYS": "14", "NO_SUCCESS_HOURS": "3"}


def test_settings_that_are_no_text_are_refused(written: Path) -> None:
    written.write_bytes(b"ALARM_EMAIL=m\xfcller@example.com\n")
    with pytest.raises(CommandError, match="cannot be read"):
        settings.load("demo")
    written.unlink()
    written.mkdir()
    with pytest.raises(CommandError, match="cannot be read"):
        settings.load("demo")


def test_a_link_that_leads_nowhere_is_not_the_same_as_no_settings(written: Path) -> None:
    written.symlink_to("gone.env")
    with pytest.raises(CommandError, match="cannot be read"):
        settings.load("demo")


def test_everything_that_is_wrong_is_named_at_once(written: Path) -> None:
    assert problem("VPC_ENDPOINTS=perhaps\nCOLOUR=red\n", written).count(";") == 2


def test_the_example_explains_every_setting_with_its_default() -> None:
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    assert set(shown) == set(SETTINGS)
    parameters = load(ORDERS)["Parameters"]
    off = {"ALARM_EMAIL", "TOPIC_KEY_ARN", "ROUTE_TABLE_IDS"}  # shown by example, empty by default
    for key, setting in SETTINGS.items():
        if setting.parameter and key not in off:
            assert shown[key] == str(parameters[setting.parameter]["Default"]), key


def test_every_setting_becomes_a_parameter_that_the_template_has() -> None:
    assert {s.parameter for s in SETTINGS.values() if s.parameter} <= set(load(ORDERS)["Parameters"])
