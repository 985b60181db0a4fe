"""Limits of memory.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (memory);
https://repost.aws/knowledge-center/ecs-resolve-outofmemory-errors has the reason's words
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from local_aws.ecs.cgroups import TaskCgroup, delegated
from local_aws.ecs.memory import MemoryLimits
from local_aws.ecs.sampling import PERIOD

REASON = "OutOfMemoryError: Container killed due to memory usage"


def test_a_container_that_exceeds_its_limit_is_killed(fargate: Any) -> None:
    task = fargate.run("have", "64", memory=48)
    (container,) = task["containers"]
    assert (container["exitCode"], container["reason"], container["memory"]) == (137, REASON, "48")
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )


def test_a_container_that_stays_below_its_limit_goes_on(fargate: Any) -> None:
    (container,) = fargate.run("have", "16", "0", "0", str(3 * PERIOD), memory=64)["containers"]
    assert container["exitCode"] == 0
    assert "reason" not in container


def test_an_override_of_the_limit_counts(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html"""
    definition = fargate.register(fargate.container("have", "64", memory=400))
    override = {"name": "worker", "memory": 48}
    task = fargate.wait(fargate.start(definition, overrides={"containerOverrides": [override]}))
    assert (task["containers"][0]["exitCode"], task["containers"][0]["memory"]) == (137, "48")


def test_the_largest_container_is_killed_when_all_exceed_the_tasks_limit(fargate: Any) -> None:
    """The task's memory is a limit over all its containers.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
    """
    small = fargate.container("have", "160")
    large = fargate.container("have", "352", name="large", essential=False)
    arn = fargate.start(fargate.register(small, large))
    task = fargate.wait_until(arn, lambda task: task.containers[1].last_status == "STOPPED")
    assert task["lastStatus"] == "RUNNING"
    assert (task["containers"][1]["exitCode"], task["containers"][1]["reason"]) == (137, REASON)


def test_what_the_children_have_counts(fargate: Any) -> None:
    assert fargate.run("have", "1", "2", "40", memory=80)["containers"][0]["reason"] == REASON


def test_what_processes_share_counts_once(fargate: Any) -> None:
    (container,) = fargate.run("have", "48", "3", "0", str(3 * PERIOD), memory=128)["containers"]
    assert container["exitCode"] == 0


def test_addresses_are_not_memory(fargate: Any) -> None:
    assert fargate.run("map", "10000", memory=48)["containers"][0]["exitCode"] == 0


def test_whoever_is_killed_otherwise_was_not_out_of_memory(fargate: Any) -> None:
    (container,) = fargate.run("kill oneself", memory=48)["containers"]
    assert container["exitCode"] == 137
    assert "reason" not in container


@pytest.mark.skipif(delegated() is None, reason="no cgroup can be made here")
def test_the_kernel_holds_limits_where_a_cgroup_can_be_made(
    fargate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert fargate.run("have", "64", memory=48)["containers"][0]["reason"] == REASON
    assert caplog.text == ""


@pytest.fixture
def cgroups(tmp_path: Path) -> Path:
    """Return a tree like /sys/fs/cgroup in which a user may do what they like below `user`."""
    for folder, controllers in (("", "cpu memory"), ("user", "memory pids"), ("user/terminal", "")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "cgroup.subtree_control").write_text(controllers)
        (tmp_path / folder / "cgroup.procs").write_text("")
    (tmp_path / "own").write_text("4:memory:/other\n0::/user/terminal\n")
    return tmp_path


def test_the_nearest_cgroup_is_used_that_passes_memory_on(cgroups: Path) -> None:
    """https://docs.kernel.org/admin-guide/cgroup-v2.html: a cgroup with processes passes nothing on."""
    assert delegated(cgroups, cgroups / "own") == cgroups / "user"
    (cgroups / "user" / "cgroup.subtree_control").write_text("pids")
    assert delegated(cgroups, cgroups / "own") == cgroups
    (cgroups / "cgroup.subtree_control").write_text("cpu")
    assert delegated(cgroups, cgroups / "own") is None
    (cgroups / "own").write_text("4:memory:/other\n")
    assert delegated(cgroups, cgroups / "own") is None


def test_a_task_and_its_containers_have_cgroups_with_their_limits(cgroups: Path) -> None:
    """https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files"""
    task: Any = SimpleNamespace(id="t", memory_limit=512 << 20)
    container: Any = SimpleNamespace(name="worker", memory_limit=64 << 20)
    process: Any = Mock(pid=42)
    memory = TaskCgroup(cgroups / "user", task)
    memory.add(process, container)
    (folder,) = (cgroups / "user").glob("local-aws-*-t")
    assert (folder / "memory.max").read_text() == str(512 << 20)
    assert (folder / "cgroup.subtree_control").read_text() == "+memory"
    assert (folder / "worker" / "memory.max").read_text() == str(64 << 20)
    assert (folder / "worker" / "memory.oom.group").read_text() == "1"
    assert (folder / "worker" / "cgroup.procs").read_text() == "42"
    for kills, exceeded in ((0, False), (1, True)):
        (folder / "worker" / "memory.events").write_text(f"low 0\nmax 9\noom 1\noom_kill {kills}\n")
        assert memory.was_exceeded_by(process) is exceeded
    memory.close()
    assert (folder / "cgroup.kill").read_text() == "1"


def test_memory_is_measured_where_no_cgroup_can_be_made_after_all(
    cgroups: Path, fargate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_aws.ecs.memory.delegated", lambda: cgroups / "nothing")
    monkeypatch.setattr(fargate.service.runtime, "_limits", MemoryLimits(fargate.cloud.clock))
    assert fargate.run("have", "64", memory=48)["containers"][0]["reason"] == REASON
