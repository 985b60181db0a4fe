"""A stage of the pipeline in an account: its names, and what its stack put out."""

from __future__ import annotations

import argparse
import os
import re
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from mayfly.console import CommandError

DEFAULT = "default"
START_LOCAL_AWS = './scripts/local_aws.sh start, then: eval "$(./scripts/local_aws.sh env)"'


def stage_name(text: str) -> str:
    """Return a stage's name (argparse's type of --stage): part of bucket names, so short and lower case."""
    if not re.fullmatch(r"[a-z0-9]{1,12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 12 lower-case letters and digits")
    return text


class Stage:
    """The AWS that the environment points to, and the names of one stage in it."""

    def __init__(self, name: str = DEFAULT, models: botocore.session.Session | None = None) -> None:
        """Name the stage; `models` is a session that may have loaded service models already."""
        self.name = name
        self.suffix = "" if name == DEFAULT else f"-{name}"
        self.stack = f"mayfly-orders{self.suffix}"
        # Any: boto3's types know services by literal names only. boto3 itself does not read AWS_REGION.
        self.session: Any = boto3.Session(
            botocore_session=models, region_name=os.environ.get("AWS_REGION") or None
        )

    @classmethod
    def of_environment(cls, name: str, models: botocore.session.Session | None = None) -> Stage:
        """Return a stage of the AWS the environment points to; raise CommandError when there is none."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if not endpoint:
            raise CommandError(
                "no AWS to work with",
                "AWS_ENDPOINT_URL is not set",
                START_LOCAL_AWS,
            )
        stage = cls(name, models)
        try:
            _ = stage.account
        except (NoCredentialsError, NoRegionError, ProfileNotFound) as error:
            raise CommandError("the environment is not complete", str(error), START_LOCAL_AWS) from error
        except (EndpointConnectionError, ValueError) as error:
            raise CommandError(
                f"no AWS answers at {endpoint}",
                str(error),
                START_LOCAL_AWS,
            ) from error
        return stage

    def client(self, service: str) -> Any:
        """Return a boto3 client of the AWS that the environment points to."""
        return self.session.client(service, config=Config(retries={"mode": "standard"}))

    @cached_property
    def account(self) -> str:
        """The account's id."""
        identity: str = self.client("sts").get_caller_identity()["Account"]
        return identity

    @property
    def region(self) -> str:
        """The region that the environment names."""
        return str(self.session.region_name)

    @property
    def artifact_bucket(self) -> str:
        """The bucket for what is too large for a template."""
        return f"mayfly-artifacts-{self.account}-{self.region}{self.suffix}"

    def describe(self) -> dict[str, Any] | None:
        """Return the stack as CloudFormation describes it, or None when there is none."""
        try:
            stacks: list[dict[str, Any]] = self.client("cloudformation").describe_stacks(
                StackName=self.stack
            )["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return stacks[0] if stacks else None

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs; raise CommandError when the stage is not deployed."""
        stack = self.describe()
        if stack is None:
            raise CommandError(
                f"the stage {self.name!r} is not deployed",
                f"no stack {self.stack}",
                "run ./scripts/deploy.sh first",
            )
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
