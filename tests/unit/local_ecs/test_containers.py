"""What a container's process is given, and what becomes of what it writes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from local_aws.ecs.awslogs import LONGEST_EVENT
from local_aws.ecs.images import ImageNotFoundError, Images

HERE = Path(__file__).parent


def environment(fargate: Any, **more: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(fargate.lines(fargate.run("environment", **more))[0])
    return found


def test_the_environment_is_fargates_the_images_and_the_definitions_but_not_the_callers(
    fargate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    found = environment(fargate, environment=[{"name": "KEY", "value": "input/a b+ü.csv"}])
    assert found["GREETING"] == "hello"
    assert found["KEY"] == "input/a b+ü.csv"
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert found["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert found["AWS_ENDPOINT_URL"] == fargate.cloud.endpoint_url
    assert "SECRET_OF_THE_CALLER" not in found
    assert "STAGE" not in found  # of a stage that is not the last


def test_overrides_win_over_the_definition_and_the_definition_over_the_image(fargate: Any) -> None:
    definition = fargate.register(
        fargate.container(
            "exit", "1", environment=[{"name": "GREETING", "value": "bye"}, {"name": "A", "value": "1"}]
        )
    )
    override = {"name": "worker", "command": ["environment"], "environment": [{"name": "A", "value": "2"}]}
    task = fargate.wait(fargate.start(definition, overrides={"containerOverrides": [override]}))
    found = json.loads(fargate.lines(task)[0])
    assert (found["GREETING"], found["A"]) == ("bye", "2")


def test_a_new_entry_point_takes_the_images_command_away(fargate: Any) -> None:
    container = fargate.container(entryPoint=["sh", "-c", 'echo "$# arguments"'])
    del container["command"]
    assert fargate.lines(fargate.wait(fargate.start(fargate.register(container)))) == ["0 arguments"]


def test_the_working_directory_is_the_build_context(fargate: Any) -> None:
    assert fargate.lines(fargate.run("environment"))[1] == str(HERE / "images")


def test_a_command_in_shell_form_runs_in_a_shell(fargate: Any) -> None:
    task = fargate.run(image="ecs-shell")
    assert task["containers"][0]["exitCode"] == 7
    assert fargate.lines(task) == ["from a /bin/sh"]


def test_a_volume_is_a_fresh_folder_that_goes_with_the_task(fargate: Any) -> None:
    found = environment(fargate, environment=[{"name": "SCRATCH_DIR", "value": "/scratch/work"}])
    folder = Path(found["SCRATCH_DIR"])
    assert folder.name == "work"
    assert not folder.is_relative_to("/scratch")
    assert not folder.parent.exists()


def test_an_image_is_found_by_the_last_part_of_its_reference_and_the_later_folder_wins() -> None:
    images = Images([HERE / "images", HERE / "overlay"])
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert images.find("ecs-worker").entry_point == ("python", "/app/worker/worker.py")
    assert images.find(f"{registry}/ecs-worker:latest").command == ("exit", "0")
    assert images.find("localhost:5000/ecs-worker").volumes == ("/scratch",)
    assert images.find("ecs-shell").command == ("sh", "-c", "exit 8")
    with pytest.raises(ImageNotFoundError, match="ecs-worker:v2: not found"):
        images.find(f"{registry}/ecs-worker:v2")


def test_lines_are_delivered_while_the_task_runs(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"""
    arn = fargate.start(fargate.register(fargate.container("wait")))
    fargate.wait_for_line(arn, "ready")
    assert fargate.describe(arn)["lastStatus"] == "RUNNING"


def test_every_line_is_delivered_before_the_task_is_stopped(fargate: Any) -> None:
    assert fargate.lines(fargate.run("say", "one", "", "two", "three ü")) == ["one", "two", "three ü"]


def test_a_hundred_megabytes_of_output_are_neither_lost_nor_too_slow(fargate: Any) -> None:
    lines, long = 1000, 99_999
    started = time.monotonic()
    task = fargate.run("flood", str(lines))
    assert time.monotonic() - started < 30
    (stream,) = fargate.logs.describe_log_streams(logGroupName=fargate.group)["logStreams"]
    assert stream["storedBytes"] == lines * long
    assert task["containers"][0]["exitCode"] == 0


def test_a_very_long_line_is_cut_between_characters(fargate: Any) -> None:
    characters = LONGEST_EVENT * 2 // 3  # three bytes each, and no whole number of them fills an event
    lines = fargate.lines(fargate.run("one long line", str(characters)))
    assert "".join(lines) == "€" * characters
    assert [len(line.encode()) for line in lines] == [LONGEST_EVENT - 2, LONGEST_EVENT - 2, 3]


def test_a_process_that_closes_its_output_runs_on(fargate: Any) -> None:
    task = fargate.run("close stdout", "/scratch")
    assert fargate.lines(task) == ["before"]
    assert task["containers"][0]["exitCode"] == 3


def test_nothing_outlives_the_main_process(fargate: Any) -> None:
    (child,) = fargate.lines(fargate.run("leave a child"))
    assert not alive(int(child))


def test_a_child_that_escapes_and_holds_the_output_does_not_hold_the_task(fargate: Any) -> None:
    task = fargate.run("leave a child in its own session")
    (child,) = fargate.lines(task)
    assert task["stopCode"] == "EssentialContainerExited"
    os.kill(int(child), 9)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
