"""Images: built and pushed once for what they are made from, and named by digest; docker is a stand-in."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.deploying import images
from mayfly.stage import Stage

# A docker that notes how it was called; what is pushed appears in the registry, as it would.
DOCKER = """import boto3, json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    text = sys.stdin.read() if "--password-stdin" in sys.argv else None
    calls.write(json.dumps([sys.argv[1:], text, os.environ.get("BUILDX_NO_DEFAULT_ATTESTATIONS")]) + "\\n")
if sys.argv[1] == os.environ.get("FAILING"):
    sys.exit(3)
if sys.argv[1] == "push":
    repository, _, tag = sys.argv[-1].rpartition("/")[2].partition(":")
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": {"digest": tag, "size": 1}, "layers": []}
    boto3.client("ecr").put_image(
        repositoryName=repository,
        imageTag=tag,
        imageManifestMediaType=kind,
        imageManifest=json.dumps(manifest),
    )
"""
Calls = Callable[[], list[Any]]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Stage) -> Iterator[Calls]:
    """Put the stand-in on the PATH, with empty repositories; return a function that tells its calls."""
    program, calls = tmp_path / "docker", tmp_path / "calls"
    (tmp_path / "docker.py").write_text(DOCKER)
    # By the shell: the path of an interpreter that stands after #! may hold no space.
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/docker.py" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(calls))
    for image in images.IMAGES:
        account.client("ecr").create_repository(repositoryName=f"ecs-{image}")
    yield lambda: [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []
    for image in images.IMAGES:
        account.client("ecr").delete_repository(repositoryName=f"ecs-{image}", force=True)


@pytest.mark.usefixtures("docker")
def test_what_is_pushed_is_referred_to_by_digest(account: Stage) -> None:
    assert images.published(account, "validator", None) is None
    uri = images.publish(account, "validator", None)
    repository, _, digest = uri.partition("@")
    assert repository == images.repository_of(account, "validator")
    assert digest.startswith("sha256:")
    assert images.published(account, "validator", None) == uri


def test_it_is_built_for_what_fargate_runs_and_pushed_under_the_sources_tag(
    account: Stage, docker: Calls
) -> None:
    base = "python:3.11-slim@sha256:0123"
    images.publish(account, "transformer", base)
    build, login, push = docker()
    uri = f"{images.repository_of(account, 'transformer')}:{images.source_tag('transformer', base)}"
    arguments = build[0]
    assert arguments[:3] == ["build", "--platform", "linux/amd64"]
    assert arguments[arguments.index("--tag") + 1] == uri
    assert arguments[arguments.index("--build-arg") + 1] == f"BASE_IMAGE={base}"
    assert arguments[-1] == str(images.CONTEXT)
    assert build[2] == "1", "attestations would make the digest that of an index"
    assert push[0] == ["push", "--quiet", uri]
    assert login[0][:2] == ["login", "--username"]


def test_the_registrys_password_never_stands_in_a_command_line(account: Stage, docker: Calls) -> None:
    images.publish(account, "validator", None)
    login = docker()[1]
    assert login[1], "it comes by standard input"
    assert login[1] not in " ".join(login[0])


def test_a_failing_docker_ends_the_deploy(
    account: Stage, docker: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILING", "build")
    with pytest.raises(CommandError, match="docker build failed"):
        images.publish(account, "validator", None)
    assert [call[0][0] for call in docker()] == ["build"]
    assert images.published(account, "validator", None) is None


def test_without_docker_it_is_said_what_else_can_be_done(
    account: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CommandError, match="docker is needed") as refused:
        images.publish(account, "validator", None)
    assert "--validator-image" in refused.value.parts[2]


def test_the_tag_follows_the_sources_and_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "CONTEXT", tmp_path)
    for name in ("validator/main.py", "common/log.py", "transformer/main.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("1")
    first = images.source_tag("validator", None)
    (tmp_path / "transformer" / "main.py").write_text("2")
    assert images.source_tag("validator", None) == first, "another image's sources do not matter"
    assert images.source_tag("validator", "python:3.12-slim") != first
    (tmp_path / "common" / "log.py").write_text("2")
    assert images.source_tag("validator", None) != first


@pytest.mark.parametrize(
    "uri",
    [
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/ecs-validator:src-0123",
        f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/ecs-validator@sha256:{'0' * 64}",
        "localhost:5000/ecs-validator",
        "ecs-validator:latest",
    ],
)
def test_an_image_may_be_named_by_tag_or_digest(uri: str) -> None:
    assert images.image_uri(uri) == uri


@pytest.mark.parametrize(
    "uri", ["", "no image", "https://ecr/ecs-validator:latest", "ecs-validator:", "Ecs@sha256:0"]
)
def test_what_is_no_image_is_refused_before_a_task_fails_to_start(uri: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no image"):
        images.image_uri(uri)
