"""The tasks' images: built for Fargate from `ecs/`, pushed to ECR, and referred to by digest.

An image's tag is a hash of what it is built from, so an unchanged image is neither built nor pushed again.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys

from botocore.exceptions import ClientError

from mayfly.console import CommandError, detail
from mayfly.deploying.preflight import require_docker
from mayfly.stage import Stage
from mayfly.template import ROOT

CONTEXT = ROOT / "ecs"
IMAGES = ("validator", "transformer")
# https://docs.docker.com/reference/cli/docker/image/tag/: lower case but for the tag; or a digest
_URI = re.compile(r"(?!.*//)[a-z0-9][a-z0-9._:/-]*[a-z0-9](:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")
PLATFORM = "linux/amd64"  # what the task definitions ask of Fargate (RuntimePlatform)


def image_uri(text: str) -> str:
    """Return an image's URI (argparse's type of --validator-image): a task with another never starts."""
    if not _URI.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no image, as in ACCOUNT.dkr.ecr.REGION.amazonaws.com/ecs-validator:TAG"
        )
    return text


def repository_of(stage: Stage, image: str) -> str:
    """Return the URI of an image's repository, which the bootstrap stack makes."""
    return f"{stage.account}.dkr.ecr.{stage.region}.amazonaws.com/ecs-{image}"


def published(stage: Stage, image: str, base: str | None) -> str | None:
    """Return the URI, by digest, of the image as the sources have it now; None when it is not in ECR yet."""
    try:
        found = stage.client("ecr").describe_images(
            repositoryName=f"ecs-{image}", imageIds=[{"imageTag": source_tag(image, base)}]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    return f"{repository_of(stage, image)}@{found['imageDetails'][0]['imageDigest']}"


def publish(stage: Stage, image: str, base: str | None) -> str:
    """Build and push an image; return its URI by digest. Raises CommandError when docker cannot."""
    docker = require_docker(f"to build the image ecs-{image}")
    uri = f"{repository_of(stage, image)}:{source_tag(image, base)}"
    detail(f"images: building {uri} for {PLATFORM}")
    arguments = ["--build-arg", f"BASE_IMAGE={base}"] if base else []
    command = ["build", "--platform", PLATFORM, "--file", f"{CONTEXT}/{image}/Dockerfile", "--tag", uri]
    run(docker, [*command, *arguments, str(CONTEXT)])
    log_in(stage, docker)
    detail(f"images: pushing {uri}")
    run(docker, ["push", "--quiet", uri])
    if (by_digest := published(stage, image, base)) is None:
        raise CommandError(f"{uri} was pushed and is not there", "ECR does not list it", "deploy again")
    return by_digest


def source_tag(image: str, base: str | None) -> str:
    """Return the tag that says what an image is built from: its folder, `common/` and the base image."""
    digest = hashlib.sha256(f"{PLATFORM} {base or ''}".encode())
    for folder in (CONTEXT / image, CONTEXT / "common"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:  # as ecs/.dockerignore has it
                digest.update(f"\0{path.relative_to(CONTEXT).as_posix()}\0".encode() + path.read_bytes())
    return f"src-{digest.hexdigest()[:16]}"


def log_in(stage: Stage, docker: str) -> None:
    """Give docker the password for the account's registry, on its standard input."""
    data = stage.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    registry = data["proxyEndpoint"].removeprefix("https://")
    run(docker, ["login", "--username", user, "--password-stdin", registry], password)


def run(docker: str, arguments: list[str], text: str | None = None) -> None:
    """Run docker, its output going to ours; raise CommandError when it fails."""
    # No attestations: with them a push makes an index of two manifests, one of which is no image.
    environment = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(
        [docker, *arguments], input=text, text=True, check=False, stdout=sys.stderr, env=environment
    )
    if done.returncode:
        raise CommandError(
            f"docker {arguments[0]} failed",
            f"exit code {done.returncode}; its own message stands above",
            "mend what it names (is the Docker engine running?) and deploy again",
        )
