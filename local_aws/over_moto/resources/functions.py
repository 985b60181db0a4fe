"""Lambda functions, who may invoke them, and what becomes of their events."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource
from local_aws.wire import AwsError, Json

_NUMBERS = ("Timeout", "MemorySize")
_DEFAULTS = {"Timeout": 3, "MemorySize": 128, "Description": "", "Environment": {"Variables": {}}}


class Function(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html."""

    kind = "AWS::Lambda::Function"
    named_by = "FunctionName"
    honours = frozenset(
        {
            *("FunctionName", "Runtime", "Handler", "Role", "Code", "Description", "Timeout", "MemorySize"),
            *("Environment", "Architectures", "EphemeralStorage", "TracingConfig", "PackageType"),
            *("ReservedConcurrentExecutions", "Tags"),
        }
    )
    replaced_by = frozenset(
        {"FunctionName", "PackageType", "Architectures", "EphemeralStorage", "TracingConfig"}
    )
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the function."""
        given = self.given("Runtime", "Handler", "Architectures", "TracingConfig", "PackageType")
        if "EphemeralStorage" in self.properties:
            given["EphemeralStorage"] = {"Size": int(self.properties["EphemeralStorage"]["Size"])}
        self.client("lambda").create_function(
            FunctionName=self.name,
            Role=self.properties["Role"],
            Code=self._code(),
            **given,
            **self._settings(),
            **({"Tags": self.tags} if self.tags else {}),
        )
        self._reserve()

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring code, settings, concurrency and tags to what the template says."""
        client = self.client("lambda")
        if self.properties["Code"] != old["Code"]:
            client.update_function_code(FunctionName=self.name, **self._code())
        client.update_function_configuration(
            FunctionName=self.name, **self.given("Runtime", "Handler", "Role"), **self._settings()
        )
        self._reserve()
        if gone := self.tags_gone(old, old_tags):
            client.untag_resource(Resource=self.attribute("Arn"), TagKeys=gone)
        if self.tags:
            client.tag_resource(Resource=self.attribute("Arn"), Tags=self.tags)

    def delete(self) -> None:
        """Remove the function."""
        self.client("lambda").delete_function(FunctionName=self.name)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:lambda:{self.place.region}:{self.place.cloud.account}:function:{self.name}"

    def _settings(self) -> dict[str, Any]:
        """Return what can be changed; what the template does not say is as in a new function."""
        settings = {name: self.properties.get(name, default) for name, default in _DEFAULTS.items()}
        return settings | {name: int(settings[name]) for name in _NUMBERS}

    def _code(self) -> dict[str, Any]:
        """Return the code as the API takes it; the text that a template may have is the module `index`."""
        code = self.properties["Code"]
        if isinstance(code, str):
            raise AwsError(
                "ValidationError",
                f"Code of {self.logical_resource_id} is the local path {code}: let `aws cloudformation "
                "package` upload it",
            )
        if "ZipFile" not in code:
            return dict(code)
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            archive.writestr("index.py", code["ZipFile"])
        return {"ZipFile": written.getvalue()}

    def _reserve(self) -> None:
        client, reserved = self.client("lambda"), self.properties.get("ReservedConcurrentExecutions")
        if reserved is None:
            client.delete_function_concurrency(FunctionName=self.name)
        else:
            client.put_function_concurrency(
                FunctionName=self.name, ReservedConcurrentExecutions=int(reserved)
            )


class Permission(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-permission.html."""

    kind = "AWS::Lambda::Permission"
    honours = frozenset({"FunctionName", "Action", "Principal", "SourceArn", "SourceAccount"})
    replaced_by = honours

    def create(self) -> None:
        """Let another service invoke a function."""
        self.client("lambda").add_permission(
            FunctionName=self.properties["FunctionName"],
            StatementId=self.name,
            **self.given("Action", "Principal", "SourceArn", "SourceAccount"),
        )

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Do nothing: every change makes a new permission."""

    def delete(self) -> None:
        """Take the permission away."""
        self.client("lambda").remove_permission(
            FunctionName=self.properties["FunctionName"], StatementId=self.name
        )


class EventInvokeConfig(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventinvokeconfig.html."""

    kind = "AWS::Lambda::EventInvokeConfig"
    honours = frozenset(
        {"FunctionName", "Qualifier", "DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}
    )
    replaced_by = frozenset({"FunctionName", "Qualifier"})

    def create(self) -> None:
        """Say how often a function's events are tried, and who is told."""
        limits = self.given("MaximumEventAgeInSeconds", "MaximumRetryAttempts")
        self.client("lambda").put_function_event_invoke_config(
            FunctionName=self.properties["FunctionName"],
            **self.given("Qualifier", "DestinationConfig"),
            **{name: int(value) for name, value in limits.items()},
        )

    def update(self, old: Json, old_tags: dict[str, str]) -> None:  # noqa: ARG002 - put as a whole
        """Bring it to what the template says."""
        self.create()

    def delete(self) -> None:
        """Let the function's events be treated as those of any other."""
        self.client("lambda").delete_function_event_invoke_config(
            FunctionName=self.properties["FunctionName"]
        )
