"""State machines, which are ours, and EventBridge rules."""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document, lowered
from local_aws.wire import AwsError, Json

_OFF = {"loggingConfiguration": {"level": "OFF"}, "tracingConfiguration": {"enabled": False}}


class StateMachine(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html.

    Logging and tracing are described back; no execution is logged or traced.
    """

    kind = "AWS::StepFunctions::StateMachine"
    named_by = "StateMachineName"
    honours = frozenset(
        {
            "StateMachineName",
            "StateMachineType",
            "RoleArn",
            "Definition",
            "DefinitionString",
            "DefinitionS3Location",
            "DefinitionSubstitutions",
            "LoggingConfiguration",
            "TracingConfiguration",
            "Tags",
        }
    )
    replaced_by = frozenset({"StateMachineName", "StateMachineType"})
    attributes = frozenset({"Arn", "Name"})

    def create(self) -> None:
        """Make the state machine."""
        request = {"name": self.name, **self._settings(), "tags": self._tags()}
        if "StateMachineType" in self.properties:
            request["type"] = self.properties["StateMachineType"]
        self.physical_resource_id = self._call("CreateStateMachine", request)["stateMachineArn"]

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring definition, role, logging and tags to what the template says."""
        arn = self.physical_resource_id
        settings = {**_OFF, **self._settings()}  # what the template no longer says is off again
        self._call("UpdateStateMachine", {"stateMachineArn": arn, **settings})
        if gone := self.tags_gone(old, old_tags):
            self._call("UntagResource", {"resourceArn": arn, "tagKeys": gone})
        if added := self._tags():
            self._call("TagResource", {"resourceArn": arn, "tags": added})

    def delete(self) -> None:
        """Remove the state machine."""
        self._call("DeleteStateMachine", {"stateMachineArn": self.physical_resource_id})

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        return {"Arn": self.physical_resource_id, "Name": self.name}[name]

    def _settings(self) -> dict[str, Any]:
        settings = {"roleArn": self.properties.get("RoleArn"), "definition": self._definition()}
        for name in ("LoggingConfiguration", "TracingConfiguration"):
            if name in self.properties:
                settings[name[:1].lower() + name[1:]] = lowered(self.properties[name])
        return settings

    def _definition(self) -> str:
        """Return the definition with its substitutions; all else of it stays as it is, byte for byte."""
        if location := self.properties.get("DefinitionS3Location"):
            version = {"VersionId": location["Version"]} if "Version" in location else {}
            found = self.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
            text = found["Body"].read().decode()
        elif "DefinitionString" in self.properties:
            text = self.properties["DefinitionString"]
        elif "Definition" in self.properties:
            text = json.dumps(self.properties["Definition"])
        else:
            raise AwsError(
                "InvalidRequest", "Property DefinitionString or DefinitionS3Location must be given"
            )
        for name, value in (self.properties.get("DefinitionSubstitutions") or {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        return str(text)

    def _tags(self) -> list[dict[str, str]]:
        return [{"key": key, "value": value} for key, value in self.tags.items()]

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        cloud = self.place.cloud
        answer: dict[str, Any] = cloud.run(cloud.states(self.place.region).answer(operation, request))
        return answer


class Rule(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-rule.html."""

    kind = "AWS::Events::Rule"
    named_by = "Name"
    honours = frozenset(
        {
            "Name",
            "Description",
            "EventPattern",
            "ScheduleExpression",
            "State",
            "Targets",
            "RoleArn",
            "Tags",
        }
    )
    replaced_by = frozenset({"Name"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the rule with its targets."""
        self._put_rule({"Tags": self.tag_list} if self.tags else {})
        try:
            self._put_targets([])
        except Exception:  # what is half made must not stay
            self.delete()
            raise

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring pattern, state, targets and tags to what the template says."""
        self._put_rule({})
        self._put_targets([target["Id"] for target in old.get("Targets", [])])
        events = self.client("events")
        if gone := self.tags_gone(old, old_tags):
            events.untag_resource(ResourceARN=self.attribute("Arn"), TagKeys=gone)
        if self.tags:
            events.tag_resource(ResourceARN=self.attribute("Arn"), Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the rule; its targets, for which it would be refused, go first."""
        events = self.client("events")
        targets = events.list_targets_by_rule(Rule=self.name)["Targets"]
        if targets:
            events.remove_targets(Rule=self.name, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=self.name)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:events:{self.place.region}:{self.place.cloud.account}:rule/{self.name}"

    def _put_rule(self, more: dict[str, Any]) -> None:
        if "EventPattern" in self.properties:
            more = {**more, "EventPattern": document(self.properties["EventPattern"])}
        self.client("events").put_rule(
            Name=self.name,
            State=self.properties.get("State", "ENABLED"),
            **self.given("Description", "RoleArn", "ScheduleExpression"),
            **more,
        )

    def _put_targets(self, before: list[str]) -> None:
        events, targets = self.client("events"), self.properties.get("Targets", [])
        if gone := sorted(set(before) - {target["Id"] for target in targets}):
            events.remove_targets(Rule=self.name, Ids=gone)
        if targets:
            answer = events.put_targets(Rule=self.name, Targets=targets)
            for failed in answer.get("FailedEntries", []):
                raise AwsError(failed["ErrorCode"], failed["ErrorMessage"])
