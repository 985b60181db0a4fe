"""A template with its names, ARNs and conditions worked out, as if it were deployed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayfly.template import BOOTSTRAP, ORDERS, pack

ACCOUNT, REGION = "123456789012", "us-east-1"
HERE = f"{REGION}:{ACCOUNT}"
ARTIFACTS = f"mayfly-artifacts-{ACCOUNT}-{REGION}"
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::NoValue": None}
# What names a resource of a type, and what its ARN looks like.
NAMED = {
    "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{HERE}:alarm:{{}}"),
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{HERE}:table/{{}}"),
    "AWS::ECR::Repository": ("RepositoryName", f"arn:aws:ecr:{HERE}:repository/{{}}"),
    "AWS::Events::Rule": ("Name", f"arn:aws:events:{HERE}:rule/{{}}"),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role/{{}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{HERE}:log-group:{{}}:*"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{HERE}:{{}}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{HERE}:{{}}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", f"arn:aws:states:{HERE}:stateMachine:{{}}"),
}
ARN_IS_REF = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}


@dataclass(frozen=True)
class Stack:
    """A packed template and the values of its parameters."""

    template: dict[str, Any]
    parameters: dict[str, Any]

    @property
    def resources(self) -> dict[str, Any]:
        return dict(self.template["Resources"])

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, worked out, by logical id."""
        return {name: self.properties(name) for name, item in self.resources.items() if item["Type"] == kind}

    def properties(self, logical_id: str) -> dict[str, Any]:
        worked_out: dict[str, Any] = self.value(self.resources[logical_id].get("Properties", {}))
        return worked_out

    def name(self, logical_id: str) -> str:
        resource = self.resources[logical_id]
        if resource["Type"] not in NAMED:
            return f"the-{logical_id}"
        return str(self.value(resource["Properties"][NAMED[resource["Type"]][0]]))

    def arn(self, logical_id: str) -> str:
        return NAMED[self.resources[logical_id]["Type"]][1].format(self.name(logical_id))

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return the statements of all policies in a role."""
        policies = self.properties(role)["Policies"]
        return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]

    def value(self, node: Any) -> Any:
        """Return a part of the template with its functions carried out."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Condition" and isinstance(argument, str):
                return self.value(self.template["Conditions"][argument])
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function.removeprefix("Fn::"), argument)
        return {key: item for key, raw in node.items() if (item := self.value(raw)) is not None}

    def _call(self, function: str, argument: Any) -> Any:
        if function == "If":
            return self.value(argument[1] if self.value({"Condition": argument[0]}) else argument[2])
        if function == "FindInMap":
            return self.template["Mappings"][argument[0]][argument[1]][argument[2]]
        if function == "Sub":
            return re.sub(r"\$\{([\w:.]+)\}", lambda match: str(self._named(match[1])), argument)
        if function in ("Ref", "GetAtt"):
            return self._named(argument if function == "Ref" else ".".join(argument))
        return self._combined(function, self.value(argument))

    @staticmethod
    def _combined(function: str, operands: list[Any]) -> Any:
        if function == "Join":
            return operands[0].join(operands[1])
        if function == "Not":
            return not operands[0]
        return all(operands) if function == "And" else operands[0] == operands[1]  # Equals

    def _named(self, reference: str) -> Any:
        name, _, attribute = reference.partition(".")
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        if attribute == "Arn" or (not attribute and self.resources[name]["Type"] in ARN_IS_REF):
            return self.arn(name)
        if attribute == "RepositoryUri":
            return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.name(name)}"
        return self.name(name)


def stack_of(path: Path, **given: Any) -> Stack:
    """Return a template as a stack; a parameter that is not given has its default."""
    template = json.loads(pack(path, ARTIFACTS).body)
    declared = template.get("Parameters", {})
    assert set(given) <= set(declared), "a parameter that the template has not"
    defaults = {name: str(spec["Default"]) for name, spec in declared.items() if "Default" in spec}
    return Stack(template, {**defaults, **given})


def orders(stage: str) -> Stack:
    """Return the orders stack of a stage, with everything optional switched on."""
    images = {}
    for name in BOOTSTRAPPED.of_type("AWS::ECR::Repository"):
        uri = BOOTSTRAPPED.value({"Fn::GetAtt": [name, "RepositoryUri"]})
        images[f"{name.removesuffix('Repository')}ImageUri"] = f"{uri}@sha256:0"
    return stack_of(
        ORDERS,
        **images,
        Stage=stage,
        Suffix="" if stage == "default" else f"-{stage}",
        VpcId="vpc-1",
        Subnets=["subnet-1", "subnet-2"],
        ArtifactBucket=BOOTSTRAPPED.name("ArtifactBucket"),
        ReferenceUri=f"s3://{BOOTSTRAPPED.name('ArtifactBucket')}/reference/0/products.csv?versionId=1",
        ContractUri=f"s3://{BOOTSTRAPPED.name('ArtifactBucket')}/contracts/0/orders.schema.json?versionId=1",
        AlarmEmail="somebody@example.org",
        NoSuccessHours="24",
        TopicKeyArn=f"arn:aws:kms:{HERE}:key/1",
        VpcEndpoints="yes",
        RouteTableIds=["rtb-1"],
    )


BOOTSTRAPPED = stack_of(BOOTSTRAP)
