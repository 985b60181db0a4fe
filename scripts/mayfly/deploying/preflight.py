"""What deploy.sh looks at before it does anything: whose account, and what would only fail an hour later."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mayfly.console import CommandError, ask, detail, warning
from mayfly.stage import Stage

FILES_AT_ONCE = 20  # that a day's uploads may well bring
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html#service-quotas-fargate
FARGATE_VCPUS = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
ECS_ROLE_PATH = "/aws-service-role/ecs.amazonaws.com/"


def confirm_account(stage: Stage, *, yes: bool) -> None:
    """Show whose account it is and ask; raise CommandError unless a person, or --yes, agrees."""
    if stage.is_local:
        detail(f"account {stage.account}, {stage.region}: the local AWS at {stage.endpoint}")
        return
    detail(f"account {stage.account}, {stage.region}, as {stage.caller}")
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty()):
        raise CommandError(
            "nobody confirmed the account", "there is no terminal to ask on", "run it again with --yes"
        )
    question = f"Deploy stage {stage.name!r} to account {stage.account} in {stage.region}? [y/N] "
    if ask(question).lower() not in ("y", "yes"):
        raise CommandError(
            "not deployed", "the answer was not yes", "choose another with AWS_PROFILE and AWS_REGION"
        )


def refuse_other_partitions(stage: Stage) -> None:
    """Raise CommandError in China and GovCloud: all would be made, and each execution end at its first call.

    The machine's definition names arn:aws:states:::, as it stands in its file, and an execution refuses a
    resource of another partition: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    partition = stage.caller.split(":")[1]
    if partition != "aws":
        raise CommandError(
            "the pipeline does not run in this partition of AWS",
            f"{partition}, and step_functions/MainStepFn.json names services of the partition aws",
            "choose another account and region with AWS_PROFILE and AWS_REGION",
        )


def require_docker(why: str) -> str:
    """Return the docker client; raise CommandError when there is none."""
    if found := shutil.which("docker"):
        return found
    raise CommandError(
        f"docker is needed {why}",
        "there is no docker on the PATH",
        "install it, or give images that are there already: --validator-image URI --transformer-image URI",
    )


def ensure_service_linked_role(stage: Stage) -> None:
    """Make ECS's service-linked role: the first cluster of an account fails while it is being made.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    """
    iam = stage.client("iam")
    if not iam.list_roles(PathPrefix=ECS_ROLE_PATH)["Roles"]:
        detail("making ECS's service-linked role, which an account has once")
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def quota_warnings(stage: Stage, settings: Mapping[str, str]) -> None:
    """Warn of a quota that a few files at once would exhaust; what cannot be asked is said, no obstacle."""
    if stage.is_local:
        return
    try:
        quota: Any = stage.client("service-quotas").get_service_quota(**FARGATE_VCPUS)["Quota"]
    except (ClientError, BotoCoreError) as error:
        warning(f"the Fargate vCPU quota could not be asked for: {error}")
        return
    units = sum(int(settings.get(key, "256")) for key in ("VALIDATOR_CPU", "TRANSFORMER_CPU"))
    files = int(quota["Value"] // (units / 1024))
    if files < FILES_AT_ONCE:
        warning(
            f"the Fargate quota of {quota['Value']:g} vCPUs is enough for {files} files at once; the tasks "
            "of more are tried again and may fail. Ask for more in Service Quotas: Fargate, on-demand vCPUs"
        )
