"""Templates: read as CloudFormation reads them, and refused by name where they ask for what is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml
from moto.cloudformation.models import Stack

from local_aws.over_moto.resources import KINDS
from local_aws.wire import AwsError, Json, not_modelled

LONGEST_BODY = 51_200  # bytes; a longer template comes by TemplateURL
SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
}
MEMBERS = {
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
}
# Snapshot is for types that can take one, of which there are none here.
POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Delete", "Retain"),
}
PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
FUNCTIONS = {
    "Fn::And",
    "Fn::Base64",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
}


def refused(message: str) -> AwsError:
    """Return CloudFormation's refusal of a template or request."""
    return AwsError("ValidationError", message)


def read(body: str, *, inline: bool) -> dict[str, Any]:
    """Return a template, YAML or JSON, as plain values; raise ValidationError when it cannot be read."""
    if inline and len(body.encode()) > LONGEST_BODY:
        raise refused(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST_BODY}; found {len(body.encode())}"
        )
    try:
        template = plain(parsed(body))
    except (yaml.YAMLError, ValueError) as error:
        raise refused(f"Template format error: YAML not well-formed. ({error})") from error
    if not isinstance(template, dict):
        raise refused("Template format error: unsupported structure.")
    return template


def parsed(body: str) -> Any:
    """Return what a text says in JSON or else YAML, which takes a hundred times as long."""
    try:
        return json.loads(body)
    except ValueError:
        return Stack.parse_template(body)


def plain(value: Json) -> Json:
    """Return a template's value with dates as the text they are to AWS, and every Fn::GetAtt as a list."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        result = {str(plain(key)): plain(inner) for key, inner in value.items()}
        if isinstance(result.get("Fn::GetAtt"), str):
            result["Fn::GetAtt"] = result["Fn::GetAtt"].split(".", 1)
        return result
    return value


def check(template: dict[str, Any], capabilities: set[str]) -> None:
    """Raise for what the local AWS, or AWS itself, does not make of a template."""
    for section in sorted(set(template) - SECTIONS):
        raise not_modelled(f"the template section {section}")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise refused("Template format error: At least one Resources member must be defined.")
    for logical_id, resource in resources.items():
        check_resource(logical_id, resource)
    for block in ("Conditions", "Resources", "Outputs"):
        check_references(template, block)
    check_capabilities(resources, capabilities)


def check_resource(logical_id: str, resource: Json) -> None:
    """Raise for a resource whose type, members or properties are not modelled."""
    if not isinstance(resource, dict) or "Type" not in resource:
        raise refused(
            f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type "
            "member."
        )
    kind = resource["Type"]
    if kind not in KINDS:
        raise not_modelled(f"the resource type {kind} (of {logical_id})")
    for member in sorted(set(resource) - MEMBERS):
        raise not_modelled(f"{member} of a resource ({logical_id})")
    for policy, choices in POLICIES.items():
        if resource.get(policy, "Delete") not in choices:
            raise not_modelled(f"{policy} {resource[policy]} (of {logical_id})")
    for name in sorted(set(resource.get("Properties") or {}) - KINDS[kind].honours):
        raise not_modelled(f"the property {name} of {kind} (of {logical_id})")


def check_references(template: dict[str, Any], block: str) -> None:
    """Raise for functions that are not modelled and for names that nothing in the template has."""
    resources, conditions = template["Resources"], template.get("Conditions") or {}
    names = {*resources, *(template.get("Parameters") or {}), *PSEUDO_PARAMETERS}
    for function, value in functions_in(template.get(block) or {}):
        if function in ("Condition", "Fn::If"):
            name = value[0] if function == "Fn::If" else value
            if name not in conditions:
                raise refused(
                    f"Template format error: Unresolved condition dependency {name} in the {block} block"
                )
        elif function not in FUNCTIONS | {"Ref", "DependsOn"}:
            raise not_modelled(f"the template function {function}")
        elif function == "Fn::FindInMap" and value[0] not in (template.get("Mappings") or {}):
            raise refused(
                f"Template error: Mapping named '{value[0]}' is not present in the 'Mappings' section"
            )
        for name, attribute in references_of(function, value):
            if name not in names or (attribute and name not in resources):
                raise refused(
                    f"Template format error: Unresolved resource dependencies [{name}] in the {block} block "
                    "of the template"
                )
            if attribute and attribute not in KINDS[resources[name]["Type"]].attributes:
                raise refused(
                    f"Template error: resource {name} does not support attribute type {attribute} in "
                    "Fn::GetAtt"
                )


def functions_in(value: Json) -> Iterator[tuple[str, Json]]:
    """Yield every function call of a template's part, with DependsOn and Condition among them."""
    if isinstance(value, list):
        for inner in value:
            yield from functions_in(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            named = key == "DependsOn" or (key == "Condition" and isinstance(inner, str))
            if named or key.startswith("Fn::") or (key == "Ref" and len(value) == 1):
                yield key, inner
            yield from functions_in(inner)


def references_of(function: str, value: Json) -> Iterator[tuple[str, str]]:
    """Yield the names a function call refers to, each with the attribute asked for, or with none."""
    if function == "Ref":
        yield value, ""
    elif function == "DependsOn":
        yield from ((name, "") for name in ([value] if isinstance(value, str) else value))
    elif function == "Fn::GetAtt":
        yield value[0], value[1]
    elif function == "Fn::Sub":
        text, own = (value, {}) if isinstance(value, str) else (value[0], value[1])
        for name in re.findall(r"\$\{([^!][^}]*)\}", text):
            if name not in own:
                first, _, attribute = name.strip().partition(".")
                yield first, attribute


def check_capabilities(resources: dict[str, Any], capabilities: set[str]) -> None:
    """Raise InsufficientCapabilitiesException when the template makes roles and the caller did not say so."""
    roles = [resource for resource in resources.values() if resource["Type"].startswith("AWS::IAM::")]
    named = any("RoleName" in (role.get("Properties") or {}) for role in roles)
    enough = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"}
    if roles and not enough & capabilities:
        needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def with_defaults(template: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """Return a value for every parameter, as text: what was given, or the template's default."""
    values = {}
    for name, spec in (template.get("Parameters") or {}).items():
        default = spec.get("Default", "")
        values[name] = given.get(name, str(default).lower() if isinstance(default, bool) else str(default))
    return values


def check_parameters(template: dict[str, Any], given: dict[str, str]) -> None:
    """Raise for parameters the template lacks, that have no value, or whose value it does not allow."""
    declared = template.get("Parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise refused(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := [name for name, spec in declared.items() if name not in given and "Default" not in spec]:
        raise refused(f"Parameters: [{', '.join(missing)}] must have values")
    for name, spec in declared.items():
        value = str(given.get(name, spec.get("Default", "")))
        if "AllowedValues" in spec and value not in [str(allowed) for allowed in spec["AllowedValues"]]:
            allowed = ", ".join(str(one) for one in spec["AllowedValues"])
            raise refused(f"Parameter '{name}' must be one of AllowedValues [{allowed}]")
        if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], value):
            raise refused(
                f"Parameter {name} failed to satisfy constraint: must match pattern {spec['AllowedPattern']}"
            )
        if spec.get("Type") == "Number":
            check_number(name, spec, value)
        if not int(spec.get("MinLength", 0)) <= len(value) <= int(spec.get("MaxLength", len(value))):
            raise refused(f"Parameter '{name}' must have a length the template allows; found {len(value)}")


def check_number(name: str, spec: dict[str, Any], value: str) -> None:
    """Raise for a parameter of type Number that is none, or that its MinValue or MaxValue excludes."""
    try:
        number = float(value)
    except ValueError as error:
        raise refused(f"Parameter '{name}' must be a number.") from error
    if "MinValue" in spec and number < float(spec["MinValue"]):
        raise refused(f"Parameter '{name}' must be a number not less than {spec['MinValue']}")
    if "MaxValue" in spec and number > float(spec["MaxValue"]):
        raise refused(f"Parameter '{name}' must be a number not greater than {spec['MaxValue']}")


def keeps(template: dict[str, Any], logical_id: str, policy: str, *, rollback: bool = False) -> bool:
    """Tell whether a template's policy keeps what stands for a resource when that is to go.

    `rollback`: it goes because the operation that made it failed, which RetainExceptOnCreate excepts.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    """
    says = (template.get("Resources") or {}).get(logical_id, {}).get(policy, "Delete")
    return says == "Retain" or (says == "RetainExceptOnCreate" and not rollback)
