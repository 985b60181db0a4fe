"""The settings of a stage: `config/<stage>.env`, read and checked before anything is done with them."""

from __future__ import annotations

import difflib
import io
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from mayfly.console import CommandError
from mayfly.template import ROOT

CONFIG = ROOT / "config"
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
MEMORY_OF_CPU: dict[str, list[str]] = {
    "256": ["512", "1024", "2048"],
    "512": [str(size) for size in range(1024, 4097, 1024)],
    "1024": [str(size) for size in range(2048, 8193, 1024)],
    "2048": [str(size) for size in range(4096, 16385, 1024)],
    "4096": [str(size) for size in range(8192, 30721, 1024)],
}
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTIONS = (
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731", "1096",
    "1827", "2192", "2557", "2922", "3288", "3653",
)  # fmt: skip
LONGEST_SILENCE = 168  # hours: CloudWatch looks back seven days when an alarm's period is an hour


@dataclass(frozen=True)
class Setting:
    """One line of a stage's settings: what it may be, and the template's parameter it becomes, if any."""

    pattern: str
    meaning: str
    parameter: str | None = None


SETTINGS: dict[str, Setting] = {
    "VPC_ID": Setting(r"vpc-[0-9a-f]+", "the id of a VPC, as in vpc-0123abcd"),
    "SUBNET_IDS": Setting(r"subnet-[0-9a-f]+(,subnet-[0-9a-f]+)*", "ids of subnets with commas between"),
    "ASSIGN_PUBLIC_IP": Setting("ENABLED|DISABLED", "ENABLED or DISABLED", "AssignPublicIp"),
    "VALIDATOR_CPU": Setting("|".join(MEMORY_OF_CPU), "a size that Fargate has", "ValidatorCpu"),
    "VALIDATOR_MEMORY": Setting(r"[1-9]\d*", "a number of MiB", "ValidatorMemory"),
    "TRANSFORMER_CPU": Setting("|".join(MEMORY_OF_CPU), "a size that Fargate has", "TransformerCpu"),
    "TRANSFORMER_MEMORY": Setting(r"[1-9]\d*", "a number of MiB", "TransformerMemory"),
    "LOG_RETENTION_DAYS": Setting(
        "|".join(RETENTIONS), "a retention that CloudWatch has", "LogRetentionDays"
    ),
    "ALARM_EMAIL": Setting(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address", "AlarmEmail"),
    "NO_SUCCESS_HOURS": Setting(r"\d{1,3}", f"0 (off) to {LONGEST_SILENCE} hours", "NoSuccessHours"),
    "TOPIC_KEY_ARN": Setting(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/\S+", "the ARN of a KMS key", "TopicKeyArn"),
    "VPC_ENDPOINTS": Setting("yes|no", "yes or no", "VpcEndpoints"),
    "ROUTE_TABLE_IDS": Setting(
        r"rtb-[0-9a-f]+(,rtb-[0-9a-f]+)*", "ids of route tables with commas between", "RouteTableIds"
    ),
    "PRODUCTS_FILE": Setting(r".+\.csv", "a CSV file with a column named category"),
    "CONTRACT_FILE": Setting(r".+\.json", "a JSON Schema file"),
    "BASE_IMAGE": Setting(r"[a-z0-9][\w./:@-]+", "the image that the tasks' images are built on"),
}


def settings_file(stage: str) -> Path:
    """Return where a stage's settings stand."""
    return CONFIG / f"{stage}.env"


def load(stage: str) -> dict[str, str]:
    """Return a stage's settings, none when it has no file; raise CommandError naming all that is wrong."""
    path = settings_file(stage)
    if not os.path.lexists(path):
        return {}
    lines = _lines(path, stage)
    values = {line.key: line.value or "" for line in lines if line.key and not line.error}
    settings = {key: value for key, value in values.items() if value}
    if problems := [
        *_unreadable(lines),
        *_unknown(values),
        *_malformed(settings),
        *_sizes(settings),
        *_endpoints(settings),
    ]:
        raise CommandError(
            f"the settings of stage {stage!r} cannot be used",
            "; ".join(problems),
            f"mend {path.relative_to(ROOT)}; config/stage.env.example explains each setting",
        )
    return settings


def parameters_of(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters that the settings give; the others keep the template's defaults."""
    return {
        setting.parameter: settings[key]
        for key, setting in SETTINGS.items()
        if setting.parameter and key in settings
    }


def _lines(path: Path, stage: str) -> list[Binding]:
    """Return what stands in a file of settings; raise CommandError when it is no text."""
    try:
        return list(parse_stream(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"the settings of stage {stage!r} cannot be read",
            str(error),
            f"make {path.relative_to(ROOT)} a text file in UTF-8, as config/stage.env.example is",
        ) from error


def _unreadable(lines: list[Binding]) -> list[str]:
    """Name what is no setting, and what is set twice: one of both would be left out unnoticed."""
    problems = [
        f"line {line.original.line} is not NAME=VALUE: {line.original.string.strip()!r}"
        for line in lines
        if line.error or (line.key and line.value is None)
    ]
    times = Counter(line.key for line in lines if line.key)
    return problems + [f"{key} is set {count} times" for key, count in times.items() if count > 1]


def _unknown(values: Mapping[str, str]) -> list[str]:
    problems = []
    for key in values:
        if key not in SETTINGS:
            near = difflib.get_close_matches(key.upper(), SETTINGS, n=1)
            problems.append(f"there is no setting {key}" + (f", did you mean {near[0]}?" if near else ""))
    return problems


def _malformed(settings: Mapping[str, str]) -> list[str]:
    problems = [
        f"{key} must be {SETTINGS[key].meaning}; found {value!r}"
        for key, value in settings.items()
        if key in SETTINGS and not re.fullmatch(SETTINGS[key].pattern, value)
    ]
    hours = settings.get("NO_SUCCESS_HOURS", "0")
    if hours.isdigit() and int(hours) > LONGEST_SILENCE:
        problems.append(f"NO_SUCCESS_HOURS must be {SETTINGS['NO_SUCCESS_HOURS'].meaning}; found {hours!r}")
    for name in ("PRODUCTS_FILE", "CONTRACT_FILE"):
        if (file := settings.get(name)) and not (ROOT / file).is_file():
            problems.append(f"{name} names no file: {file!r}")
    return problems


def _sizes(settings: Mapping[str, str]) -> list[str]:
    problems = []
    for task in ("VALIDATOR", "TRANSFORMER"):
        cpu = settings.get(f"{task}_CPU", "256")
        memory = settings.get(f"{task}_MEMORY", "512")
        if cpu in MEMORY_OF_CPU and memory not in MEMORY_OF_CPU[cpu]:
            sizes = MEMORY_OF_CPU[cpu]
            few = ", ".join(sizes)
            many = f"{sizes[0]} to {sizes[-1]}, in steps of {int(sizes[1]) - int(sizes[0])}"
            problems.append(
                f"Fargate has no task of {task}_CPU {cpu} with {task}_MEMORY {memory}: it may be "
                f"{few if len(sizes) < 4 else many}"
            )
    return problems


def _endpoints(settings: Mapping[str, str]) -> list[str]:
    if settings.get("VPC_ENDPOINTS") == "yes" and not settings.get("ROUTE_TABLE_IDS"):
        return ["VPC_ENDPOINTS=yes needs ROUTE_TABLE_IDS, the route tables of the subnets"]
    if settings.get("SUBNET_IDS") and not settings.get("VPC_ID"):
        return ["SUBNET_IDS needs VPC_ID, the VPC they are in"]
    return []
