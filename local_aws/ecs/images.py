"""Container images without a registry: folders with a Dockerfile, whose entry points run as processes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser


class ImageNotFoundError(Exception):
    """No folder holds the image that a reference names; the message is a registry's."""


@dataclass(frozen=True)
class Image:
    """How an image is run, by its Dockerfile; `folder`, the build context, stands for `workdir`.

    `tag` is what a container engine knows it by, where one runs it.
    """

    folder: Path
    dockerfile: Path = Path("Dockerfile")
    tag: str = ""
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    workdir: str = "/"
    volumes: tuple[str, ...] = ()


class Images:
    """The images in build contexts: `<folder>/<name>/Dockerfile` is the image `ecs-<name>`, tag `latest`.

    Of a name in two folders the later one wins.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]

    def find(self, reference: str) -> Image:
        """Return the image of `[registry/]repository[:tag|@digest]`; raise ImageNotFoundError."""
        repository, tag = _split(reference)
        for folder in reversed(self.folders):
            for dockerfile in folder.glob("*/Dockerfile"):
                if f"ecs-{dockerfile.parent.name}" == repository and tag == "latest":
                    return read_image(dockerfile)
        raise ImageNotFoundError(f"failed to resolve ref {reference}: {reference}: not found")


def _split(reference: str) -> tuple[str, str]:
    """Return a reference's repository, without the registry, and its tag or digest."""
    repository = reference.rpartition("/")[2]
    if "@" in repository:
        repository, _, digest = repository.partition("@")
        return repository, digest
    repository, _, tag = repository.partition(":")
    return repository, tag or "latest"


def read_image(dockerfile: Path) -> Image:
    """Return what the last stage of a Dockerfile says; the build context is its folder's parent.

    https://docs.docker.com/reference/dockerfile/
    """
    parser = DockerfileParser(fileobj=dockerfile.open("rb"))
    found: dict[str, Any] = {"entry_point": (), "command": (), "workdir": "/", "volumes": ()}
    for step in parser.structure:
        value = str(step["value"])
        match step["instruction"]:
            case "FROM":
                found = {"entry_point": (), "command": (), "workdir": "/", "volumes": ()}
            case "ENTRYPOINT":
                found["entry_point"] = _words(value)
            case "CMD":
                found["command"] = _words(value)
            case "WORKDIR":
                found["workdir"] = str(Path(found["workdir"]) / value.strip())
            case "VOLUME":
                listed = _json_list(value)
                found["volumes"] += tuple(shlex.split(value) if listed is None else listed)
    # An image's PATH names folders that are not here; a process finds this interpreter first.
    environment = {name: value for name, value in parser.envs.items() if name != "PATH"}
    return Image(dockerfile.parent.parent, dockerfile, environment=tuple(environment.items()), **found)


def _words(value: str) -> tuple[str, ...]:
    """Return the words of an instruction in exec form (`["a", "b"]`) or, by way of a shell, in shell form."""
    listed = _json_list(value)
    return ("/bin/sh", "-c", value) if listed is None else listed


def _json_list(value: str) -> tuple[str, ...] | None:
    if not re.match(r"\s*\[", value):
        return None
    try:
        return tuple(json.loads(value))
    except ValueError:
        return None
