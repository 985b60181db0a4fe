"""Prints a template with its policies put in, as `aws cloudformation deploy` takes it.

For infra/ci.yaml, which a person deploys once; deploy.sh packs the other templates by itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mayfly.console import CommandError, end_with
from mayfly.template import pack


def packed(path: Path) -> str:
    """Return a template that names nothing by a path; raise CommandError when it needs more than itself."""
    if not path.is_file():
        raise CommandError(f"{path} cannot be packed", "no such file", "name a template, as in infra/ci.yaml")
    result = pack(path, bucket="")
    if result.artifacts:
        raise CommandError(
            f"{path} cannot be packed alone",
            f"it refers to {result.artifacts[0].key} in the artifact bucket",
            "deploy it with ./scripts/deploy.sh",
        )
    return result.body


def main() -> None:
    """Run `package.sh`."""
    parser = argparse.ArgumentParser(
        prog="./scripts/package.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("template", type=Path, metavar="TEMPLATE", help="as in infra/ci.yaml")
    try:
        print(packed(parser.parse_args().template))
    except CommandError as error:
        end_with(error)
