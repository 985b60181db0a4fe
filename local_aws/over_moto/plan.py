"""What an update would do to a stack's resources, found out without doing it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.models import Stack

from local_aws.over_moto.application import Pass, changes_between
from local_aws.over_moto.resources.base import UNKNOWN, Place, Resource
from local_aws.over_moto.template import keeps
from local_aws.wire import AwsError, Json

# Attributes of a resource that CloudFormation compares, besides its properties and tags.
ATTRIBUTES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")


@dataclass
class Change:
    """What becomes of one resource."""

    action: str  # Add, Modify or Remove
    logical_id: str
    kind: str
    physical_id: str | None = None
    replacement: str | None = None  # of a Modify: True, False, or Conditional on a value not known yet
    policy_action: str | None = None  # what the resource's policy makes of the physical resource that goes
    scope: list[str] = field(default_factory=list)
    details: list[dict[str, Json]] = field(default_factory=list)

    def described(self) -> dict[str, Json]:
        """Return DescribeChangeSet's form."""
        return {
            "Type": "Resource",
            "ResourceChange": {
                "PolicyAction": self.policy_action,
                "Action": self.action,
                "LogicalResourceId": self.logical_id,
                "PhysicalResourceId": self.physical_id,
                "ResourceType": self.kind,
                "Replacement": self.replacement,
                "Scope": self.scope,
                "Details": self.details,
            },
        }


class Plan(Pass):
    """A pass that writes down what an application would do."""

    def __init__(self, stack: Stack, place: Place, before: dict[str, Resource]) -> None:
        super().__init__(stack, place, before)
        self.changes: list[Change] = []
        self._template: dict[str, Any] = {}

    def of(self, template: dict[str, Any], parameters: dict[str, str]) -> list[Change]:
        """Return the changes, those of the template in its order, then what is removed."""
        self._template = template
        if not self.before:  # a stack to be made: nothing of it can be resolved, nor needs to be
            return [
                Change("Add", name, template["Resources"][name]["Type"]) for name in self._wanted(parameters)
            ]
        self.walk(template, parameters)
        order = list(template["Resources"])
        self.changes.sort(key=lambda change: order.index(change.logical_id))
        for name, resource in self.before.items():
            if name not in self.now:
                action = "Retain" if keeps(self.stack.template_dict, name, "DeletionPolicy") else "Delete"
                self.changes.append(
                    Change("Remove", name, resource.kind, resource.physical_resource_id, None, action)
                )
        return self.changes

    def _wanted(self, parameters: dict[str, str]) -> list[str]:
        conditions = self.map_of(self._template, parameters).lazy_condition_map
        return [
            name
            for name, spec in self._template["Resources"].items()
            if "Condition" not in spec or conditions[spec["Condition"]]
        ]

    def ensure(self, kind: type[Resource], logical_id: str, name: str, properties: Json) -> Resource:  # noqa: ARG002
        """Write down what the resource needs; return it as far as it is known."""
        there = self.before.get(logical_id)
        if there is None:
            self.changes.append(Change("Add", logical_id, kind.kind))
            self.now[logical_id] = kind(self.place, logical_id, UNKNOWN, properties)
            return self.now[logical_id]
        if there.kind != kind.kind:
            raise AwsError(
                "ValidationError",
                "Update of resource type is not permitted. The new template modifies resource type of the "
                f"following resources: [{logical_id}]",
            )
        change = self._change(there, properties)
        if change.scope:
            self.changes.append(change)
        self.now[logical_id] = (
            kind(self.place, logical_id, UNKNOWN, properties) if change.replacement == "True" else there
        )
        return self.now[logical_id]

    def _change(self, there: Resource, properties: Json) -> Change:
        name, kind = there.logical_resource_id, type(there)
        change = Change("Modify", name, there.kind, there.physical_resource_id, "False")
        changed = changes_between(there.properties, properties)
        if changed - {"Tags"}:
            change.scope.append("Properties")
        if "Tags" in changed or ("Tags" in kind.honours and there.place.tags != self.place.tags):
            change.scope.append("Tags")
            change.details.append(detail("Tags"))
        old = (self.stack.template_dict.get("Resources") or {}).get(name, {})
        new = self._template["Resources"][name]
        for attribute in ATTRIBUTES:
            if old.get(attribute) != new.get(attribute):
                change.scope.append(attribute)
                change.details.append(detail(attribute))
        for prop in sorted(changed - {"Tags"}):
            known = UNKNOWN not in str(properties.get(prop))
            recreates = prop in kind.replaced_by
            change.details.append(
                detail(
                    "Properties", prop, "Always" if recreates else "Never", "Static" if known else "Dynamic"
                )
            )
            if recreates and change.replacement != "True":
                change.replacement = "True" if known else "Conditional"
        if change.replacement == "True":
            kept = keeps(self._template, name, "UpdateReplacePolicy")
            change.policy_action = "ReplaceAndRetain" if kept else "ReplaceAndDelete"
        return change


def detail(
    attribute: str, name: str | None = None, recreates: str = "Never", evaluation: str = "Static"
) -> Json:
    """Return one entry of a change's Details."""
    target = {"Attribute": attribute, "Name": name, "RequiresRecreation": recreates}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": "DirectModification"}
