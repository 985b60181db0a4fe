"""A stage of the pipeline in an account: its names, and what its stack put out."""

from __future__ import annotations

import argparse
import os
import re
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from mayfly.console import CommandError

DEFAULT = "default"
BOOTSTRAP_STACK = "mayfly-bootstrap"  # one an account and region, for all stages
ORDERS_STACK = "mayfly-orders"
START_LOCAL_AWS = './scripts/local_aws.sh start, then: eval "$(./scripts/local_aws.sh env)"'
CHOOSE_AWS = f"for the local AWS: {START_LOCAL_AWS}. For an account: set AWS_PROFILE and AWS_REGION"


def stage_name(text: str) -> str:
    """Return a stage's name (argparse's type of --stage): part of bucket names, so short and lower case."""
    if not re.fullmatch(r"[a-z0-9]{1,12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 12 lower-case letters and digits")
    return text


def parser_of(script: str, description: str | None, stage: str) -> argparse.ArgumentParser:
    """Return the parser of a script that works on a stage; ``stage`` says what the stage is to it."""
    parser = argparse.ArgumentParser(
        prog=script, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--stage", type=stage_name, default=DEFAULT, metavar="NAME", help=f"{stage} (default: %(default)s)"
    )
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a script print for programs."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document to stdout, and nothing else"
    )


class Stage:
    """The AWS that the environment points to, and the names of one stage in it."""

    def __init__(self, name: str = DEFAULT, models: botocore.session.Session | None = None) -> None:
        """Name the stage; `models` is a session that may have loaded service models already."""
        self.name = name
        self.suffix = "" if name == DEFAULT else f"-{name}"
        self.stack = f"{ORDERS_STACK}{self.suffix}"
        self._clients: dict[str, Any] = {}
        # Any: boto3's types know services by literal names only. boto3 itself does not read AWS_REGION.
        self.session: Any = boto3.Session(
            botocore_session=models, region_name=os.environ.get("AWS_REGION") or None
        )

    @classmethod
    def of_environment(cls, name: str, models: botocore.session.Session | None = None) -> Stage:
        """Return a stage of the AWS the environment points to; raise CommandError when there is none.

        Only AWS_ENDPOINT_URL decides whether that is a local AWS or the account of the credentials.
        """
        try:
            stage = cls(name, models)
            _ = stage.account
        except (NoCredentialsError, NoRegionError, ProfileNotFound, TokenRetrievalError) as error:
            raise CommandError("the environment names no AWS to work with", str(error), CHOOSE_AWS) from error
        except (EndpointConnectionError, ValueError) as error:
            raise _no_aws(str(error)) from error
        except (ResponseParserError, KeyError) as error:
            raise _no_aws("something else than AWS answers there") from error
        except ClientError as error:
            raise CommandError(
                "AWS does not take the credentials",
                str(error),
                f"if they have expired, sign in again (aws sso login); {CHOOSE_AWS}",
            ) from error
        return stage

    def client(self, service: str) -> Any:
        """Return a boto3 client of the AWS that the environment points to."""
        if service not in self._clients:  # making one takes longer than most calls
            self._clients[service] = self.session.client(service, config=Config(retries={"mode": "standard"}))
        return self._clients[service]

    @cached_property
    def _identity(self) -> dict[str, str]:
        identity: dict[str, str] = self.client("sts").get_caller_identity()
        return identity

    @property
    def account(self) -> str:
        """The account's id."""
        return self._identity["Account"]

    @property
    def caller(self) -> str:
        """The ARN of the user or role whose credentials these are."""
        return self._identity["Arn"]

    @property
    def region(self) -> str:
        """The region that the environment names."""
        return str(self.session.region_name)

    @cached_property
    def endpoint(self) -> str:
        """Where CloudFormation answers."""
        return str(self.client("cloudformation").meta.endpoint_url)

    @property
    def is_local(self) -> bool:
        """Whether the environment points to something else than AWS's own addresses."""
        host = urlsplit(self.endpoint).hostname or ""
        return not host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))

    @property
    def option(self) -> str:
        """What names this stage on a command line, with a space before it; nothing for the default one."""
        return "" if self.name == DEFAULT else f" --stage {self.name}"

    def describe(self, stack: str | None = None) -> dict[str, Any] | None:
        """Return a stack, the stage's own if none is named, as CloudFormation describes it, or None."""
        try:
            stacks: list[dict[str, Any]] = self.client("cloudformation").describe_stacks(
                StackName=stack or self.stack
            )["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return stacks[0] if stacks else None

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Return what a stack has made, as CloudFormation lists it; nothing when there is none (any more)."""
        listing = self.client("cloudformation").get_paginator("list_stack_resources")
        try:
            pages = list(listing.paginate(StackName=stack))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return []
            raise
        listed = [item for page in pages for item in page["StackResourceSummaries"]]
        return [item for item in listed if item.get("PhysicalResourceId")]

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs; raise CommandError when the stage is not deployed."""
        stack = self.describe()
        if stack is None or not outputs_of(stack):  # one that is planned, or never came to be, has none
            found = f"is in {stack['StackStatus']}" if stack else "is not there"
            raise CommandError(
                f"the stage {self.name!r} is not deployed",
                f"stack {self.stack} {found} (account {self.account}, {self.region})",
                f"run ./scripts/deploy.sh{self.option} first",
            )
        return outputs_of(stack)


def _no_aws(found: str) -> CommandError:
    where = os.environ.get("AWS_ENDPOINT_URL")
    return CommandError(f"no AWS answers{f' at {where}' if where else ''}", found, CHOOSE_AWS)


def outputs_of(stack: dict[str, Any]) -> dict[str, str]:
    """Return a described stack's outputs."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
