"""Limits of memory held by the kernel: a cgroup a task, and in it one a container.

https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from pathlib import Path

from local_aws.ecs.process import Process
from local_aws.ecs.records import Container, Task

log = logging.getLogger(__name__)


def delegated(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Return the nearest cgroup v2, from this process's own upwards, in which we may limit others' memory.

    None where there is none: no cgroup v2, its memory controller not passed on, or nothing we may write to.
    """
    try:
        path = next(line.removeprefix("0::/") for line in own.read_text().split("\n") if line[:4] == "0::/")
    except (OSError, StopIteration):
        return None
    for folder in [(root / path), *(root / path).parents]:
        if not folder.is_relative_to(root):
            break
        if _may_limit(folder):
            return folder
    return None


def _may_limit(folder: Path) -> bool:
    try:
        controllers = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    # A process may be moved by whoever may write to the cgroup.procs of both its cgroups' common ancestor.
    writable = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
    return "memory" in controllers and writable


def works(parent: Path) -> bool:
    """Return whether a process can be limited in a cgroup below `parent`, by trying."""
    folder = parent / f"local-aws-{os.getpid()}-trial"
    child = subprocess.Popen(["sleep", "60"])
    try:
        folder.mkdir()
        _limit(folder, 64 << 20)
        _write(folder / "cgroup.procs", str(child.pid))
    except OSError as error:
        log.warning("no cgroup can be used in %s (%s); measuring memory", parent, error)
        return False
    finally:
        child.kill()
        child.wait()
        with contextlib.suppress(OSError):
            folder.rmdir()
    return True


class TaskCgroup:
    """The cgroup of one task (a `Memory`)."""

    def __init__(self, parent: Path, task: Task) -> None:
        """Make the cgroup; raise OSError."""
        self._folder = parent / f"local-aws-{os.getpid()}-{task.id}"
        self._of: dict[Process, Path] = {}
        self._folder.mkdir()
        _limit(self._folder, task.memory_limit)
        _write(self._folder / "cgroup.subtree_control", "+memory")

    def add(self, process: Process, container: Container) -> None:
        """Move a process that has only just been started into a cgroup of its own; raise OSError."""
        folder = self._folder / container.name
        folder.mkdir()
        if container.memory_limit is not None:
            _limit(folder, container.memory_limit)
        _write(folder / "memory.oom.group", "1")  # the container is killed, not the largest process in it
        _write(folder / "cgroup.procs", str(process.pid))
        self._of[process] = folder

    def was_exceeded_by(self, process: Process) -> bool:
        """Return whether the kernel has killed a process for its memory."""
        events = (self._of[process] / "memory.events").read_text().split("\n")
        counts = dict(line.split() for line in events if line)
        return int(counts.get("oom_kill", 0)) > 0

    def close(self) -> None:
        """Remove the cgroups, and with them whatever has escaped from its process's group."""
        try:
            _write(self._folder / "cgroup.kill", "1")
            for folder in [*self._of.values(), self._folder]:
                folder.rmdir()
        except OSError as error:
            log.warning("the cgroup %s is left behind: %s", self._folder, error)


def _limit(folder: Path, limit: int) -> None:
    _write(folder / "memory.max", str(limit))
    if (folder / "memory.swap.max").exists():
        _write(folder / "memory.swap.max", "0")  # Fargate does not swap


def _write(file: Path, value: str) -> None:
    file.write_text(value)
